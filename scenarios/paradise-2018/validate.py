"""Hold the model of the morning of 8 November 2018 against what was observed, by the rule of docs/validation.md.

    python scenarios/paradise-2018/validate.py [--seed 1 --seed 2 …] [--reading …] [--jobs 2]

Runs the plan `as-it-was` with both readings of Clark Road and writes `reports/paradise-2018-validation/`: `runs.csv`, a
row a run, `verdict.csv`, a row an observation with what was observed, the band of our runs, and whether they meet, and
`curves.png`, who is out when.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from evac.files import write_bytes
from evac.plans.reading import load_plan
from evac.report import drawing
from evac.scenario import load_scenario
from evac.study import Selection, run_study
from evac.study.engines import Local
from evac.study.prepare import Prepared, prepare
from evac.study.runs import Run
from evac.study.under_plan import UnderPlan, under_plan

HERE = Path(__file__).parent
WORKSPACE = HERE.parents[1]
READINGS = {"Clark Road two lanes": "scenario.yaml", "Clark Road one lane": "clark-one-lane.yaml"}
PLAN = "as-it-was"
ORDER_MIN = 7 * 60 + 46
"""The first order, minutes after midnight."""
CRAWLS_MPS = 10 / 3.6
"""Gridlock, as people on the road report it: a road that moves at no more than a walk, 10 km/h."""
CRAWLS_M = 1000.0
"""And over this length at once."""
LANES = {"Skyway": 2, "Clark Road": 2, "Neal Road": 1, "Pentz Road": 1}
"""Outbound lanes at the exits under normal rules; Clark Road has one in its other reading."""


@dataclass(frozen=True)
class Corridor:
    """A road whose gridlock is on record: its name, and between which latitudes."""

    name: str
    streets: tuple[str, ...]
    south: float
    north: float


CORRIDORS = (
    Corridor("Skyway", ("Skyway",), 39.745, 39.80),
    Corridor("lower Pentz Road", ("Pentz Road",), 39.69, 39.752),
)


def minute(hour: int, past: int = 0) -> float:
    """Return a time of day as minutes after the order."""
    return 60.0 * hour + past - ORDER_MIN


def clock(after_min: float) -> str:
    """Return minutes after the order as the time of day."""
    if not np.isfinite(after_min):
        return "never"
    total = round(ORDER_MIN + after_min)
    return f"{total // 60}:{total % 60:02d}"


def crawls_from_min(run: Run, under: UnderPlan, corridor: Corridor) -> float:
    """Return when a corridor first crawls over `CRAWLS_M` (minutes after the order; infinite when it never does)."""
    edges = under.overlay.network.edges()
    mine = edges[edges["name"].isin(corridor.streets)].copy()
    mine["lat"] = [
        under.net.convertXY2LonLat(*under.net.getEdge(edge).getToNode().getCoord())[1]
        if under.net.hasEdge(edge)
        else np.nan
        for edge in mine["edge"]
    ]
    mine = mine[mine["lat"].between(corridor.south, corridor.north)]
    windows = pd.read_parquet(run.folder / "edges.parquet").merge(mine[["edge", "length_m"]], on="edge")
    slow = windows[windows["speed_mps"] <= CRAWLS_MPS].groupby("from_s")["length_m"].sum()
    times = slow[slow >= CRAWLS_M].index
    return float(times.min()) / 60 if len(times) else np.inf


def measures(reading: str, run: Run, under: UnderPlan) -> dict[str, object]:
    """Return what is held against the observations, for one run."""
    vehicles = pd.read_parquet(run.folder / "vehicles.parquet")
    out_min = np.sort(vehicles["evacuated_s"].fillna(np.inf).to_numpy()) / 60
    row: dict[str, object] = {"reading": reading, "seed": run.case.seed, "vehicles": len(vehicles)}
    for percent in (50, 90, 95, 99, 100):
        row[f"out_{percent}_min"] = out_min[int(np.ceil(percent / 100 * len(out_min))) - 1]
    for corridor in CORRIDORS:
        row[f"crawls_{corridor.name}_min"] = crawls_from_min(run, under, corridor)
    busy = vehicles[vehicles["evacuated_s"].between(*(60 * minute(hour) for hour in (9, 13)))]
    for name, lanes in LANES.items():
        number = 1 if name == "Clark Road" and "one lane" in reading else lanes
        row[f"flow_{name}_veh_per_h_lane"] = (busy["exit"] == name).sum() / 4 / number
    late = vehicles[vehicles["departure_s"].between(60 * minute(8, 30), 60 * minute(10))]
    row["trip_h"] = float((late["evacuated_s"] - late["departure_s"]).mean()) / 3600
    row["trusted"] = run.ledger()["trusted"]
    row["reasons"] = "; ".join(run.ledger()["reasons"])
    return row


class Lines:
    """A display that prints a line when a run begins and one when it ends."""

    def begin(self, name: str, planned: int) -> None:
        """Print that a run begins."""
        print(f"{name}: {planned:,} vehicles", flush=True)

    def update(self, name: str, state: object) -> None:
        """Print nothing."""

    def finish(self, name: str, result: str) -> None:
        """Print how a run ended."""
        print(f"{name}: {result}", flush=True)

    def tell(self, text: str) -> None:
        """Print a line."""
        print(text, flush=True)


@dataclass(frozen=True)
class Observation:
    """What was observed: in words, as a range of minutes after the order or of a number, and our columns for it."""

    what: str
    observed: str
    low: float
    high: float
    columns: tuple[str, ...]
    is_clock: bool = True

    def row(self, runs: pd.DataFrame) -> dict[str, object]:
        """Return what was observed, the band of our runs, and whether the two meet."""
        values = runs[list(self.columns)].to_numpy(dtype=float)
        ours = [clock(value) if self.is_clock else f"{value:,.1f}" for value in (values.min(), values.max())]
        meets = bool(values.min() <= self.high and values.max() >= self.low)
        return {"what": self.what, "observed": self.observed, "ours": " to ".join(ours), "pass": meets}


OBSERVED = (
    Observation("complete: 95 to 100 % out", "15:00", minute(15), minute(15), ("out_95_min", "out_100_min")),
    *(
        Observation(
            f"gridlock on {item.name}",
            "9:00 ± 15 min",
            minute(8, 45),
            minute(9, 15),
            (f"crawls_{item.name}_min",),
        )
        for item in CORRIDORS
    ),
    Observation("mean trip of those who left 8:30 to 10:00 (h)", "about 2", 1.5, 2.5, ("trip_h",), is_clock=False),
    *(
        Observation(
            f"flow over {name}, 9 to 13 h (veh/h and lane)",
            "700 to 900, at one station",
            700,
            900,
            (f"flow_{name}_veh_per_h_lane",),
            is_clock=False,
        )
        for name in LANES
    ),
)
"""The observations, and what counts as meeting each: docs/validation.md, written before the runs."""


PEER_90_MIN = 5.39 * 60
"""When 90 % are out of the town in a peer's model (21,607 vehicles, five seeds)."""
_BLUE, _ORANGE, _GREY = "#1f5f99", "#c8641b", "#777777"


