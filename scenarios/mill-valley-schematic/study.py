"""The study, whole: run it, draw its figures in the published form, and put its values beside the published ones.

    python scenarios/mill-valley-schematic/study.py                # baseline, preliminary, final x 1, 1.5, 2
    python scenarios/mill-valley-schematic/study.py --seeds 5      # the same with five seeds
    python scenarios/mill-valley-schematic/study.py --full         # and areas one by one, driving styles, departures

writes `reports/mill-valley-schematic/`: the report, `figures/study_*.png` and `.svg`, `side_by_side.md`, `checks.csv`,
and with `--full` `areas.md`, `areas.csv` and `styles.md`. Finished runs are never run again, so it can be stopped and
started at any time.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from areas_and_styles import write_areas, write_styles
from rich.console import Console

import evac
from evac.files import write_bytes, write_text
from evac.progress import show_runs
from evac.report import drawing
from evac.report.figures import draw_curves, draw_lane_rates
from evac.report.inputs import ReportInput, ReportRun
from evac.report.publish import write_report
from evac.report.results import CaseResult, case_results, clearance_s, counterpart, headline
from evac.report.tables import lane_rates

HERE = Path(__file__).parent
console = Console()
BASELINE = "baseline"
PLANS = (BASELINE, "preliminary", "final")
PAIRS = tuple(zip(PLANS[1:], PLANS, strict=False))
DEPARTURE = "90 % within 60 min"
MIDDLE = "1.5"
NORTHERN, MIDDLE_RAMPS = "Northern ramps", "Middle ramps"
PUBLISHED = {
    "preliminary, 1.5 vehicles per household: all out (h)": "5.3",
    "final, 1.5 vehicles per household: all out (h)": "3.5",
    "final / preliminary": "0.66",
    "middle ramps, preliminary (veh/min)": "about 4",
    "middle ramps, final (veh/min)": "about 18",
    "northern ramps, final against preliminary": "more than +60 %",
}
_HOUR_S, _MINUTE_S = 3600.0, 60.0


def main() -> None:
    """Run the study and write what it gives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1, help="replications (default 1)")
    parser.add_argument("--full", action="store_true", help="also areas one by one, driving styles, departures")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="simulations side by side")
    parser.add_argument("--workspace", type=Path, default=HERE.parents[1])
    options = parser.parse_args()
    town = evac.open(HERE, workspace=options.workspace)
    seeds = range(1, options.seeds + 1)

    def part(
        plans: Sequence[str], vehicles: tuple[str, ...] = (), departures: tuple[str, ...] = (DEPARTURE,)
    ) -> ReportInput:
        return run(town, plans, vehicles=vehicles, departures=departures, seeds=seeds, jobs=options.jobs)

    folder = town.report_folder
    parts, texts = [part(PLANS)], []
    draw_figures(parts[0], folder / "figures")
    if options.full:
        others = [name for name in town.plan_names if name not in PLANS]
        areas = [name for name in others if name.startswith("area-")]
        parts.append(part(areas, (MIDDLE,)))
        texts.append(write_areas(parts[1], baseline_run(parts[0]), folder))
        parts.append(part([*PLANS, *(name for name in others if name not in areas)], (MIDDLE,)))
        texts.append(write_styles(parts[2], folder))
        parts.append(part(PLANS, (MIDDLE,), ()))
    table, checks = side_by_side(parts[0])
    write_text(folder / "side_by_side.md", table)
    checks.to_csv(folder / "checks.csv", index=False, float_format="%.4g")
    write_report(together(parts), folder)
    texts += [table, checks.to_string(index=False), f"Report: {folder / 'index.html'}"]
    console.print(*texts, sep="\n", markup=False)


def run(town: evac.Place, plans: Sequence[str], **choice: Any) -> ReportInput:
    """Run some plans, of the cases that `evac.Place.study` is asked for, and return what a report of them shows."""
    with show_runs(console) as display:
        study = town.study(plans, **choice, on_progress=display)
    for failed in study.failures().itertuples():
        console.print(f"failed: {failed.plan}, {failed.vehicles_per_household}: {failed.why}", markup=False)
    return study.report_input()


def baseline_run(report: ReportInput) -> ReportRun:
    """Return the first run of the baseline at 1.5 vehicles per household."""
    return next(
        item for item in report.runs if item.case.plan == BASELINE and item.case.vehicles_per_household == MIDDLE
    )


