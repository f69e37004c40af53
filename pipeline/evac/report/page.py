"""The page: one HTML file with style and pictures inside, that opens without a network."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from evac import clock
from evac.report import (
    alts,
    answer,
    comparing,
    fewer_cars,
    forms,
    front,
    ledger,
    movement,
    moving_map,
    nureg,
    picker,
    tables,
    text,
)
from evac.report.assumptions import assumptions, departure_words
from evac.report.at_best import lane_more
from evac.report.catalogue import words_of_script
from evac.report.development import in_a_line
from evac.report.doubted import is_told
from evac.report.hazard_section import hazard_section
from evac.report.inputs import ReportInput
from evac.report.pictures import FRONT, Picture
from evac.report.results import (
    CaseResult,
    case_words,
    counterpart,
    headline,
    programs,
    same_case,
    vehicles_text,
)
from evac.report.settings import Signature, logo_type
from evac.report.words import mark, say

_WORST_STREETS, _MOST_BESIDE = 5, 4
_SEVERITIES = ("error", "warning")
"""Findings that the page has; notes are in the file."""
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
        mark("When vehicles are ready to leave: the share that is by each time."),
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


def content(report: ReportInput, cases: Sequence[CaseResult], pictures: Sequence[Picture]) -> dict[str, Any]:
    """Return what page and paper both tell, for `page_html` and `print_html`."""
    sections: dict[str, list[Picture]] = {}
    for picture in pictures:
        sections.setdefault(picture.section, []).append(picture)
    first = {picture.name: picture for picture in sections.pop(FRONT, [])}
    return {**_results(report, cases), **_about(report), "front_pictures": first, "pictures": sections}


def page_html(report: ReportInput, cases: Sequence[CaseResult], told: Mapping[str, Any]) -> str:
    """Return the page that tells some `content`, with the map that moves."""
    centre = headline(report, cases)
    offered = picker.offered(cases)
    scripts = moving_map.scripts(*(_OWN_SCRIPTS if offered else _OWN_SCRIPTS[:-1]))
    shown = moving_map.shown_cases(cases, centre)
    left_out = [text.plain(case.shown.plan) for case in same_case(cases, centre) if case not in shown]
    return _render(
        told,
        scripts=scripts,
        script_hashes=[moving_map.content_hash(script) for script in scripts],
        page_words=text.page_json(_script_words()),
        map_json=moving_map.map_json(report, cases, centre),
        map_alt=alts.map_alt(report, tables.queues(centre.run, report.edges), centre.shown.plan),
        plans_left_out=(len(shown), left_out) if left_out else None,
        compare_json=text.page_json(picker.content(report, cases, centre)) if offered else "",
        cases_left_out=len(cases) - len(offered),
    )


def _script_words() -> dict[str, str]:
    """Return what the page's scripts say in other words than the English ones."""
    words = {english: said for name in _OWN_SCRIPTS for english, said in words_of_script(name).items()}
    return {english: said for english, said in words.items() if english != said}


def print_html(told: Mapping[str, Any]) -> str:
    """Return the same content for paper: without scripts, and what needs them."""
    return _render(told, scripts=(), script_hashes=())


def _render(told: Mapping[str, Any], **map_content: Any) -> str:
    return _templates().get_template("page.html.j2").render(**told, **map_content)


