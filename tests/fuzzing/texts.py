"""Scenario, plan, report words and measured curves: text files."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import yaml

import fuzzing
from evac.demand.departures import curve_of
from evac.plans.reading import load_plan
from evac.report.settings import load_settings
from evac.scenario import load_scenario
from evac.schema.demand import Measured
from evac.search.city import KINDS as ACTIONS
from evac.search.city import Sort, read_city
from fuzzing.values import change_bytes, change_tree

_POINT = {"lat": 47.0645, "lon": 9.5105}
FILES = ["roads.osm", "zones.geojson", "area.geojson", "homes.gpkg", "curve.csv", "logo.png"]
SCENARIO: dict[str, Any] = {
    "name": "Town",
    "note": "A note.",
    "report": "town-1",
    "osm": {
        "file": "roads.osm",
        "min_road_class": "residential",
        "at": "2026-08-15 18:00",
        "corrections": [{"street": "Main Street", "tags": {"lanes": 4, "name": None}, "because": "seen"}],
    },
    "area": {"file": "area.geojson"},
    "households": {
        "zones": {"file": "zones.geojson", "count": "homes", "name": "name", "people_per_household": 2.5},
        "dwellings": {"kind": "points", "file": "homes.gpkg", "households": "units"},
        "report_zones": {"file": "area.geojson", "name": "id"},
        "expected": {"households": 300, "tolerance": 0.2, "because": "the city says so"},
        "max_to_street_m": 200,
    },
    "exits": [{"name": "West", "street": "Main Street", "towards": "west"}, {"name": "East", "point": _POINT}],
    "forbidden_exits": [{"name": "Pass", "street": "Hill Road", "point": _POINT, "because": "snow"}],
    "bottlenecks": [{"name": "Bridge", "way": 17, "lanes": [0, 1], "towards": "east"}],
    "vehicles_per_household": [
        1,
        1.5,
        {"name": "census", "distribution": {0: 0.1, 1: 0.9}, "by_zone": {"a": {1: 1.0}}},
    ],
    "departures": [
        {"name": "fast", "curve": {"form": "rayleigh", "p90_min": 60}},
        {"name": "slow", "curve": {"form": "gamma", "mean_min": 60, "sd_min": 30}},
        {"name": "lognormal", "curve": {"form": "lognormal", "median_min": 30, "p90_min": 90}},
        {"name": "weibull", "curve": {"form": "weibull", "scale_min": 30, "shape": 2}},
        {"name": "logistic", "curve": {"form": "logistic", "median_min": 30, "p90_min": 60}},
        {"name": "uniform", "curve": {"form": "uniform", "from_min": 3, "until_min": 60}},
        {"name": "once", "curve": {"form": "all_at_once", "at_min": 3}},
        {"name": "measured", "curve": {"form": "measured", "file": "curve.csv"}},
    ],
    "exit_choice": {"kind": "shares", "shares": {"West": 0.4, "East": 0.5}, "by_zone": {"a": "West"}},
    "driver": {"profile": "calm"},
    "traffic": {"country": "LI"},
    "simulation": {"end_h": 4},
    "trust": {"unconnected_share": 0.1},
    "seeds": [1, 2, 3],
}
_WHEN = {"from_min": 10, "setup_min": 5, "until_min": 60}
PLAN: dict[str, Any] = {
    "name": "Plan",
    "note": "A note.",
    "extends": "base",
    "without": ["gone"],
    "actions": [
        {"do": "contraflow", "where": {"street": "Main", "from": "A", "to": _POINT}, "lanes": 1, "when": _WHEN},
        {"do": "use_shoulder", "where": {"ways": [17, 18], "towards": "west"}, "with": {"officers": 2, "cones": 9}},
        {"do": "take_lane", "where": {"polygon": "area.geojson"}, "lanes": 1, "side": "middle"},
        {"do": "dedicate", "where": {"street": "A", "crossing": "B"}, "lanes": [0, 1], "to": "C", "onto_lanes": [0, 1]},
        {"do": "signal", "where": {"street": "A", "crossing": "B"}, "mode": "officer", "when": _WHEN},
        {
            "do": "signal",
            "where": {"point": _POINT},
            "mode": "fixed",
            "stages": [
                {"movements": [{"from": "A", "to": "B"}], "green_s": 30},
                {"movements": [{"from": "B"}], "green_s": 9},
            ],
        },
        {"do": "ban_turn", "where": {"point": _POINT}, "movement": {"from": "A", "heading": "north"}},
        {"do": "barricade", "where": {"point": _POINT}, "street": "B", "heading": "north"},
        {"do": "close", "label": "bridge", "exit": "West", "when": {"from_min": 20}},
        {"do": "open", "where": {"point": _POINT}},
        {"do": "divert", "to_exit": "East", "zones": ["a"], "compliance": 0.5},
        {"do": "speed", "where": {"street": "Main"}, "kph": 30},
        {"do": "phase", "zones": ["a"], "offset_min": 30, "curve": {"form": "measured", "file": "curve.csv"}},
        {"do": "evacuate_only", "zones": ["a"], "shadow_share": 0.1},
    ],
}
BASE = "name: Base\nactions:\n- {do: close, label: gone, exit: West}\n"
REPORT: dict[str, Any] = {
    "title": "Our town",
    "logo": "logo.png",
    "contact": "Office\nStreet 1",
    "units": "miles",
    "language": "de",
    "words": {"{low} to {high}": "{low} bis {high}", "not cleared by {time}": "nicht geräumt um {time}"},
}
CITY: dict[str, Any] = {
    "never": ["contraflow on Main Street", "turn ban", "diversion of Old Town", "lane led to North"],
    "setup_min": {"officer": 10, "contraflow": 40.5},
}
KNOWN: dict[Sort, list[str]] = {"street": ["Main Street"], "exit": ["North"], "zone": ["Old Town"]}
CURVE = "minute,left\n0,0\n10,0.1\n20,0.35\n45,0.8\n60,0.95\n90,1\n"
_RAW = [  # YAML that no tree of plain data makes
    "!!python/object/apply:os.system [ls]",
    "!!timestamp x",
    "!!int x",
    "!!binary x",
    "!!omap x",
    "!!set {a}",
    "!x y",
    "&a [*a]",
    "*nobody",
    "{<<: [1]}",
    "{<<: {a: b}, a: c}",
    "? [a, b]",
    "{[a]: b}",
    "{{a: b}: c}",
    "[" * 3_000,
    "{a: " * 1_200,
    "- " * 1_500 + "a",
    "2026-13-45",
    "2026-11-28 24:61:00",
    "190:20:30",
    "0b102",
    "0o8",
    "0x",
    "1__0",
    "+.inf",
    ".NaN",
    "9" * 5_000,
    "1e99999",
    '"\\ud800"',
    '"\\0"',
    '"\\x1b[31m"',
    "|\n  text\n text",
    ">+2\n x",
    "'",
    '"',
    "%TAG",
    "@x",
    "`x`",
    "---\n...\n---\na: b",
    "\t- x",
    "# only a comment",
    "=",
    "<<",
]


class Dumper(yaml.SafeDumper):
    """Writes what stands twice in a tree out twice."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _yaml(rng: random.Random, tree: dict[str, Any]) -> bytes:
    """Return a changed tree as YAML, at times with raw YAML in a value's place, a key twice, or damaged bytes."""
    tree = change_tree(rng, tree) if rng.random() < 0.8 else tree
    text = yaml.dump(
        tree, Dumper=Dumper, allow_unicode=True, sort_keys=False, default_flow_style=rng.choice([None, False, True])
    )
    if rng.random() < 0.35:
        lines = text.split("\n")
        at = rng.randrange(len(lines))
        head = lines[at].split(":")[0] if ":" in lines[at] else lines[at]
        lines[at] = f"{head}: {rng.choice(_RAW)}"
        text = "\n".join(lines)
    if rng.random() < 0.1:
        text += rng.choice(text.split("\n")) + "\n"
    content = text.encode("utf-8", "surrogatepass")
    return change_bytes(rng, content) if rng.random() < 0.25 else content


