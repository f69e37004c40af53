"""Scenarios through all that is made before a run, and plans laid over the net, on the test town."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

from evac.plans.reading import load_plan
from evac.scenario import load_scenario
from evac.study.prepare import Prepared, prepare
from evac.study.under_plan import under_plan
from fuzzing.texts import Dumper
from fuzzing.values import change_tree

TOWN = Path(__file__).parents[1] / "fixtures" / "town"
STREETS = ["Main Street", "main street", "Hill Road", "Brook Lane", "Bypass", "Mill Lane"]
_NO_STREETS = ["", " ", "Nowhere", "Main", "x" * 500, "[/]", "A1;B2"]
_WAYS = [101, 102, 104, 105]
_NO_WAYS = [500, 0, -101, 10**6, 2**31, 2**63, 10**40]
_COMPASS = ["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"]
_JUNCTIONS = [(47.0644964, 9.5052701), (47.0644964, 9.5105402), (47.0608993, 9.5105402), (47.06, 9.5158103)]
_NO_PLACES: list[Any] = [{"lat": 0, "lon": 0}, {"lat": 90, "lon": 180}, {"lat": -47.06, "lon": 9.5}]
_ZONES = ["Hill", "Brook"]
_EXITS = ["West", "East"]
_NO_NAMES = ["west", "hill", "", "Nowhere"]
_STRETCHES: list[dict[str, Any]] = [
    {"street": "Main Street", "towards": "west"},
    {"street": "Main Street", "towards": "east"},
    {"street": "Main Street", "from": "Hill Road", "to": "Brook Lane"},
    {"street": "Hill Road", "towards": "south"},
    {"street": "Bypass", "from": "Hill Road", "to": "Mill Lane"},
    {"ways": [104]},
    {"ways": [105], "towards": "east"},
]
_MODES = ["off", "unregulated", "all_way_stop", "flashing", "all_green", "officer", "fixed", "coordinated"]
_CURVES = ["0,0\n10,0.5\n60,1\n", "0,0.2\n60,1\n"]
_NO_CURVES = ["10,0.5\n60,1\n", "0,0\n60,0.9\n", "0,0\n10,0.6\n20,0.4\n30,1\n", "", "many,few\n"]


@cache
def _cache() -> Path:
    """Return the cache that all tries share: they would make the same maps and nets again and again."""
    return Path(mkdtemp())


@cache
def town() -> Prepared:
    """Return the town, prepared once."""
    return prepare(load_scenario(TOWN), _cache(), lambda _: None)


def _one(rng: random.Random, right: Sequence[Any], wrong: Sequence[Any]) -> Any:
    """Return one of what there is, and at times one of what there isn't."""
    return rng.choice(right if rng.random() < 0.95 else wrong)


def _street(rng: random.Random) -> str:
    return _one(rng, STREETS, _NO_STREETS)


def _zone(rng: random.Random) -> str:
    return _one(rng, _ZONES, _NO_NAMES)


def _exit(rng: random.Random) -> str:
    return _one(rng, _EXITS, _NO_NAMES)


def _point(rng: random.Random) -> dict[str, float]:
    lat, lon = rng.choice(_JUNCTIONS)
    off = _one(rng, [0.0, 0.0, 1e-4], [1e-3])
    return _one(rng, [{"lat": lat + off, "lon": lon - off}], _NO_PLACES)


def _some(rng: random.Random, **keys: Any) -> dict[str, Any]:
    """Return a mapping with some of the keys."""
    return {key: value for key, value in keys.items() if rng.random() < 0.25}


def _stretch(rng: random.Random, folder: Path) -> dict[str, Any]:
    if rng.random() < 0.6:
        return rng.choice(_STRETCHES)
    towards = _some(rng, towards=rng.choice(_COMPASS))
    match rng.randrange(5):
        case 0:
            return {"ways": [_one(rng, _WAYS, _NO_WAYS) for _ in range(rng.choice([1, 1, 2]))], **towards}
        case 1:
            return {"point": _point(rng), **towards}
        case 2:
            shutil.copy(TOWN / "zones.geojson", folder / "plans" / "area.geojson")
            return {"polygon": "area.geojson", **towards}
        case _:
            ends = [_street(rng), _point(rng)]
            return {"street": _street(rng), **towards, **_some(rng, **{"from": rng.choice(ends), "to": ends[0]})}


def _junction(rng: random.Random) -> dict[str, Any]:
    return {"point": _point(rng)} if rng.random() < 0.5 else {"street": _street(rng), "crossing": _street(rng)}


