"""What laws and guidance ask of a city's evacuation study, filled from this report's results, blank with the reason.

- California Government Code 65302.15 (AB 747, 2019; AB 1409, 2021): a city's safety element identifies evacuation
  routes and their capacity, safety and viability under a range of emergency scenarios. The statute's own words couldn't
  be had when this was written; what it asks is as cities report it (https://elkgrovecity.org/general-plan/2021-safety-
  element-update).
- Colorado HB23-1075 (2023), as enacted, asks no form of a city: it ordered a study of evacuation and clearance time
  modelling in emergency management plans, and of developments of ten or more homes
  (https://leg.colorado.gov/bills/HB23-1075). The rows are what the bill as introduced would have required.
- The National Wildfire Evacuation Planning Guidance (U.S. Fire Administration, 2026) has a template whose text couldn't
  be had: the rows are the stages that it covers by its announcement.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from evac.report import movement, text
from evac.report.inputs import ReportInput
from evac.report.nureg import Item
from evac.report.results import CaseResult, other_capacities, same_case, several_plans
from evac.report.words import mark, say

TITLES = (
    mark("California Government Code 65302.15 (AB 747)"),
    mark("Colorado HB23-1075 (enacted as a study; rows as introduced)"),
    mark("National Wildfire Evacuation Planning Guidance (USFA 2026; by the stages of its announcement)"),
)
_THOUSAND = 1000.0


def routes(cases: Sequence[CaseResult], centre: CaseResult) -> pd.DataFrame:
    """Return each way out under each plan, as AB 747 asks: what it carries, and whether it serves until the end.

    Columns: `exit`, `plan`, `vehicles` (planned ones that leave by it), `busiest_hour_veh` (most in 60 minutes),
    `last_s` (when the last leaves, s after the order; missing where nobody does), `trusted`, `reasons`. Capacity is
    what the way out carried, which is less than what it could where no queue stood.
    """
    rows = []
    for case in same_case(cases, centre):
        out = movement.evacuated(case)
        for name in case.run.manifest["exits"]:
            times = out.loc[out["exit"] == name, "evacuated_s"].sort_values()
            rows.append(
                {
                    "exit": name,
                    "plan": case.shown.plan,
                    "vehicles": len(times),
                    "busiest_hour_veh": movement.busiest_hour(times),
                    "last_s": times.max(),
                    "trusted": not case.doubt,
                    "reasons": case.doubt,
                }
            )
    return pd.DataFrame(rows)


def per_thousand(report: ReportInput) -> str:
    """Return ways out per thousand people, or per thousand households where people weren't counted."""
    exits, households = len(report.exits), int(report.zones["households"].sum())
    people = report.scenario.households.zones.people_per_household
    if not households:
        return say("no household is in the area")
    if people is None:
        rate = f"{exits / households * _THOUSAND:.1f}"
        return say("{rate} ways out per thousand households; people weren't counted", rate=rate)
    rate = f"{exits / (households * people) * _THOUSAND:.1f}"
    return say("{rate} ways out per thousand people ({each} in a household)", rate=rate, each=text.plain(people))


def checklists(report: ReportInput, cases: Sequence[CaseResult]) -> dict[str, list[Item]]:
    """Return what each form asks and where it is here, by the form's title."""
    found = (_california(report), _colorado(report, cases), _usfa(report, cases))
    return {
        say(title): [Item(item.section, say(item.asks), item.state, say(item.where)) for item in items]
        for title, items in zip(TITLES, found, strict=True)
    }


def _california(report: ReportInput) -> list[Item]:
    lost = any(plan.loses_roads for plan in report.plans.values())
    return [
        Item("(a)", "Evacuation routes", "yes", "Ways out, on the map of the ways out; tables/routes.csv"),
        Item("(a)", "Their capacity", "yes", "Ways out (busiest hour); lane rates at every bottleneck"),
        Item("(a)", "Their safety", "in part" if report.scenario.hazard else "no",
             "Who is safe and who is caught, by zone, under the hazard's name; by road: a run's exposure.parquet"
             if report.scenario.hazard else "Blank: no fire or flood comes in this scenario (`hazard`)"),
        Item("(a)", "Their viability", "yes", "Ways out: vehicles under each plan, and when the last leaves"),
        Item(
            "(a)",
            "A range of emergency scenarios",
            "yes" if lost else "in part",
            "Plans that lose a road stand beside those that don't" if lost else
            "No plan of this report loses a road: lay one over (`do: close`)",
        ),
        Item("(b)", "Evacuation locations (AB 1409)", "in part" if report.scenario.refuges else "no",
             "Refuges in the area: who is in each, and which are full; the clock stops at the exit lines"
             if report.scenario.refuges else "Blank: the clock stops at the exit lines"),
        _new_homes(report, "", mark("A development's effect on evacuation")),
    ]  # fmt: skip


def _colorado(report: ReportInput, cases: Sequence[CaseResult]) -> list[Item]:
    return [
        Item("1", "Clearance time of the area, for its emergency management plan", "yes", "The answer; Clearance time"),
        _several_conditions(cases),
        Item("1", "Results on an interactive page", "yes", "This page: one file, with the streets over time"),
        _new_homes(report, "2", mark("Clearance time with a proposed development of ten or more homes")),
    ]  # fmt: skip


def _several_conditions(cases: Sequence[CaseResult]) -> Item:
    asks = mark("Evacuation modelled under several conditions")
    if several_plans(cases) and other_capacities(cases):
        return Item("1", asks, "yes", "What each plan buys; 90 % at ± 15 % lane capacity")
    if several_plans(cases):
        return Item("1", asks, "yes", "What each plan buys")
    if other_capacities(cases):
        return Item("1", asks, "in part", "90 % at ± 15 % lane capacity; only one plan was simulated")
    return Item("1", asks, "no", "Blank: one plan was simulated, at one lane capacity")


def _new_homes(report: ReportInput, section: str, asks: str) -> Item:
    if report.development is None:
        return Item(section, asks, "no", "Blank: `evac run --add-homes ZONE=NUMBER` simulates it with and without them")
    return Item(section, asks, "yes", "What new homes do; tables/development.csv")


def _order_of_zones(report: ReportInput) -> Item:
    asks = mark("Deciding: zones, and in which order they leave")
    if report.answers.safe_orders is not None:
        return Item("2", asks, "yes", "Until when each zone can be ordered out, under the hazard's name")
    if any(plan.in_waves for plan in report.plans.values()):
        return Item("2", asks, "yes", "Rows of the plan that phases zones")
    return Item("2", asks, "no", "No plan of this report phases zones")


def _usfa(report: ReportInput, cases: Sequence[CaseResult]) -> list[Item]:
    return [
        Item("1", "Preparing: who lives where, and the roads", "yes", "Households by zone; the check of the road map"),
        Item("1", "Preparing: time that an evacuation takes", "yes", "The answer; By zone"),
        _order_of_zones(report),
        Item("2", "Deciding: traffic control and what it takes", "yes" if several_plans(cases) else "no",
             "What each plan takes" if several_plans(cases) else "Only normal rules were simulated"),
        Item("3", "Telling the public", "no", "Blank: a matter of people; departure curves say when they leave"),
        Item("4", "Letting residents back", "no", "Blank: return traffic is not simulated"),
        Item("5", "Evaluating how it went", "in part", "Measured departures can replace the curve (form: measured)"),
    ]  # fmt: skip
