"""The page: one HTML file with style and pictures inside, that opens without a network."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import numpy as np
from matplotlib.figure import Figure

from evac import clock
from evac.report import (
    alts,
    answer,
    comparing,
    drawing,
    estimates,
    exits_map,
    fewer_cars,
    figures,
    forms,
    front,
    front_figures,
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
from evac.report.assumptions import assumptions, departure_words
from evac.report.at_best import lane_more
from evac.report.catalogue import words_of_script
from evac.report.inputs import PlanPicture, ReportInput, ReportPlan, WaysOut
from evac.report.ledger_words import ledger_value, ledger_words
from evac.report.results import (
    CaseResult,
    case_words,
    counterpart,
    headline,
    programs,
    result_of,
    same_case,
    vehicles_text,
)
from evac.report.settings import Signature, logo_type
from evac.report.words import mark, say

_WORST_STREETS = 10
FRONT_PICTURES = ("front_curves", "front_map")
"""The pictures of the first page, by name."""
_SEVERITIES = ("error", "warning", "note")
_OWN_SCRIPTS = ("shared.js", "map.js", "compare.js")
_GLOSSARY = (
    (
        mark("Evacuation time estimate (ETE), clearance time"),
        mark("Time from the evacuation order until a share of all planned vehicles has crossed an exit line."),
    ),
    (
        mark("Planned vehicles"),
        mark("All vehicles that mean to leave. One that never gets out of its driveway counts against the time."),
    ),
    (
        mark("Departure curve"),
        mark("When vehicles mean to leave home: the share that has left by each time."),
    ),
    (
        mark("Lane capacity"),
        mark(
            "How many vehicles a lane passes when a queue stands before it. It varies with drivers, smoke and "
            "darkness: hence ± 15 %."
        ),
    ),
    (
        mark("Trusted"),
        mark(
            "The simulation stayed within the limits of the trust ledger. It doesn't mean that people will behave so."
        ),
    ),
)


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
    """Draw the curves, every case in small where there are many, the rates of measured lanes, and the maps."""
    centre = headline(report, cases)
    pictures = [_front_curves(report, cases, centre), _front_map(report, centre)]
    if len({case.shown.vehicles_per_household for case in cases}) > 1:
        pictures.append(_curves(report, cases, centre))
    if fewer_cars.by_vehicles(cases, centre):
        pictures.append(_fewer_cars(report, cases, centre))
    alike = [case for case in cases if case.shown.fidelity == centre.shown.fidelity]
    if len(panels.panels_of(alike, report.compared_with)) > 1:
        pictures.append(_panels(report, alike, centre))
    if tables.lane_rates(centre.run):
        pictures.append(_lanes(report, cases, centre))
    pictures += [_map(report, centre), _moments(report, centre)]
    if report.ways_out is not None:
        pictures.append(_exits(report, report.ways_out))
    return [*pictures, *(_plan(plan, plan.picture) for plan in report.plans.values() if plan.picture)]


def _front_curves(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Picture:
    same = same_case(cases, centre)
    return _picture(
        FRONT_PICTURES[0],
        say("How the vehicles get out"),
        alts.curves_alt(report, same),
        say(
            "Share of all planned vehicles that are out. Between the dashed line and the others, cars stand in queues."
        ),
        figure=front_figures.draw_front_curves(report, same, centre),
    )


def _front_map(report: ReportInput, centre: CaseResult) -> Picture:
    queued, worst = tables.queues(centre.run, report.edges), tables.worst_spot(centre, report)
    return _picture(
        FRONT_PICTURES[1],
        say("Where the city is held up"),
        alts.map_alt(report, queued),
        say("Red: the longest queues; diamond: the lane that holds the city up; green: the ways out."),
        figure=front_figures.draw_front_map(report, queued, worst),
        on_page="png",
    )


def _curves(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Picture:
    shown, plans = centre.shown, {centre.shown.plan, report.compared_with}
    of_curve = [
        case for case in cases if (case.shown.departure, case.shown.fidelity) == (shown.departure, shown.fidelity)
    ]
    lines = [case for case in of_curve if case.shown.plan in plans]
    figure = figures.draw_curves(
        lines,
        centre,
        shown.plan,
        report.scenario.simulation.end_h,
        at_best=None if report.bounds is None else report.bounds.under_plan,
    )
    others = len({case.shown.plan for case in lines}) > 1
    dotted = say("; dotted: {other}", other=report.compared_with) if others else ""
    return _picture(
        "clearance_curves",
        say("How the vehicles get out (departures “{departure}”)", departure=text.plain(shown.departure)),
        alts.curves_alt(report, lines),
        say(
            "Dashed: the share of vehicles that mean to have left home. Solid: {plan}{dotted}. Between dashed and "
            "solid, vehicles stand in queues. Marks at 50, 90 and 95 % of all planned vehicles; a vehicle that never "
            "gets out counts as not out.",
            plan=shown.plan, dotted=dotted,
        ),
        figure=figure,
    )  # fmt: skip


def _fewer_cars(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Picture:
    said = fewer_cars.one_car_less(report, cases, centre)
    times = alts.curves_alt(report, fewer_cars.by_vehicles(cases, centre))
    return _picture(
        "fewer_cars",
        say("What fewer cars per household buy"),
        f"{said.words} {times}" if said else times,
        say("When 90 % are out, by vehicles per household; blue: {plan}.", plan=centre.shown.plan),
        figure=fewer_cars.draw_by_vehicles(report, cases, centre),
    )


def _panels(report: ReportInput, alike: Sequence[CaseResult], centre: CaseResult) -> Picture:
    shown = centre.shown
    dotted = report.compared_with if report.compared_with not in {None, shown.plan} else None
    words = say(
        "Solid: the plan of the panel, a line for each case of vehicles per household, with its number on it and a "
        "mark at 90 %; dashed: vehicles that mean to have left home{dotted}. At most {most} panels; all cases are in "
        "the tables.",
        dotted=say("; dotted: {other}", other=dotted) if dotted else "", most=panels.MOST_PANELS,
    )  # fmt: skip
    return _picture(
        "panels",
        say("Every case at a glance"),
        panels.panels_alt(report, alike),
        words,
        figure=panels.draw_panels(alike, report.compared_with, report.scenario.simulation.end_h),
    )


def _lanes(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Picture:
    other = counterpart(report, cases, centre)
    shaded = " " + say("Grey: {other}.", other=other.shown.plan) if other is not None else ""
    return _picture(
        "lane_rates",
        say("What each bottleneck lane passes ({case})", case=case_words(report, centre)),
        alts.lanes_alt(centre),
        say(
            "Vehicles per minute that cross the lane's end; {minutes}-minute mean of the minute counts.{shaded} The "
            "bar under a curve shows when a queue stands there. At most {most} lanes, those with the most delay first; "
            "all are in the table.",
            minutes=figures.SMOOTHING_MIN,
            shaded=shaded,
            most=figures.MOST_LANES,
        ),
        figure=figures.draw_lane_rates(centre, other),
    )


def _map(report: ReportInput, centre: CaseResult) -> Picture:
    queued = tables.queues(centre.run, report.edges)
    note = say("Queues: longest five-minute mean on each street section; {case}.", case=case_words(report, centre))
    doubt = " " + say("Not trusted: {reason}.", reason=centre.doubt) if centre.doubt else ""
    figure = maps.draw_map(report, queued, tables.bottleneck_spots(centre.run, report), f"{note}{doubt}")
    title = say("Where the queues stand")
    return _picture("map", title, alts.map_alt(report, queued), note, figure=figure, on_page="png")


def _moments(report: ReportInput, centre: CaseResult) -> Picture:
    words = case_words(report, centre)
    return _picture(
        "moments",
        say("The streets at four moments"),
        moments.moments_alt(report, centre),
        say("Mean speed in five minutes on each street that somebody drives on; {case}.", case=words),
        figure=moments.draw_moments(report, centre),
        on_page="png",
    )


def _exits(report: ReportInput, ways_out: WaysOut) -> Picture:
    words = exits_map.in_words(ways_out.record, ways_out.exits)
    area = report.area if report.area is not None else report.zones.union_all()
    notice = report.attribution.split(",", maxsplit=1)[0]
    return _picture(
        "exits",
        say("The ways out, and where the map ends"),
        text.plain(" ".join(words), 1500),
        say(
            "Squares: exits; crosses: roads that lead away and are no exit, with the reason; dashed: where the map "
            "ends. A vehicle is out when it has crossed the line of an exit."
        ),
        figure=exits_map.draw_exits(ways_out.record, ways_out.exits, report.streets, area, notice),
        on_page="png",
    )


def _plan(plan: ReportPlan, picture: PlanPicture) -> Picture:
    takes = answer.resources_words(plan.resources)
    takes = say("It takes {resources}.", resources=takes) if takes else say("It takes nothing that was counted.")
    changes = "; ".join(f"{change.place}: {change.before} → {change.after}" for change in plan.changes)
    return _picture(
        f"plan-{text.file_name(plan.key)}",
        say("What the plan “{plan}” changes", plan=text.plain(plan.key)),
        text.plain(f"{say('Map of the plan {plan}.', plan=plan.name)} {changes}", 1500),
        f"{'; '.join(plan.actions)}. {takes}",
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
    scripts = moving_map.scripts(*(_OWN_SCRIPTS if offered else _OWN_SCRIPTS[:-1]))
    shown = moving_map.shown_cases(cases, centre)
    left_out = [text.plain(case.shown.plan) for case in same_case(cases, centre) if case not in shown]
    return _render(
        report,
        cases,
        pictures,
        scripts=scripts,
        script_hashes=[moving_map.content_hash(script) for script in scripts],
        page_words=text.page_json(_script_words()),
        map_json=moving_map.map_json(report, cases, centre),
        map_alt=alts.map_alt(report, tables.queues(centre.run, report.edges)),
        plans_left_out=(len(shown), left_out) if left_out else None,
        compare_json=text.page_json(picker.content(report, cases, centre)) if offered else "",
        cases_left_out=len(cases) - len(offered),
    )


def _script_words() -> dict[str, str]:
    """Return what the page's scripts say in other words than the English ones."""
    words = {english: said for name in _OWN_SCRIPTS for english, said in words_of_script(name).items()}
    return {english: said for english, said in words.items() if english != said}