def together(parts: Sequence[ReportInput]) -> ReportInput:
    """Return one report of all parts, of the final plan against the preliminary one."""
    return replace(
        parts[0],
        runs=tuple({item.job: item for part in parts for item in part.runs}.values()),
        plans={key: plan for part in parts for key, plan in part.plans.items()},
        failed=tuple(dict.fromkeys(item for part in parts for item in part.failed)),
        plan=PLANS[-1],
        compared_with=PLANS[-2],
    )


def draw_figures(report: ReportInput, folder: Path) -> None:
    """Draw curves and lane rates of each plan against the one before it, as the study shows them."""
    for plan, against in PAIRS:
        runs = tuple(item for item in report.runs if item.case.plan in (plan, against))
        pair = replace(report, runs=runs, plan=plan, compared_with=against)
        cases = case_results(pair)
        shown = headline(pair, cases)
        for name, figure in (
            ("curves", draw_curves(cases, shown, plan, report.scenario.simulation.end_h)),
            ("lane_rates", draw_lane_rates(shown, counterpart(pair, cases, shown))),
        ):
            stem = f"study_{name}_{plan}_against_{against}"
            write_bytes(folder / f"{stem}.png", drawing.png_bytes(figure))
            write_bytes(folder / f"{stem}.svg", drawing.svg_bytes(figure))


def side_by_side(report: ReportInput) -> tuple[str, pd.DataFrame]:
    """Return the study's values beside ours as Markdown, and a table of checks with a row a run."""
    cases = {(case.shown.plan, case.shown.vehicles_per_household): case for case in case_results(report)}
    before, after = cases["preliminary", MIDDLE], cases["final", MIDDLE]
    ours = [
        f"{hours(before):.2f}",
        f"{hours(after):.2f}",
        f"{hours(after) / hours(before):.2f}",
        f"{rate(before, MIDDLE_RAMPS):.1f}",
        f"{rate(after, MIDDLE_RAMPS):.1f} ({ratio(after, before, MIDDLE_RAMPS):.1f} times)",
        f"{ratio(after, before, NORTHERN) - 1:+.0%}",
    ]
    lines = ["| | published | ours |", "|---|---|---|"]
    lines += [f"| {name} | {value} | {mine} |" for (name, value), mine in zip(PUBLISHED.items(), ours, strict=True)]
    return "\n".join([*lines, ""]), pd.DataFrame([check(case) for case in ordered(cases.values())])


def ordered(cases: Iterable[CaseResult]) -> list[CaseResult]:
    """Return the cases by vehicles, then by plan."""
    return sorted(cases, key=lambda case: (case.shown.planned, PLANS.index(case.shown.plan)))


def check(case: CaseResult) -> dict[str, object]:
    """Return clearance, rates and bottleneck arithmetic of a case: who got out passed one of the four lanes."""
    lanes = {item.bottleneck: item for item in lane_rates(case.run) if item.bottleneck.split(",")[0] in NAMED}
    over_lanes = sum(item.vehicles for item in lanes.values())
    ledger = case.run.ledger
    return {
        "plan": case.shown.plan,
        "vehicles_per_household": case.shown.vehicles_per_household,
        "seed": case.shown.seed,
        "t90_h": hours(case, 90),
        "t100_h": hours(case),
        **{f"{name} (veh/min)": item.mean_veh_per_min for name, item in lanes.items()},
        "over_the_four_lanes": over_lanes,
        "evacuated": case.shown.evacuated,
        "difference": over_lanes / case.shown.evacuated - 1,
        "trusted": case.shown.trusted,
        "teleports": ledger["teleports"],
        "job": case.run.job,
    }


NAMED = (NORTHERN, MIDDLE_RAMPS, "Southern ramps")


def hours(case: CaseResult, percent: int = 100) -> float:
    """Return when a percentage is out (h), all when left out; not a number where they never are."""
    out_s = clearance_s(case.shown, percent)
    return float("nan") if out_s is None else out_s / _HOUR_S


def rate(case: CaseResult, bottleneck: str) -> float:
    """Return what passes the lanes of a bottleneck from the order until 95 % are out (veh/min)."""
    return sum(item.mean_veh_per_min for item in lane_rates(case.run) if item.bottleneck.startswith(bottleneck))


def ratio(after: CaseResult, before: CaseResult, bottleneck: str) -> float:
    """Return how many times as much passes a bottleneck; not a number where nobody passed it before."""
    passed = rate(before, bottleneck)
    return rate(after, bottleneck) / passed if passed else float("nan")


if __name__ == "__main__":
    main()
