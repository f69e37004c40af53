"""The parts of the study beside its nine cases: one area at a time, driving styles, other departure curves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from evac.files import write_bytes, write_text
from evac.report import drawing
from evac.report.inputs import ReportInput, ReportRun
from evac.report.results import CaseResult, case_results

STYLES = ("calm", "aggressive")
_HOUR_S = 3600.0


def write_areas(alone: ReportInput, whole: ReportRun, folder: Path) -> str:
    """Write the table and the figure of areas that leave one at a time, beside the same areas when all leave at once.

    Parameters
    ----------
    alone
        Runs of the plans that order one area each.
    whole
        The run of the same case under the baseline.
    folder
        Where `areas.csv` and `figures/study_areas.png` and `.svg` go.
    """
    table = areas_table(alone.runs, whole)
    table.to_csv(folder / "areas.csv", index=False, float_format="%.3f")
    figure = _draw_areas(table)
    write_bytes(folder / "figures" / "study_areas.png", drawing.png_bytes(figure))
    write_bytes(folder / "figures" / "study_areas.svg", drawing.svg_bytes(figure))
    rows = [
        f"| {row.area} | {row.vehicles:,} | {row.alone_t90_h:.2f} | {row.alone_t100_h:.2f} "
        f"| {row.at_once_t90_h:.2f} | {row.at_once_t100_h:.2f} |"
        for row in table.itertuples()
    ]
    head = "| area | vehicles | alone: 90 % (h) | all | all at once: 90 % (h) | all |\n|---|---:|---:|---:|---:|---:|"
    text = "\n".join([head, *rows, ""])
    write_text(folder / "areas.md", text)
    return text


def areas_table(alone: Sequence[ReportRun], whole: ReportRun) -> pd.DataFrame:
    """Return a row an area: its vehicles, and when 90 % and all of them are out (h), alone and with everybody else.

    Runs of other seeds than that of `whole` are left out; a time is not a number where the area isn't out.
    """
    rows = []
    for run in (item for item in alone if item.case.seed == whole.case.seed):
        [(area, times)] = [(zone, found) for zone, found in run.manifest["zones"].items() if found["planned"]]
        at_once = whole.manifest["zones"][area]
        if at_once["planned"] != times["planned"]:
            raise ValueError(f"{area}: {times['planned']} vehicles alone, {at_once['planned']} with everybody else")
        hours = {
            f"{how}_t{percent}_h": float(found[f"t{percent}_s"] or "nan") / _HOUR_S
            for how, found in (("alone", times), ("at_once", at_once))
            for percent in (90, 100)
        }
        rows.append({"area": area, "vehicles": times["planned"], **hours, "job": run.job})
    return pd.DataFrame(rows).sort_values("at_once_t90_h", ignore_index=True)


def write_styles(report: ReportInput, folder: Path) -> str:
    """Write a table of plans whose drivers are calm or aggressive beside the plans that they extend."""
    cases = {case.shown.plan: case for case in case_results(report)}
    rows = ["| plan | drivers | 90 % (h) | all (h) |", "|---|---|---:|---:|"]
    for plan in [name for name in cases if f"{name}-{STYLES[0]}" in cases]:
        for style, name in (("normal", plan), *((style, f"{plan}-{style}") for style in STYLES)):
            if name in cases:  # a run may have failed
                rows.append(f"| {plan} | {style} | {_hours(cases[name], 90)} | {_hours(cases[name], 100)} |")
    text = "\n".join([*rows, ""])
    write_text(folder / "styles.md", text)
    return text


def _hours(case: CaseResult, percent: int) -> str:
    mean = case.estimate(percent).mean
    return "not within the time simulated" if mean is None else f"{mean / _HOUR_S:.2f}"


def _draw_areas(table: pd.DataFrame) -> Figure:
    """Draw when 90 % of each area are out: alone, and with everybody else."""
    with drawing.styled():
        figure = drawing.new_figure(8.0, 1.3 + 0.34 * len(table))
        figure.set_layout_engine("constrained")
        axes = figure.subplots()
        rows = range(len(table))
        axes.hlines(rows, table["alone_t90_h"], table["at_once_t90_h"], color=drawing.SHADE, linewidth=3, zorder=1)
        axes.scatter(table["alone_t90_h"], rows, color=drawing.INK, zorder=3, label="alone")
        axes.scatter(
            table["at_once_t90_h"], rows, facecolor="white", edgecolor=drawing.INK, zorder=3, label="everybody at once"
        )
        axes.set_yticks(rows, [f"{row.area} ({row.vehicles:,})" for row in table.itertuples()])
        axes.set_xlim(left=0)
        axes.set_ylim(-0.6, len(table) - 0.4)
        axes.set_xlabel("hours after the order until 90 % of the area's vehicles are out; vehicles in brackets")
        axes.xaxis.grid(visible=True, color=drawing.SHADE, linewidth=0.6)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    return figure