def print_html(report: ReportInput, cases: Sequence[CaseResult], pictures: Sequence[Picture]) -> str:
    """Return the same content for paper: without scripts, and what needs them."""
    return _render(report, cases, pictures, scripts=(), script_hashes=())


def _render(report: ReportInput, cases: Sequence[CaseResult], pictures: Sequence[Picture], **map_content: Any) -> str:
    template = _templates().get_template("page.html.j2")
    first = {picture.name: picture for picture in pictures if picture.name in FRONT_PICTURES}
    others = [picture for picture in pictures if picture.name not in first]
    return template.render(
        **_results(report, cases), **_about(report), front_pictures=first, pictures=others, **map_content
    )


def _results(report: ReportInput, cases: Sequence[CaseResult]) -> dict[str, Any]:
    """Return what the page tells of the runs."""
    centre = headline(report, cases)
    same = same_case(cases, centre)
    return {
        "cases": cases,
        "centre": centre,
        "front": front.front(report, cases, centre),
        "shown_seed": answer.shown_seed(cases, centre),
        "case_words": lambda case: case_words(report, case),
        "range_doubt": answer.range_doubt,
        "runs": [(run, result_of(run)) for run in report.runs],
        "unasked": any(result_of(run).shadow for run in report.runs),
        "lane_rates": lambda case: tables.lane_rates(case.run),
        "found": centre.run.manifest["found_bottlenecks"],
        "holding": [] if report.bounds is None else report.bounds.streets,
        "lane_more": lane_more,
        "streets": tables.worst_streets(tables.queues(centre.run, report.edges), _WORST_STREETS),
        "groups": _groups(cases),
        "compared": comparing.comparisons(report, cases, centre),
        "by_vehicles": fewer_cars.by_vehicles(cases, centre),
        "resources": estimates.resources_table(report, cases).replace({np.nan: None}).to_dict("records"),
        "hours": movement.exits_by_hour([centre]).replace({np.nan: None}).to_dict("records"),
        "states": movement.states(same, report.edges).replace({np.nan: None}).to_dict("records"),
        "trips": movement.trip_generation([centre]).to_dict("records"),
        "checklist": nureg.checklist(report, cases),
        "forms": forms.checklists(report, cases),
        "routes": forms.routes(cases, centre).replace({np.nan: None}).to_dict("records"),
        "per_thousand": forms.per_thousand(report),
        "one_car_less": fewer_cars.one_car_less(report, cases, centre),
    }


