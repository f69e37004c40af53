"""The page: one HTML file with style and pictures inside, that opens without a network."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import numpy as np
from matplotlib.figure import Figure

from evac.demand import departures
from evac.report import (
    answer,
    comparing,
    drawing,
    estimates,
    figures,
    maps,
    moments,
    movement,
    moving_map,
    nureg,
    panels,
    picker,
    plan_map,
    tables,
    text,
)
from evac.report.assumptions import assumptions
from evac.report.inputs import PlanPicture, ReportInput, ReportPlan
from evac.report.results import CaseResult, case_words, counterpart, headline, result_of, same_case, vehicles_text
from evac.report.settings import logo_type
from evac.report.words import say

_WORST_STREETS = 10
_PLANS_IN_ONE_FIGURE = 2
_SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Picture:
    """A figure in its formats, and what it shows in words.

    Parameters
    ----------
    name
        File name without extension.
    title, alt, note
        Heading, the numbers for those who don't see the figure, and how to read it.
    formats
        Extension → content (`png`, `svg`).
    on_page
        The extension of the format that the page has.
    """

    name: str
    title: str
    alt: str
    note: str
    formats: dict[str, bytes]
    on_page: str

    @property
    def data_uri(self) -> str:
        """The picture as an address that holds it."""
        kind = "image/svg+xml" if self.on_page == "svg" else "image/png"
        return f"data:{kind};base64,{base64.b64encode(self.formats[self.on_page]).decode()}"


def draw_pictures(report: ReportInput, cases: Sequence[CaseResult]) -> list[Picture]:
    """Draw the curves (a figure a departure curve), the lanes' rates (where lanes are measured) and the map."""
    centre = headline(report, cases)
    pictures = [_curves(report, cases, centre, name) for name in dict.fromkeys(case.shown.departure for case in cases)]
    if len({case.shown.plan for case in cases}) > _PLANS_IN_ONE_FIGURE:
        pictures.append(_panels(report, cases, centre))
    if tables.lane_rates(centre.run):
        pictures.append(_lanes(report, cases, centre))
    pictures += [_map(report, centre), _moments(report, centre)]
    return [*pictures, *(_plan(plan, plan.picture) for plan in report.plans.values() if plan.picture)]


def _curves(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult, departure: str) -> Picture:
    plans = {centre.shown.plan, report.compared_with}
    fidelity = centre.shown.fidelity
    of_curve = [case for case in cases if case.shown.departure == departure and case.shown.fidelity == fidelity]
    lines = [case for case in of_curve if case.shown.plan in plans] or of_curve or list(cases)
    departing = headline(report, lines)
    figure = figures.draw_curves(lines, departing, centre.shown.plan, report.scenario.simulation.end_h)
    several = len({case.shown.departure for case in cases}) > 1
    dotted = f"; dotted: {report.compared_with}" if len({case.shown.plan for case in lines}) > 1 else ""
    return _picture(
        f"clearance_curves-{text.file_name(departure)}" if several else "clearance_curves",
        f"How the vehicles get out (departures “{text.plain(departure)}”)",
        answer.curves_alt(report, lines),
        f"Dashed: the share of vehicles that mean to have left home ({departing.shown.plan}). Solid: "
        f"{centre.shown.plan}{dotted}. Between dashed and solid, vehicles stand in queues. Marks at 50, 90 and 95 % of "
        "all planned vehicles; a vehicle that never gets out counts as not out.",
        figure=figure,
    )