def draw_curves(runs: list[tuple[str, Run]]) -> Figure:
    """Draw which share has left home and which is out, by time of day, with what was observed and the peer's time."""
    figure = Figure(figsize=(8, 4.4), layout="constrained")
    axes = figure.subplots()
    colours = dict(zip(READINGS, (_BLUE, _ORANGE), strict=True))
    for number, (reading, run) in enumerate(runs):
        curve, planned = pd.read_parquet(run.folder / "curve.parquet"), run.manifest()["planned"]
        hours = (curve["minute"] + ORDER_MIN) / 60
        if number == 0:
            axes.plot(hours, 100 * curve["departed"] / planned, "--", color=_GREY, label="meant to leave home by then")
        label = f"out, {reading}" if reading not in [name for name, _ in runs[:number]] else None
        axes.plot(hours, 100 * curve["evacuated"] / planned, color=colours[reading], label=label)
    for hour, words in ((9, "gridlock\nreported"), (15, "complete\nas observed")):
        axes.axvline(hour, color="black", linewidth=0.8, linestyle=":")
        axes.annotate(words, (hour, 4), xytext=(4, 0), textcoords="offset points", fontsize=8)
    axes.plot((ORDER_MIN + PEER_90_MIN) / 60, 90, "o", color="black", label="90 % in a peer's model")
    axes.set(xlim=(7.75, 15.9), ylim=(0, 102), xlabel="8 November 2018, time of day (h)", ylabel="vehicles (%)")
    axes.grid(alpha=0.3)
    axes.legend(loc="center right", fontsize=8)
    return figure


def main() -> None:
    """Run what hasn't been run, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, action="append", help="these seeds instead of the scenario's")
    parser.add_argument("--reading", choices=list(READINGS), action="append", help="only this reading")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--workspace", type=Path, default=WORKSPACE)
    given = parser.parse_args()
    cache = given.workspace.resolve() / ".evac"
    rows, found = [], []
    for reading in given.reading or READINGS:
        loaded = load_scenario(HERE / READINGS[reading])
        prepared: Prepared = prepare(loaded, cache, lambda _: None)
        under = under_plan(prepared, load_plan(PLAN, loaded.plans_folder), cache)
        selection = Selection(seeds=tuple(given.seed or ()), sensitivity=False)
        study = run_study(prepared, {PLAN: under}, selection, cache, engine=Local(given.jobs), display=Lines())
        for failure in study.failures:
            print(f"failed: {failure.message}")
        rows += [measures(reading, run, under) for run in study.runs]
        found += [(reading, run) for run in study.runs]
    target = given.workspace / "reports" / "paradise-2018-validation"
    target.mkdir(parents=True, exist_ok=True)
    runs = pd.DataFrame(rows)
    runs.to_csv(target / "runs.csv", index=False)
    table = pd.DataFrame([item.row(runs) for item in OBSERVED])
    table.to_csv(target / "verdict.csv", index=False)
    write_bytes(target / "curves.png", drawing.png_bytes(draw_curves(found)))
    print(runs.T.to_string())
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
