"""The contents that NUREG/CR-7002 (Rev. 1, 2021) asks of an evacuation time estimate, and where this report has them.

The guidance (https://www.nrc.gov/reading-rm/doc-collections/nuregs/contract/cr7002/r1/index.html) is written for the
zones around nuclear power plants; its list serves as a check of completeness for any area that is ordered out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evac.report.inputs import ReportInput
from evac.report.results import CaseResult, other_capacities
from evac.report.words import mark, say
from evac.schema.scenario import Scenario
from evac.study.cases import background_of

State = Literal["yes", "in part", "no", "does not apply"]
STATES: tuple[State, ...] = (mark("yes"), mark("in part"), mark("no"), mark("does not apply"))


@dataclass(frozen=True)
class Item:
    """A content that the guidance asks for. Its words are among the report's (`catalogue`).

    Parameters
    ----------
    section
        The guidance's section.
    asks
        What it asks for, in our words.
    state
        Whether this report has it.
    where
        Where it is found, or why it isn't there.
    """

    section: str
    asks: str
    state: State
    where: str


def checklist(report: ReportInput, cases: Sequence[CaseResult]) -> list[Item]:
    """Return the contents that the guidance asks for, in its order."""
    items = [
        *_introduction(report, cases),
        *_demand(report, cases),
        *_roads(report, cases),
        *_times(report, cases),
        *_other(report, cases),
    ]
    return [Item(item.section, say(item.asks), item.state, say(item.where)) for item in items]


def _introduction(report: ReportInput, cases: Sequence[CaseResult]) -> list[Item]:
    staged = any(plan.in_waves for plan in report.plans.values())
    return [
        Item("1.0", "The area with its boundary, on a map", "yes", "Map; tables/report.gpkg, layer zones"),
        Item("1.1", "The approach, and the simulation model with its version", "yes", "Inputs and assumptions"),
        Item("1.2", "The assumptions, and where each is from", "yes", "Inputs and assumptions; tables/assumptions.csv"),
        Item(
            "1.3",
            "Scenarios by season, day of the week, time of day, weather and special event",
            "in part" if other_capacities(cases) else "no",
            "A scenario is one state of the roads and the households; others are scenarios of their own. Weather and "
            "drivers that pass fewer vehicles are the rows at 15 % less lane capacity"
            if other_capacities(cases)
            else "A scenario is one state of the roads and the households; others are scenarios of their own",
        ),
        Item(
            "1.3.1",
            "Staged evacuation",
            "yes" if staged else "no",
            "Clearance time, rows of the plan that phases zones" if staged else "No plan of this report phases zones",
        ),
        Item(
            "1.4",
            "Estimates for parts of the area (regions, sectors)",
            "in part",
            "By zone, when all are ordered at once; a zone ordered alone needs a plan with `evacuate_only`",
        ),
        Item(
            "1.5",
            "Cases compared side by side",
            "yes" if len(cases) > 1 else "no",
            "Clearance time; tables/clearance.csv",
        ),
    ]


def _demand(report: ReportInput, cases: Sequence[CaseResult]) -> list[Item]:
    shadow = any(case.shown.shadow for case in cases)
    scenario = report.scenario
    background = any(not background_of(scenario, case.shown.departure).is_nobody for case in cases)
    return [
        Item("2.1", "Permanent residents, from the census, and vehicles per household", "yes",
             "Households by zone; one row a case of vehicles per household; sources in Inputs and assumptions"),
        Item("2.1.2", "Transient population (visitors, workers)", "no", "Not simulated: only households leave"),
        _without_a_vehicle(scenario),
        Item("2.3", "Special facilities (hospitals, homes)", "no", "Not simulated; they need vehicles of their own"),
        Item("2.4", "Schools", "in part" if scenario.before_leaving else "no",
             "Trips to fetch somebody first are driven; schools' own vehicles are not" if scenario.before_leaving else
             "Not simulated; a scenario's `before_leaving` has parents fetch children first"),
        Item("2.5.1", "Special events", "no", "Not simulated; an event is a scenario with more vehicles"),
        Item("2.5.2", "Shadow evacuation: people who leave unasked", "yes" if shadow else "no",
             "In every queue, not in the clearance times; see How sure are these numbers?" if shadow else
             "No plan of this report has any; a plan with `evacuate_only` and `shadow_share` does"),
        Item("2.5.3", "Background and pass-through traffic", "yes" if background else "no",
             "In every queue, not in the clearance times; see Inputs and assumptions" if background else
             "Roads start empty and nobody passes through; a scenario's `background` says otherwise"),
        Item("2.6", "Summary of the demand", "yes", "Clearance time (vehicles); Households by zone"),
    ]  # fmt: skip


def _without_a_vehicle(scenario: Scenario) -> Item:
    section, asks = "2.2", mark("Residents without a vehicle")
    if scenario.buses and scenario.walking:
        return Item(
            section, asks, "yes", "Who has a refuge within reach walks there, buses fetch the others: trust ledger"
        )
    if scenario.buses:
        return Item(section, asks, "yes", "Buses fetch them, in the same traffic: trust ledger")
    if scenario.walking:
        where = mark("Who has a refuge within reach walks there (trust ledger); `buses` would fetch the others")
        return Item(section, asks, "in part", where)
    where = mark("Counted where a case gives households no vehicle (trust ledger); `buses` would fetch them")
    return Item(section, asks, "in part", where)


def _without_a_car_times(scenario: Scenario) -> Item:
    section, asks = "4.4", mark("Times for people who depend on transit, special facilities, schools")
    if scenario.buses:
        return Item(section, asks, "in part", "Who goes by bus: trust ledger; hospitals and schools aren't simulated")
    if scenario.walking:
        where = mark("Who walks to a refuge: trust ledger; transit, hospitals and schools aren't simulated")
        return Item(section, asks, "in part", where)
    return Item(section, asks, "no", "Not simulated")


def _roads(report: ReportInput, cases: Sequence[CaseResult]) -> list[Item]:
    signals, varied = report.scenario.traffic.signals, other_capacities(cases)
    return [
        Item("3.1", "Roads with lanes, speeds and signals, and how they were verified", "in part",
             "From the road map; guesses are listed in What the check of the road map found; nobody drove the roads"),
        Item("3.2", "Capacities, and how they were found", "yes",
             "Lane rates measured at every bottleneck; 90 % at ± 15 % lane capacity" if varied else
             "Lane rates measured at every bottleneck; no other lane capacity was simulated"),
        Item("3.3", "Control of junctions", "yes" if signals in ("actuated", "static") else "in part",
             "Inputs and assumptions (signals, right of way); what a plan changes is in tables/plan_changes.csv"),
        Item("3.4", "Adverse weather", "in part" if varied else "no",
             "The rows at 15 % less lane capacity stand for it" if varied else
             "Not simulated: rows at 15 % less lane capacity would stand for it"),
    ]  # fmt: skip


def _times(report: ReportInput, cases: Sequence[CaseResult]) -> list[Item]:
    several_seeds = any(len(case.seeds) > 1 for case in cases)
    impact = any(plan.loses_roads for plan in report.plans.values())
    return [
        Item("4.1", "Trip generation times and their sources", "yes",
             "Departure curves in Inputs and assumptions; tables/trip_generation.csv"),
        Item("4.2.1", "Input of the traffic simulation", "yes", "`evac export` gives the run as SUMO reads it"),
        Item("4.2.2", "Output: queues, speeds and density at set times; vehicles by exit and hour; delays", "yes",
             "Map with the time slider; tables/states.csv, street_states.csv, exits_by_hour.csv"),
        Item("4.2.3", "Several runs, and their spread", "yes" if several_seeds else "no",
             "95 % intervals in Clearance time" if several_seeds else "One simulation a case; add seeds"),
        Item("4.3", "Times at 90 and 100 %, by case and zone", "yes",
             "Clearance time; By zone; tables/clearance_by_zone.csv"),
        _without_a_car_times(report.scenario),
        Item("4.5", "Roadway impact: a road or lane lost", "yes" if impact else "no",
             "The plan, or the hazard, that closes a road" if impact else "No plan of this report closes a road"),
    ]  # fmt: skip


def _other(report: ReportInput, cases: Sequence[CaseResult]) -> list[Item]:
    plans = any(case.shown.plan != "baseline" for case in cases)
    return [
        Item("5.1", "Traffic control plan: what it takes, and what it does", "yes" if plans else "no",
             "What each plan buys; tables/resources.csv" if plans else "Only normal rules were simulated"),
        Item("5.2", "Ways to shorten the time, and their effect", "yes" if plans else "no",
             "What each plan buys; By zone"),
        Item("5.3", "Review by state and local authorities", "does not apply", "A matter of people, not of models"),
        Item("5.4", "Updates: when the population or the roads change", "in part",
             "Dates of the inputs are in Inputs and assumptions; `evac run` writes the report anew"),
        Item("5.5", "Reception centres", "in part" if report.scenario.refuges else "does not apply",
             "Refuges in the area: who is in each; beyond the exit lines the clock has stopped"
             if report.scenario.refuges else "The clock stops at the exit lines"),
    ]  # fmt: skip