def _panels(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Picture:
    shown = centre.shown
    alike = [case for case in cases if (case.shown.departure, case.shown.fidelity) == (shown.departure, shown.fidelity)]
    end_h = report.scenario.simulation.end_h
    return _picture(
        "plans",
        f"Every plan beside “{text.plain(report.compared_with or shown.plan)}”",
        panels.panels_alt(alike, end_h),
        f"Solid: the plan of the panel; dotted: {report.compared_with}. A line for each case of vehicles per "
        "household, with its number on it. At most 18 plans; all are in the tables.",
        figure=panels.draw_panels(alike, report.compared_with, end_h),
    )


def _lanes(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Picture:
    other = counterpart(report, cases, centre)
    shaded = f" Grey: {other.shown.plan}." if other is not None else ""
    return _picture(
        "lane_rates",
        f"What each bottleneck lane passes ({case_words(report, centre)})",
        answer.lanes_alt(centre),
        f"Vehicles per minute that cross the lane's end; {figures.SMOOTHING_MIN}-minute mean of the minute counts. "
        f"Lanes count from the kerb (0).{shaded} The bar under a curve shows when a queue stands there. At most "
        f"{figures.MOST_LANES} lanes, those with the most delay first; all are in the table.",
        figure=figures.draw_lane_rates(centre, other),
    )


def _map(report: ReportInput, centre: CaseResult) -> Picture:
    queued = tables.queues(centre.run, report.edges)
    note = f"Queues: longest five-minute mean on each street section; {case_words(report, centre)}"
    doubt = f" Not trusted: {centre.doubt}" if centre.doubt else ""
    figure = maps.draw_map(report, queued, tables.bottleneck_spots(centre.run, report.edges), f"{note}.{doubt}")
    return _picture(
        "map", "Where the queues stand", answer.map_alt(report, queued), f"{note}.", figure=figure, on_page="png"
    )


def _moments(report: ReportInput, centre: CaseResult) -> Picture:
    return _picture(
        "moments",
        "The streets at four moments",
        moments.moments_alt(report, centre),
        f"Mean speed in five minutes on each street that somebody drives on; {case_words(report, centre)}.",
        figure=moments.draw_moments(report, centre),
        on_page="png",
    )


def _plan(plan: ReportPlan, picture: PlanPicture) -> Picture:
    takes = [f"{number} {kind}" for kind, number in plan.resources.items() if number]
    changes = "; ".join(f"{change.place}: {change.before} → {change.after}" for change in plan.changes)
    return _picture(
        f"plan-{text.file_name(plan.key)}",
        f"What the plan “{text.plain(plan.key)}” changes",
        text.plain(f"Map of the plan {plan.name}. {changes}", 1500),
        f"{'; '.join(plan.actions)}. Takes {text.listing(takes) or 'nothing that was counted'}.",
        figure=plan_map.draw_plan_map(picture),
        on_page="png",
    )


def _picture(name: str, title: str, alt: str, note: str, *, figure: Figure, on_page: str = "svg") -> Picture:
    formats = {"png": drawing.png_bytes(figure), "svg": drawing.svg_bytes(figure)}
    return Picture(name, title, alt, text.plain(note, 600), formats, on_page)


def page_html(report: ReportInput, cases: Sequence[CaseResult], pictures: Sequence[Picture]) -> str:
    """Return the page, with the map that moves."""
    centre = headline(report, cases)
    offered = picker.offered(cases)
    scripts = moving_map.scripts("shared.js", "map.js", *(["compare.js"] if offered else []))
    shown = moving_map.shown_cases(cases, centre)
    left_out = [text.plain(case.shown.plan) for case in same_case(cases, centre) if case not in shown]
    return _render(
        report,
        cases,
        pictures,
        scripts=scripts,
        script_hashes=[moving_map.content_hash(script) for script in scripts],
        map_json=moving_map.map_json(report, cases, centre),
        map_alt=answer.map_alt(report, tables.queues(centre.run, report.edges)),
        plans_left_out=(len(shown), left_out) if left_out else None,
        compare_json=text.page_json(picker.content(report, cases, centre)) if offered else "",
        cases_left_out=len(cases) - len(offered),
    )


def print_html(report: ReportInput, cases: Sequence[CaseResult], pictures: Sequence[Picture]) -> str:
    """Return the same content for paper: without scripts, and what needs them."""
    return _render(report, cases, pictures, scripts=(), script_hashes=())


def _render(report: ReportInput, cases: Sequence[CaseResult], pictures: Sequence[Picture], **map_content: Any) -> str:
    template = _templates().get_template("page.html.j2")
    return template.render(**_results(report, cases), **_about(report), pictures=pictures, **map_content)


def _results(report: ReportInput, cases: Sequence[CaseResult]) -> dict[str, Any]:
    """Return what the page tells of the runs."""
    centre = headline(report, cases)
    same = same_case(cases, centre)
    return {
        "cases": cases,
        "centre": centre,
        "answer": answer.answer(report, cases),
        "case_words": lambda case: case_words(report, case),
        "range_doubt": answer.range_doubt,
        "runs": [(run, result_of(run)) for run in report.runs],
        "unasked": any(result_of(run).shadow for run in report.runs),
        "lane_rates": lambda case: tables.lane_rates(case.run),
        "found": centre.run.manifest["found_bottlenecks"],
        "streets": tables.worst_streets(tables.queues(centre.run, report.edges), _WORST_STREETS),
        "groups": _groups(cases),
        "compared": comparing.comparisons(report, cases, centre),
        "by_vehicles": _by_vehicles(cases, centre),
        "resources": estimates.resources_table(report, cases).replace({np.nan: None}).to_dict("records"),
        "hours": movement.exits_by_hour([centre]).replace({np.nan: None}).to_dict("records"),
        "states": movement.states(same, report.edges).replace({np.nan: None}).to_dict("records"),
        "trips": movement.trip_generation([centre]).to_dict("records"),
        "checklist": nureg.checklist(report, cases),
    }


def _about(report: ReportInput) -> dict[str, Any]:
    """Return what the page tells of the scenario."""
    settings = report.settings
    logo = settings.logo
    return {
        "report": report,
        "scenario": report.scenario,
        "settings": settings,
        "units": report.units,
        "logo_uri": f"data:{logo_type(logo)};base64,{base64.b64encode(logo.read_bytes()).decode()}" if logo else "",
        "end_h": report.scenario.simulation.end_h,
        "findings": sorted(report.findings, key=lambda finding: _SEVERITIES.index(finding.severity)),
        "placed": tables.placed_on(report.households),
        "assumptions": assumptions(report),
        "departures": [(curve.name, departures.describe(curve)) for curve in report.scenario.departures],
    }


def _by_vehicles(cases: Sequence[CaseResult], centre: CaseResult) -> list[CaseResult]:
    """Return the headline plan's cases that differ in their vehicles; nothing when there is but one."""
    shown = centre.shown
    alike = [
        case
        for case in cases
        if (case.shown.plan, case.shown.departure, case.shown.fidelity) == (shown.plan, shown.departure, shown.fidelity)
    ]
    ordered = sorted(alike, key=lambda case: case.shown.planned)
    return ordered if len(ordered) > 1 else []


def _groups(cases: Sequence[CaseResult]) -> list[tuple[str, list[CaseResult]]]:
    """Return the cases side by side in a table: those of one plan, departure curve and fidelity."""
    groups: dict[str, list[CaseResult]] = {}
    for case in cases:
        shown = case.shown
        name = f"plan “{shown.plan}”, departures “{shown.departure}”, {shown.fidelity}"
        groups.setdefault(text.plain(name), []).append(case)
    return list(groups.items())


def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("evac.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for function in (
        text.plain, text.web_link, text.duration, text.clearance, text.estimated, text.count, text.percent, text.rate,
        text.listing, comparing.later_words, vehicles_text,
    ):  # fmt: skip
        environment.filters[function.__name__] = function
    environment.filters["t"] = say
    return environment