def _about(report: ReportInput) -> dict[str, Any]:
    """Return what the page tells of the scenario."""
    settings = report.settings
    logo = settings.logo
    return {
        "report": report,
        "scenario": report.scenario,
        "settings": settings,
        "signatures": settings.signatures or (Signature(role=say("prepared by")), Signature(role=say("approved by"))),
        "plan_name": lambda key: answer.plan_name(report, key),
        "units": report.units,
        "logo_uri": f"data:{logo_type(logo)};base64,{base64.b64encode(logo.read_bytes()).decode()}" if logo else "",
        "end_h": report.scenario.simulation.end_h,
        "findings": sorted(report.findings, key=lambda finding: _SEVERITIES.index(finding.severity)),
        "placed": tables.placed_on(report.households),
        "accounts": tables.accounts_rows(report.accounts),
        "assumptions": assumptions(report),
        "departures": [(curve.name, departure_words(curve)) for curve in report.scenario.departures],
        "glossary": _GLOSSARY,
        "resource_kinds": answer.RESOURCES,
    }


def _groups(cases: Sequence[CaseResult]) -> list[tuple[str, list[CaseResult]]]:
    """Return the cases side by side in a table: those of one plan, departure curve and fidelity."""
    groups: dict[str, list[CaseResult]] = {}
    for case in cases:
        shown = case.shown
        name = say(
            "plan “{plan}”, departures “{departure}”, {fidelity}",
            plan=shown.plan, departure=shown.departure, fidelity=shown.fidelity,
        )  # fmt: skip
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
        text.plain, text.web_link, clock.clock, clock.span, text.clearance, text.estimated, text.count, text.percent,
        text.rate, text.listing, comparing.later_words, vehicles_text, programs,
    ):  # fmt: skip
        environment.filters[function.__name__] = function
    environment.filters["t"] = say
    environment.filters["ledger_words"] = ledger_words
    environment.filters["ledger_value"] = ledger_value
    return environment
