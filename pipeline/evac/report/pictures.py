"""The report's pictures: each figure in its formats, with its heading, what it shows in words, and where it stands."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from evac.prose import begun
from evac.report import (
    alts,
    answer,
    drawing,
    exits_map,
    fewer_cars,
    figures,
    front_figures,
    maps,
    moments,
    panels,
    plan_map,
    tables,
    text,
)
from evac.report.hazard_answers import SafeOrders
from evac.report.inputs import PlanPicture, ReportInput, ReportPlan, WaysOut
from evac.report.order_words import order_words
from evac.report.results import CaseResult, case_words, counterpart, headline, same_case
from evac.report.safe_order import draw as draw_orders
from evac.report.words import say

FRONT = "front"
_SECTIONS = {
    "front_curves": FRONT, "front_map": FRONT, "clearance_curves": "cases", "panels": "cases", "fewer_cars": "vehicles",
    "lane_rates": "lanes", "map": "lanes", "moments": "movement", "exits": "movement", "safe_orders": "hazard",
}  # fmt: skip
"""The section of the page in which a picture stands, by its name; maps of plans have one of their own."""
_PLANS = "plans"


@dataclass(frozen=True)
class Picture:
    """A figure in its formats, and what it shows in words.

    Parameters
    ----------
    name
        File name without extension.
    title, alt, note
        Heading, the numbers for those who don't see the figure, and how to read it; no note where the figure has it.
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
    def section(self) -> str:
        """The section of the page in which it stands."""
        return _SECTIONS.get(self.name, _PLANS)

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
    if report.answers.safe_orders is not None:
        pictures.append(_safe_orders(report, report.answers.safe_orders))
    return [*pictures, *(_plan(plan, plan.picture) for plan in report.plans.values() if plan.picture)]


def _front_curves(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Picture:
    same = same_case(cases, centre)
    return _picture(
        "front_curves",
        say("How the vehicles get out"),
        alts.curves_alt(report, same),
        say(
            "Share of all planned vehicles that are out. Between the dashed line and the others, cars stand in queues."
        ),
        figure=front_figures.draw_front_curves(report, same, centre),
    )


def _front_map(report: ReportInput, centre: CaseResult) -> Picture:
    queued, worst = tables.queues(centre.run, report.edges), tables.worst_spot(centre, report)
    plan = centre.shown.plan
    shown = say("Red: the longest queues; diamond: the lane that holds the city up; green: the ways out.")
    closed = report.closed_exits(plan)
    return _picture(
        "front_map",
        say("Where the city is held up"),
        alts.map_alt(report, queued, plan),
        " ".join([shown, *([say("Crossed out: a way out that is closed, at times or for good.")] if closed else [])]),
        figure=front_figures.draw_front_map(report, queued, worst, plan),
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
            "Dashed: the share of vehicles that are ready to leave. Solid: {plan}{dotted}. Between dashed and "
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
        "mark at 90 %; dashed: vehicles that are ready to leave{dotted}. At most {most} panels; all cases are in "
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
    plan = centre.shown.plan
    figure = maps.draw_map(report, queued, tables.bottleneck_spots(centre.run, report), f"{note}{doubt}", plan)
    title = say("Where the queues stand")
    return _picture("map", title, alts.map_alt(report, queued, plan), "", figure=figure, on_page="png")


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


def _safe_orders(report: ReportInput, found: SafeOrders) -> Picture:
    rows = found.rows.to_dict("records")
    times = "; ".join(
        f"{row['zone']}: {order_words(row['latest_safe_order_min'], row['latest_safe_order'], unit=True)}"
        for row in rows
    )
    return _picture(
        "safe_orders",
        say("Until when each zone can be ordered out"),
        text.plain(times, 1500),
        say(
            "Zones by their latest safe order (h:mm after the order). Dashed: a zone's trigger line, where the "
            "front is then: when it crosses the line, order that zone."
        ),
        figure=draw_orders(report.streets, found.zones, found.lines),
        on_page="png",
    )


def _plan(plan: ReportPlan, picture: PlanPicture) -> Picture:
    takes = answer.resources_words(plan.resources)
    takes = say("It takes {resources}.", resources=takes) if takes else say("It takes nothing that was counted.")
    does = "; ".join(plan.actions)
    changes = "; ".join(f"{change.place}: {change.before} → {change.after}" for change in plan.changes)
    return _picture(
        f"plan-{text.file_name(plan.key)}",
        say("What the plan “{plan}” changes", plan=text.plain(plan.key)),
        text.plain(f"{say('Map of the plan {plan}.', plan=plan.name)} {changes}", 1500),
        f"{begun(does)}. {takes}",
        figure=plan_map.draw_plan_map(picture),
        on_page="png",
    )


def _picture(name: str, title: str, alt: str, note: str, *, figure: Figure, on_page: str = "svg") -> Picture:
    formats = {"png": drawing.png_bytes(figure), "svg": drawing.svg_bytes(figure)}
    return Picture(name, title, alt, text.plain(note, 600), formats, on_page)