def _movement(rng: random.Random) -> dict[str, Any]:
    return _some(
        rng,
        **{"from": _street(rng), "to": _street(rng), "heading": rng.choice(_COMPASS), "leaving": rng.choice(_COMPASS)},
    )


def _place(rng: random.Random) -> dict[str, Any]:
    named = rng.choice([{"street": _street(rng)}, {"way": _one(rng, _WAYS, _NO_WAYS)}, {"point": _point(rng)}])
    crossing = _some(rng, crossing=_street(rng)) if "street" in named else {}
    return {**named, **crossing, **_some(rng, towards=rng.choice(_COMPASS))}


def _when(rng: random.Random) -> dict[str, Any]:
    begin = _one(rng, [0, 0.001, 10, 59.99, 239], [240, 241, 10_080])
    return _some(
        rng,
        when=_some(
            rng, from_min=begin, setup_min=_one(rng, [0, 5], [300]), until_min=begin + _one(rng, [6, 90], [1e-6])
        ),
    )


def _curve(rng: random.Random, folder: Path) -> dict[str, Any]:
    (folder / "plans" / "curve.csv").write_text("minute,left\n" + _one(rng, _CURVES, _NO_CURVES))
    return rng.choice([{"form": "measured", "file": "curve.csv"}, {"form": "all_at_once", "at_min": 10_000}])


def _lanes(rng: random.Random) -> list[int]:
    return _one(rng, [[0], [0], [1]], [[0, 1], [0, 0], [5], [2**40]])


def _action(rng: random.Random, folder: Path, where: dict[str, Any]) -> dict[str, Any]:  # noqa: C901, PLR0911, PLR0912
    """Return an action that a plan may have, on a stretch or another place that may be there."""
    one = _one(rng, [1], [2, 99, 10**12])
    match rng.randrange(14):
        case 0:
            emergency = _some(rng, lanes=one, keep_emergency_lane=True)
            return {"do": "contraflow", "where": where, **emergency, **_when(rng)}
        case 1:
            return {"do": rng.choice(["use_shoulder", "use_centre_lane"]), "where": where, **_when(rng)}
        case 2:
            return {"do": "take_lane", "where": where, **_some(rng, lanes=one, side="middle"), **_when(rng)}
        case 3:
            more = _some(rng, leaving=rng.choice(_COMPASS), exclusive=True)
            return {"do": "dedicate", "where": _place(rng), "lanes": _lanes(rng), "to": _street(rng), **more}
        case 4:
            return _signal(rng, where)
        case 5:
            turn = {"from": _street(rng), "to": _street(rng), **_movement(rng)}
            return {"do": rng.choice(["ban_turn", "allow_turn"]), "where": _junction(rng), "movement": turn}
        case 6:
            heading = _some(rng, heading=rng.choice(_COMPASS))
            return {"do": "barricade", "where": _junction(rng), "street": _street(rng), **heading}
        case 7:
            more = _some(rng, lanes=_lanes(rng), emergency_may_pass=False)
            more |= _some(rng, admit="residents", accept_cut_off=True)
            return {"do": "close", **rng.choice([{"where": where}, {"exit": _exit(rng)}]), **more, **_when(rng)}
        case 8:
            return {"do": "open", "where": where, **_when(rng)}
        case 9:
            whom = rng.choice([{"zones": [_zone(rng)]}, {"approach": _place(rng), **_some(rng, by=_place(rng))}])
            more = _some(rng, compliance=rng.choice([0, 0.5, 1]))
            return {"do": "divert", "to_exit": _exit(rng), **whom, **more, **_when(rng)}
        case 10:
            speed = _one(rng, [{"kph": 30}, {"factor": 3}], [{"kph": 1e-9}, {"factor": 1e-300}])
            return {"do": "speed", "where": where, **speed, **_when(rng)}
        case 11:
            own = _some(rng, offset_min=_one(rng, [30], [240, 10_080]), curve=_curve(rng, folder))
            return {"do": "phase", "zones": [_zone(rng)], **own}
        case 12:
            return {"do": "evacuate_only", "zones": [_zone(rng)], **_some(rng, shadow_share=0.5)}
        case _:
            more = _some(rng, profile="calm", at_most_vehicles=1, followed_by=0)
            return {"do": "behaviour", "informed_share": 0, **more}