def _beside(rng: random.Random, folder: Path) -> None:
    for name in FILES:
        (folder / name).write_text(CURVE)
    fuzzing.spoil(rng, folder / rng.choice(FILES))


def scenario(rng: random.Random, folder: Path) -> None:
    """Read a changed scenario, and the curves that it names."""
    _beside(rng, folder)
    path = folder / "scenario.yaml"
    path.write_bytes(_yaml(rng, SCENARIO))
    fuzzing.spoil(rng, path)
    loaded = load_scenario(rng.choice([path, folder]))
    for item in loaded.model.departures:
        curve_of(item.curve)


def plan(rng: random.Random, folder: Path) -> None:
    """Read a changed plan that extends another."""
    _beside(rng, folder)
    (folder / "base.yaml").write_text(BASE)
    path = folder / "plan.yaml"
    path.write_bytes(_yaml(rng, PLAN))
    fuzzing.spoil(rng, rng.choice([path, folder / "base.yaml"]))
    loaded = load_plan(rng.choice(["plan", str(path)]), folder)
    loaded.document()


def report(rng: random.Random, folder: Path) -> None:
    """Read a changed report.yaml, and say its words."""
    _beside(rng, folder)
    path = folder / "report.yaml"
    path.write_bytes(_yaml(rng, REPORT))
    fuzzing.spoil(rng, path)
    for words in load_settings(folder).words.values():
        words.format_map({"low": 1, "high": 2, "time": 3})


def curve(rng: random.Random, folder: Path) -> None:
    """Read a changed departure curve, and draw from it."""
    path = folder / "curve.csv"
    rows = [line.split(",") for line in CURVE.split("\n")]
    text = "\n".join(
        rng.choice([",", ",", ",", ",", ";", "\t"]).join(map(str, row))
        for row in change_tree(rng, rows)
        if isinstance(row, list)
    )
    content = text.encode("utf-8", "surrogatepass")
    path.write_bytes(change_bytes(rng, content) if rng.random() < 0.5 else content)
    fuzzing.spoil(rng, path)
    if path.is_file():  # what isn't is refused with the scenario
        found = curve_of(Measured(form="measured", file=path))
        assert (found.ppf(found.cdf(_MINUTES)) >= 0.0).all()


_MINUTES = np.array([0.0, 5.0, 100.0])


def city(rng: random.Random, folder: Path) -> None:
    """Read a changed file of what a city forbids, and hold it against a town."""
    path = folder / "city.yaml"
    path.write_bytes(_yaml(rng, CITY))
    fuzzing.spoil(rng, path)
    found = read_city(path)
    found.check(KNOWN, 5.0, str(path))
    assert all(not found.forbids(kind, {"Main Street"}) for kind in ACTIONS) or found.never


KINDS = {"scenario": scenario, "plan": plan, "report": report, "city": city, "curve": curve}
