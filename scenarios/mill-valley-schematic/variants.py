"""How far the study's result rests on what we assumed: other hills, and each assumption changed by itself.

    python scenarios/mill-valley-schematic/variants.py WORKSPACE

makes a scenario of each variant below WORKSPACE (nothing of it belongs into the project), runs the preliminary and the
final plan on it, and writes `variants.csv` there, a row a variant. Stop it and start it again at any time: finished
runs are never run again. `--only` picks variants by the beginning of their names; `--vehicles` is the number per
household, and need not be one of the study's. Departures are those of the study's own cases.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from make_map import HERE, write_map
from study import MIDDLE_RAMPS, NORTHERN, hours, ratio, run

import evac
from evac.report.results import case_results
from evac.schema.scenario import vehicles_label

PLANS = ("preliminary", "final")
HILLS = 10
APPROACH = "East Blithedale led onto the inner lane and the contraflow"


@dataclass
class Parts:
    """What a variant may change: the frame, the scenario, and the plans by their names."""

    frame: dict[str, Any]
    scenario: dict[str, Any]
    plans: dict[str, dict[str, Any]]
    seed: int = 1

    def pieces(self, road: str) -> list[dict[str, Any]]:
        """Return the pieces of a road."""
        return next(item for item in self.frame["roads"] if item["name"] == road)["pieces"]

    def action(self, plan: str, label: str) -> dict[str, Any]:
        """Return an action of a plan."""
        return next(item for item in self.plans[plan]["actions"] if item["label"] == label)


def narrow_blithedale(parts: Parts) -> None:
    """East Blithedale has one lane up to Camino Alto."""
    piece = parts.pieces("East Blithedale Avenue")[1]
    piece["lanes"] = [1, 1]
    del piece["turns"]
    parts.action("final", APPROACH).update(lanes=[0], onto_lanes=[1])


def wide_blithedale(parts: Parts) -> None:
    """East Blithedale has two lanes towards Camino Alto from downtown on, and so can bring twice as many there."""
    parts.pieces("East Blithedale Avenue")[0]["lanes"] = [2, 1]


def narrow_camino_alto(parts: Parts) -> None:
    """Camino Alto has one lane up to East Blithedale."""
    piece = parts.pieces("Camino Alto")[1]
    piece["lanes"] = [1, 1]
    del piece["turns"]


def wide_almonte(parts: Parts) -> None:
    """Almonte Boulevard has two lanes each way."""
    parts.pieces("Almonte Boulevard")[0]["lanes"] = [2, 2]


def wide_shoreline(parts: Parts) -> None:
    """Shoreline Highway has two lanes each way from Tam Junction to the southern ramps."""
    parts.pieces("Shoreline Highway")[1]["lanes"] = [2, 2]


def narrow_miller(parts: Parts) -> None:
    """Miller Avenue has one lane each way throughout."""
    parts.pieces("Miller Avenue")[1]["lanes"] = [1, 1]


def no_southern_ramp_to_the_north(parts: Parts) -> None:
    """Take the southern ramp to the north away."""
    parts.frame["ramps"] = [item for item in parts.frame["ramps"] if item["name"] != "Southern ramp to US-101 north"]


def no_walnut(parts: Parts) -> None:
    """Walnut Avenue, the short cut to East Blithedale, isn't there."""
    parts.frame["roads"] = [item for item in parts.frame["roads"] if item["name"] != "Walnut Avenue"]


def no_southern_signals(parts: Parts) -> None:
    """There are no signals at Miller Avenue / Camino Alto and Tam Junction."""
    gone = {"tam_high", "tam_junction"}
    parts.frame["signals"] = [item for item in parts.frame["signals"] if item["at"] not in gone]


def static_signals(parts: Parts) -> None:
    """Signals run fixed programs."""
    parts.scenario["traffic"]["signals"] = "static"


def strict_merges(parts: Parts) -> None:
    """Nobody lets anybody in."""
    parts.scenario["traffic"]["right_of_way"] = "strict"


def turns_yield_to_a_lane(parts: Parts) -> None:
    """Who turns into a road of two lanes yields to traffic on the lane that the turn leads into only."""
    parts.scenario["traffic"]["yield_to"] = "lane"


def camino_alto_secondary(parts: Parts) -> None:
    """Camino Alto is of the same class as East Blithedale."""
    next(item for item in parts.frame["roads"] if item["name"] == "Camino Alto")["class"] = "secondary"


def more_in_the_north(parts: Parts) -> None:
    """Move a quarter of the southern valleys' households into the canyons of the north."""
    zones = {zone["name"]: zone for zone in parts.frame["zones"]}
    for name in ("Homestead Valley", "Almonte", "Tamalpais Valley"):
        zones[name]["households"] = zones[name]["households"] * 3 // 4
    north = ("Cascade Canyon", "Middle Ridge", "Blithedale Canyon", "Boyle Park", "Warner Canyon")
    missing = 11_400 - sum(zone["households"] for zone in zones.values())
    for number, name in enumerate(north):
        zones[name]["households"] += missing // len(north) + (number < missing % len(north))