def _signal(rng: random.Random, where: dict[str, Any]) -> dict[str, Any]:
    mode = rng.choice(_MODES)
    stages = [{"movements": [_movement(rng)], "green_s": rng.choice([5, 600])} for _ in range(2)]
    own: dict[str, dict[str, Any]] = {
        "flashing": _some(rng, main=[_street(rng)]),
        "all_green": {"movements": [_movement(rng)]},
        "fixed": {"stages": stages},
        "coordinated": _some(rng, cycle_s=rng.choice([30, 600])),
    }
    along = mode == "coordinated" or (mode not in own and rng.random() < 0.3)
    place = {"corridor": where} if along else {"where": _junction(rng)}
    return {"do": "signal", **place, "mode": mode, **own.get(mode, {}), **_when(rng)}


def laid(rng: random.Random, folder: Path) -> None:
    """Lay a plan of one to four actions over the town's net; they often share a stretch."""
    (folder / "plans").mkdir()
    stretches = [_stretch(rng, folder) for _ in range(2)]
    actions = [_action(rng, folder, rng.choice(stretches)) for _ in range(rng.choice([1, 1, 2, 3, 4]))]
    tree = {"name": "Plan", "actions": actions}
    if rng.random() < 0.05:
        tree = change_tree(rng, tree)
    (folder / "plans" / "plan.yaml").write_text(yaml.dump(tree, Dumper=Dumper, sort_keys=False))
    found = under_plan(town(), load_plan("plan", folder / "plans"), _cache())
    assert isinstance(found.warnings, tuple)
    assert found.facts.households == town().facts.households


def _town_scenario(rng: random.Random) -> dict[str, Any]:
    """Return a scenario of the town with sections that may be right or wrong, but have the form that is asked for."""
    tree = yaml.safe_load((TOWN / "scenario.yaml").read_text())
    found = _some(rng, at_least=rng.choice(["motorway", "tertiary", "residential"]), not_by=[_street(rng)])
    named = [{"name": f"exit {number}", **_place(rng)} for number in range(rng.choice([1, 2]))]
    because = {"because": "it says so"}
    sections: dict[str, Any] = {
        "exits": rng.choice([found, found, named]),
        "area": {"file": "zones.geojson", **_some(rng, layer=_one(rng, ["zones"], ["none"]))},
        "bottlenecks": [{"name": "bottleneck", **_place(rng), **_some(rng, lanes=_lanes(rng))}],
        "forbidden_exits": [{"name": "pass", "street": _street(rng), "point": _point(rng), **because}],
        "departures": [{"name": "measured", "curve": {"form": "measured", "file": "curve.csv"}}],
        "exit_choice": {"kind": "shares", "shares": {_exit(rng): 0.5}, **_some(rng, by_zone={"Hill": "West"})},
        "traffic": {"country": _one(rng, ["LI", "GB"], ["XX", "de"])},
        "vehicles_per_household": [
            {"name": "census", "distribution": {0: 0.5, 2: 0.5}, "by_zone": {_zone(rng): {1: 1.0}}}
        ],
    }
    tree |= _some(rng, **sections)
    households = {
        "dwellings": {"kind": rng.choice(["auto", "buildings", "addresses", "points", "frontage"])},
        "report_zones": {"file": "zones.geojson", "name": _one(rng, ["name"], ["households", "id"])},
        "expected": {"households": _one(rng, [300], [1, 10**15]), **because},
        "max_to_street_m": _one(rng, [50, 1e9], [1e-9]),
    }
    tree["households"] |= _some(rng, **households)
    place = rng.choice([{"street": _street(rng)}, {"way": _one(rng, _WAYS, _NO_WAYS)}])
    tags = {rng.choice(["lanes", "maxspeed", "oneway", "highway", "access"]): _one(rng, [3, "no", None], [0, -1, 1e9])}
    corrections = [{**place, "tags": tags, **because}]
    tree["osm"] |= _some(rng, corrections=corrections, at="2026-08-15 18:00", min_road_class="tertiary")
    return tree


def prepared(rng: random.Random, folder: Path) -> None:
    """Prepare a scenario of the town, and look at its findings."""
    for name in ("town.osm", "zones.geojson"):
        shutil.copy(TOWN / name, folder / name)
    (folder / "curve.csv").write_text("minute,left\n" + _one(rng, _CURVES, _NO_CURVES))
    tree = _town_scenario(rng)
    if rng.random() < 0.05:
        tree = change_tree(rng, tree)
    (folder / "scenario.yaml").write_text(yaml.dump(tree, Dumper=Dumper, sort_keys=False))
    found = prepare(load_scenario(folder), _cache(), lambda _: None)
    assert found.facts.households > 0
    assert all(item.text for item in found.findings)


KINDS = {"prepared": prepared, "laid": laid}
