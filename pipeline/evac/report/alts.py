"""The figures in words, for those who don't see them."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd

from evac import clock
from evac.report import tables, text
from evac.report.closed_exits import closed_words
from evac.report.inputs import ReportInput
from evac.report.results import CaseResult, case_words
from evac.report.words import say

_WORST_IN_WORDS = 3


def curves_alt(report: ReportInput, cases: Sequence[CaseResult]) -> str:
    """Return the curves in words."""
    end_h = report.scenario.simulation.end_h
    lines = []
    for case in cases:
        shown = case.shown
        times = {50: shown.t50_s, 90: shown.t90_s, 95: shown.t95_s, 100: shown.t100_s}
        words = ", ".join(f"{percent} % {text.clearance(time_s, end_h)}" for percent, time_s in times.items())
        if in_refuge := case.run.manifest["in_refuge"]:
            words += ", " + say("{share} in a refuge", share=text.percent(in_refuge / max(shown.planned, 1)))
        lines.append(f"{case_words(report, case)}: {words}{untrusted(case.doubt)}.")
    return " ".join([say("Share of all planned vehicles that are out, by hours after the order."), *lines])


def untrusted(doubt: str) -> str:
    """Return the mark of numbers that aren't trusted, with the reason in brackets; nothing for others."""
    return " " + say("(not trusted: {reason})", reason=text.plain(doubt)) if doubt else ""


def lanes_alt(case: CaseResult) -> str:
    """Return the lanes' rates in words."""
    lines = [
        say(
            "{lane}: mean {rate} vehicles per minute until 95 % are out, queue for {queue}.",
            lane=text.plain(lane.name),
            rate=text.rate(lane.mean_veh_per_min),
            queue=clock.span(lane.queue_min * clock.MINUTE_S),
        )
        for lane in tables.lane_rates(case.run)
    ]
    doubt = [say("Not trusted: {reason}.", reason=text.plain(case.doubt))] if case.doubt else []
    return " ".join([say("Vehicles per minute on each bottleneck lane by hours after the order."), *lines, *doubt])


def map_alt(report: ReportInput, queued: gpd.GeoDataFrame, plan: str) -> str:
    """Return the map of a run under a plan in words."""
    closed = report.closed_exits(plan)
    shut = {spot.name: closed_words(closed, spot.name) for spot in report.exits}
    worst = [
        say("{street} ({number} vehicles)", street=text.plain(row["street"]), number=text.count(row["queue_veh"]))
        for row in tables.worst_streets(queued, _WORST_IN_WORDS)
    ]
    longest = say("Longest queues: {streets}.", streets=text.listing(worst)) if worst else say("No queues.")
    shown = say(
        "Map of {place}: {households} households, {cut_off} of them without a street. Exits: {exits}.",
        place=text.plain(report.scenario.name),
        households=text.count(len(report.households)),
        cut_off=text.count(int((~report.households["connected"].astype(bool)).sum())),
        exits=text.listing([f"{text.plain(name)}{f' ({words})' if words else ''}" for name, words in shut.items()]),
    )
    return f"{shown} {longest}"