def _results(report: ReportInput, cases: Sequence[CaseResult]) -> dict[str, Any]:
    """Return what the page tells of the runs."""
    centre = headline(report, cases)
    other, not_whole = counterpart(report, cases, centre), ledger.not_whole(report)
    return {
        "cases": cases,
        "centre": centre,
        "other": other,
        "front": front.front(report, cases, centre),
        "danger": hazard_section(report, centre),
        "shown_seed": answer.shown_seed(cases, centre),
        "plan_names": _plan_names(report, cases),
        "case_words": lambda case: case_words(report, case),
        "range_doubt": answer.range_doubt,
        "is_told": is_told,
        "holding": [] if report.bounds is None else report.bounds.streets,
        "lane_more": lane_more,
        "compared": comparing.comparisons(report, cases, centre),
        "later": lambda case: comparing.later(report, cases, case),
        "counterpart": lambda case: counterpart(report, cases, case),
        "one_car_less": fewer_cars.one_car_less(report, cases, centre),
        "new_homes": in_a_line(report.development, centre, report.scenario.simulation.end_h),
        "held_lanes": tables.held_lanes(centre, other),
        "held_elsewhere": tables.held_elsewhere(centre),
        "both_doubts": "; ".join(dict.fromkeys(case.doubt for case in (centre, other) if case and case.doubt)),
        "streets": tables.worst_streets(tables.queues(centre.run, report.edges), _WORST_STREETS),
        **_beside(report, cases, centre, other),
        "states": _records(movement.states([centre], report.edges)),
        "per_thousand": forms.per_thousand(report),
        "ledger": ledger.ledger(report),
        "not_whole": not_whole,
        "whole": len(report.runs) - sum(item.evacuated < item.planned for item in not_whole),
        "unasked": any(item.shadow for item in not_whole),
        "sheltered": any(item.in_refuge for item in not_whole),
        "simulation_words": lambda result: ledger.simulation_words(report, result),
        "checklist": nureg.checklist(report, cases),
        "forms": forms.checklists(report, cases),
    }


def _plan_names(report: ReportInput, cases: Sequence[CaseResult]) -> str:
    """Return what people call each plan whose key is another word: tables and files have the keys."""
    keys = dict.fromkeys(case.shown.plan for case in cases)
    called = [(key, answer.plan_name(report, key)) for key in keys]
    return "; ".join(f"{text.plain(key)}: “{name}”" for key, name in called if name.casefold() != key.casefold())


def _beside(
    report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult, other: CaseResult | None
) -> dict[str, Any]:
    """Return what the tables of zones and ways out have: the plan that is compared with first, the one shown last."""
    same = same_case(cases, centre)
    if len(same) > _MOST_BESIDE:
        same = [case for case in same if case is centre or case is other]
    beside = sorted(same, key=lambda case: (case is not other, case is centre))
    zones = [zone for case in (centre, *beside) for zone in case.run.manifest["zones"].items()]
    change = comparing.compare(other, centre) if other is not None else None
    return {
        "beside": beside,
        "zone_vehicles": {name: times["planned"] for name, times in reversed(zones)},
        "zone_households": dict(zip(report.zones["zone"].astype(str), report.zones["households"], strict=True)),
        "change": {zone.zone: zone.later_s for zone in change.zones} if change and change.seed is not None else {},
        "routes": {(row["exit"], row["plan"]): row for row in _records(forms.routes(cases, centre))},
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): cell for name, cell in row.items()} for row in table.replace({np.nan: None}).to_dict("records")]


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
        "findings": [item for severity in _SEVERITIES for item in report.findings if item.severity == severity],
        "notes": sum(item.severity not in _SEVERITIES for item in report.findings),
        "placed": tables.placed_on(report.households),
        "accounts": tables.accounts_rows(report.accounts),
        "assumptions": assumptions(report),
        "departures": [(curve.name, departure_words(curve)) for curve in report.scenario.departures],
        "glossary": _GLOSSARY,
    }


@cache
def _templates() -> jinja2.Environment:
    """Return the templates, compiled once."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("evac.report", "templates"),
        autoescape=True,
        finalize=text.unbroken,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for function in (
        text.plain, text.code, text.web_link, clock.clock, clock.span, text.clearance, text.estimated, text.count,
        text.percent, text.rate, text.listing, comparing.later_words, vehicles_text, programs,
    ):  # fmt: skip
        environment.filters[function.__name__] = function
    environment.filters["t"] = _said
    return environment


@jinja2.pass_context  # else a compiled template would keep the words of the first report
def _said(_: jinja2.runtime.Context, english: str, /, **values: object) -> str:
    return say(english, **values)