def ends_equally_far(parts: Parts) -> None:
    """US-101 leaves the map as far north of the northern ramps as south of them: neither way is preferred there."""
    points = parts.frame["motorway"]["points"]
    parts.frame["motorway"]["points"] = {"far_north_end": [37.9360, -122.5150], **points}
    parts.frame["bounds"][2] = 37.942


def half_bound_north(parts: Parts) -> None:
    """Every second household is bound for the north and the others for the south, wherever the map ends."""
    shares = {item["name"]: 0.5 for item in parts.scenario["exits"]}
    parts.scenario["exit_choice"] = {"kind": "shares", "shares": shares}


def wide_blithedale_ends_equally_far(parts: Parts) -> None:
    """Two lanes towards Camino Alto from downtown on, and both ends of US-101 equally far."""
    wide_blithedale(parts)
    ends_equally_far(parts)


def wide_blithedale_half_bound_north(parts: Parts) -> None:
    """Two lanes towards Camino Alto from downtown on, and every second household bound for the north."""
    wide_blithedale(parts)
    half_bound_north(parts)


def faster(parts: Parts) -> None:
    """All limits of the town's main streets are 5 mph higher."""
    for road in parts.frame["roads"]:
        road["mph"] += 5


ASSUMPTIONS: tuple[Callable[[Parts], None], ...] = (
    narrow_blithedale,
    wide_blithedale,
    narrow_camino_alto,
    wide_almonte,
    wide_shoreline,
    narrow_miller,
    no_southern_ramp_to_the_north,
    no_walnut,
    no_southern_signals,
    static_signals,
    strict_merges,
    turns_yield_to_a_lane,
    camino_alto_secondary,
    more_in_the_north,
    ends_equally_far,
    half_bound_north,
    wide_blithedale_ends_equally_far,
    wide_blithedale_half_bound_north,
    faster,
)


def main() -> None:
    """Run the variants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--only", nargs="*", default=[""], help="beginnings of names, such as hills or narrow")
    parser.add_argument("--vehicles", default="1.5")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    workspace = options.workspace.resolve()
    for name, parts in variants():
        parts.scenario.update(
            vehicles_per_household=[float(options.vehicles)], departures=parts.scenario["departures"][:1]
        )
        if any(name.startswith(beginning) for beginning in options.only):
            write_variant(name, parts, workspace)
            row = run_variant(name, workspace, vehicles_label(float(options.vehicles)), options.jobs)
            folder = workspace / "variants"
            folder.mkdir(exist_ok=True)
            pd.DataFrame([row]).to_csv(folder / f"{name}.csv", index=False, float_format="%.4g")
    tables = [workspace / "variants" / f"{name}.csv" for name, _ in variants()]
    found = pd.concat([pd.read_csv(table) for table in tables if table.is_file()])
    found.to_csv(workspace / "variants.csv", index=False)
    print(found.to_string(index=False))


def variants() -> Iterator[tuple[str, Parts]]:
    """Return every variant by its name: as drawn with other hills, then each assumption by itself."""
    for seed in range(1, HILLS + 1):
        parts = drawn(PLANS)
        parts.seed = seed
        yield f"hills-{seed}", parts
    for change in ASSUMPTIONS:
        parts = drawn(PLANS)
        change(parts)
        yield change.__name__.replace("_", "-"), parts


def drawn(plans: Sequence[str]) -> Parts:
    """Return frame, scenario and some plans as they are."""
    folder = HERE.parents[1] / "plans" / HERE.name
    frame, scenario = (_read(HERE / f"{name}.yaml") for name in ("frame", "scenario"))
    return Parts(frame, scenario, {plan: _read(folder / f"{plan}.yaml") for plan in plans})


def write_variant(name: str, parts: Parts, workspace: Path) -> None:
    """Write the scenario and the plans of a variant."""
    scenario = workspace / "scenarios" / name
    write_map(parts.frame, parts.seed, scenario / "data")
    (scenario / "scenario.yaml").write_text(yaml.safe_dump(parts.scenario, sort_keys=False), encoding="utf-8")
    plans = workspace / "plans" / name
    plans.mkdir(parents=True, exist_ok=True)
    for plan, content in parts.plans.items():
        (plans / f"{plan}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def run_variant(name: str, workspace: Path, vehicles: str, jobs: int) -> dict[str, Any]:
    """Run both plans on a variant; return times (h), and what the final plan has of the preliminary one's."""
    print(f"== {name}", flush=True)
    place = evac.open(workspace / "scenarios" / name, workspace=workspace)
    cases = {case.shown.plan: case for case in case_results(run(place, PLANS, vehicles=(vehicles,), jobs=jobs))}
    before, after = (cases[plan] for plan in PLANS)
    return {
        "variant": name,
        "vehicles": before.shown.planned,
        **{f"{plan}_t{percent}_h": hours(cases[plan], percent) for plan in PLANS for percent in (90, 100)},
        "ratio_90": hours(after, 90) / hours(before, 90),
        "ratio_all": hours(after) / hours(before),
        "middle_times": ratio(after, before, MIDDLE_RAMPS),
        "northern_gain": ratio(after, before, NORTHERN) - 1,
        "trusted": before.shown.trusted and after.shown.trusted,
        **{f"{plan}_job": cases[plan].run.job for plan in PLANS},
    }


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    main()
