"""What a reader of a run's numbers should know, in sentences made from what the ledger counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evac import clock
from evac.counted import counted
from evac.households.accounting import LOSSES
from evac.measure.control import Control
from evac.measure.facts import CutOff, RunFacts
from evac.measure.full_junctions import DIRECTION
from evac.measure.incidents import incident_caveats
from evac.measure.passengers import bus_caveats
from evac.measure.walkers import walk_caveats
from evac.plans.places import lanes_in_words
from evac.schema.trust import Trust

# Base capacity of a freeway lane at 70 mph and more (Highway Capacity Manual, 7th edition, chapter 12).
_LANE_CAPACITY_VEH_PER_H = 2400
_LISTED = 5
_TOO_LATE = "only after the end of the simulation; raise 'simulation.end_h'"


def caveats(
    counts: Mapping[str, Any], trust: Trust, facts: RunFacts, rates: pd.DataFrame, control: Control
) -> tuple[str, ...]:
    """Return the caveats of a run.

    Parameters
    ----------
    counts
        What the ledger counts.
    trust
        Limits of trust.
    facts
        What the stages before know.
    rates
        `bottlenecks.mean_rates` of the run.
    control
        The net of the run, and what its signals do.
    """
    return (
        *map(_cut_off, facts.households_cut_off),
        *facts.caveats,
        *_loosened(trust),
        *_unfinished(counts),
        *_lost(facts),
        *_exits(counts),
        *_arrived(counts),
        *_errands(counts),
        *incident_caveats(counts),
        *_without_vehicle(counts),
        *_not_ordered(counts),
        *_background(counts),
        *_engines(counts),
        *_hazard(counts),
        *_in_refuge(counts),
        *_rates_too_high(rates),
        *_guesses(rates, control, facts),
        *_off(counts),
    )


def _cut_off(item: CutOff) -> str:
    """Tell from how many households the plan takes the only way out, since when and by which actions."""
    since = clock.clock(item.from_s) if item.from_s else "the order"
    who = counted(item.households, "household loses its", "households lose their")
    return f"{who} only way out from {since} on by {', '.join(item.actions)}"


def _loosened(trust: Trust) -> list[str]:
    default = Trust()
    return [
        f"the scenario loosens the limit '{name}' from {getattr(default, name):g} to {getattr(trust, name):g}"
        for name in Trust.model_fields
        if getattr(trust, name) > getattr(default, name)
    ]


def _unfinished(counts: Mapping[str, Any]) -> list[str]:
    late = counts["leave_after_end"]
    found = (
        (late, "planned vehicle leaves", "planned vehicles leave", _TOO_LATE),
        (counts["no_route"], "planned vehicle has", "planned vehicles have", "no route to an exit"),
        (counts["never_inserted"] - late, "planned vehicle", "planned vehicles", "never got onto the street"),
        (counts["still_driving"], "vehicle was", "vehicles were", "still on the way at the end of the simulation"),
        (
            counts["gridlock_unresolved"],
            "time",
            "times",
            "a gridlock was found that nobody could pull over to resolve",
        ),
        (counts["emergency_stops"], "emergency stop", "emergency stops", "(a driver had to stop where no car can)"),
    )
    return [f"{counted(number, one, many)} {text}" for number, one, many, text in found if number]


def _arrived(counts: Mapping[str, Any]) -> list[str]:
    """Tell when people have arrived, where the scenario says how long the drive behind an exit takes."""
    if counts.get("arrived_t90_s") is None:
        return []
    mean, there = clock.span(counts["drive_beyond_mean_s"]), clock.clock(counts["arrived_t90_s"])
    text = f"with the drive behind it, {mean} in the mean, 90 % have arrived {there} after the order"
    return [f"out is who has crossed an exit line; {text}"]


def _errands(counts: Mapping[str, Any]) -> list[str]:
    """Tell who drives less than the scenario says: nobody sets out for a place whose way closes during the run."""
    if not counts["errands_not_made"]:
        return []
    why = "the way there is closed at some time, or there is none"
    who = counted(counts["errands_not_made"], "car leaves", "cars leave")
    return [f"{who} without the errand that the scenario has for it: {why}"]


def _lost(facts: RunFacts) -> list[str]:
    """Tell of households that are missing though nobody left them out, and of those that may be there twice."""
    texts = [
        f"{number:,.0f} of {facts.households_given:,.0f} households given are not planned: {LOSSES[reason]}"
        for reason, number in facts.households_lost.items()
        if reason != "outside_area"
    ]
    if facts.households_counted_twice >= 1.0:
        texts.append(f"up to {facts.households_counted_twice:,.0f} households may be counted twice: zones overlap")
    return texts


def _exits(counts: Mapping[str, Any]) -> list[str]:
    elsewhere, unused = counts["left_by_another_exit"], counts["exits_unused"]
    left = counted(elsewhere, "vehicle left by another exit than it is", "vehicles left by another exit than they are")
    texts = [f"{left} held to"] if elsewhere else []
    return [*texts, *(f"nobody left by the exit '{name}'" for name in unused)]


def _without_vehicle(counts: Mapping[str, Any]) -> list[str]:
    fetched = bus_caveats(counts) if "bus_people" in counts else []
    walk = walk_caveats(counts) if "walk_people" in counts else []
    return [*fetched, *walk] if fetched or walk else _nobody_fetches(counts)


def _nobody_fetches(counts: Mapping[str, Any]) -> list[str]:
    number = counts["households_without_vehicle"]
    of_all = f"of {counts['households']:,} households"
    who = counted(number, f"{of_all} takes", f"{of_all} take")
    what = f"{who} no vehicle and would need a bus; none is simulated"
    by_zone = counts["households_without_vehicle_by_zone"]
    most = sorted(by_zone.items(), key=lambda item: -item[1])[:_LISTED]
    where = ", ".join(f"{households:,} in {zone}" for zone, households in most)
    return [f"{what}; of these {where}" if len(by_zone) > 1 else what] if number else []


def _not_ordered(counts: Mapping[str, Any]) -> list[str]:
    """Tell who isn't in the headline: not ordered to leave, or staying all the same; and what stays at home."""
    texts = []
    if counts["households_not_ordered"]:
        who = counted(counts["households_not_ordered"], "household is", "households are")
        stay = counted(counts["households_not_ordered"] - counts["households_unasked"], "stays", "stay")
        unasked = counted(counts["households_unasked"], "leaves", "leave")
        texts.append(
            f"{who} not ordered to leave under this plan: {stay}, {unasked} unasked with "
            f"{counted(counts['shadow'], 'vehicle')}, which are traffic and in no clearance time"
        )
    if counts["households_defying"]:
        who = counted(counts["households_defying"], "household stays", "households stay")
        texts.append(f"{who} at home though ordered to leave ('compliance' of the scenario), and in no clearance time")
    if counts["shadow_not_evacuated"]:
        who = counted(counts["shadow_not_evacuated"], "vehicle")
        texts.append(f"{who} left unasked and not out at the end")
    if counts["vehicles_left_at_home"]:
        who = counted(counts["vehicles_left_at_home"], "vehicle stays", "vehicles stay")
        texts.append(f"{who} at home because this plan asks for it")
    return texts


def _engines(counts: Mapping[str, Any]) -> list[str]:
    """Tell how fire engines got in: a plan that turns every lane round shuts them out."""
    if "engines" not in counts:
        return []
    took = ""
    if counts["engines_arrived"]:
        mean, most = (clock.span(counts[f"engines_{key}_s"]) for key in ("mean", "longest"))
        took = f", after {mean} in the mean and {most} at most"
    texts = [f"{counts['engines_arrived']} of {counts['engines']} fire engines got where they are bound for{took}"]
    if counts["engines_not_made"]:
        who = counted(counts["engines_not_made"], "fire engine")
        texts.append(f"{who} had no way in: this plan leaves no lane for that")
    if counts["engines_turned_away"]:
        who = counted(counts["engines_turned_away"], "fire engine was", "fire engines were")
        texts.append(f"{who} turned away by a road that closed ahead")
    return texts


def _background(counts: Mapping[str, Any]) -> list[str]:
    """Tell who else was on the road: in every queue, and in no clearance time."""
    if not counts.get("background"):
        return []
    rest = {"arrived": "arrived", "driving": "still drive", "waiting": "never got onto the road"}
    became = ", ".join(f"{counts[f'background_{key}']:,} {words}" for key, words in rest.items())
    who = counted(counts["background"], "vehicle of background traffic is", "vehicles of background traffic are")
    texts = [f"{who} on the road and in no clearance time: {became}"]
    if counts["background_not_made"]:
        trips = counted(counts["background_not_made"], "trip")
        closes = "the hazard or this plan" if "held_by_hazard" in counts else "this plan"
        texts.append(f"{trips} of background traffic not made, because {closes} closes the way")
    return texts


def _hazard(counts: Mapping[str, Any]) -> list[str]:
    """Tell who was in the hazard, and whom it has left no way: that is what comes out, and no lack of trust."""
    texts = []
    if counts.get("exposed"):
        who = counted(counts["exposed"], "vehicle was", "vehicles were")
        for_min = f"for {counts['exposed_vehicle_min']:,.0f} vehicle minutes"
        texts.append(f"{who} on roads that the hazard had reached, {for_min}")
    if buses := counts.get("buses_held_by_hazard"):
        who = counted(buses, "bus stands", "buses stand")
        aboard = counted(
            counts["bus_people_held_by_hazard"], "person aboard, who is not out", "people aboard, who are not out"
        )
        texts.append(f"{who} at the end because the hazard has taken the way, with {aboard}")
    if cut_off := counts.get("households_cut_off_by_hazard"):
        of_all = f"of {counts['households']:,} households"
        who = counted(cut_off, f"{of_all} has", f"{of_all} have")
        texts.append(f"{who} no way out from the order on: the hazard has closed the roads by then")
    if counts.get("held_by_hazard"):
        who = counted(counts["held_by_hazard"], "vehicle stands", "vehicles stand")
        texts.append(f"{who} at the end because the hazard has taken the way")
    if counts.get("households_not_out"):
        where = "neither out nor in a refuge" if counts["in_refuge"] else "not out"
        who = counted(counts["households_not_out"], "household has", "households have")
        texts.append(f"{who} a vehicle that is {where} at the end")
    return texts


def _in_refuge(counts: Mapping[str, Any]) -> list[str]:
    """Tell of those who are safe, and are in no clearance time."""
    if not counts["in_refuge"]:
        return []
    who = counted(counts["in_refuge"], "planned vehicle is", "planned vehicles are")
    return [f"{who} in a refuge at the end: safe, and not out"]


def _rates_too_high(rates: pd.DataFrame) -> list[str]:
    """Tell of lanes that pass more than a lane can: their clearance times would flatter."""
    high = rates[rates["highest_veh_per_h"] > _LANE_CAPACITY_VEH_PER_H]
    return [
        f"{row.bottleneck}, {lanes_in_words([lane])}: {row.highest_veh_per_h:,.0f} veh/h in a quarter of an hour, "
        f"above the capacity of a freeway lane ({_LANE_CAPACITY_VEH_PER_H:,} veh/h)"
        for row, lane in zip(high.itertuples(), high["lane"].astype(int).tolist(), strict=True)
    ]


def _guesses(rates: pd.DataFrame, control: Control, facts: RunFacts) -> list[str]:
    """Tell of bottlenecks whose lanes or signals are guessed: OpenStreetMap has no signal programs at all."""
    texts = []
    for row in rates.drop_duplicates("edge").itertuples():
        if row.edge in facts.lanes_guessed:
            texts.append(f"{row.bottleneck}: the number of lanes is guessed")
        if control.net.hasEdge(row.edge) and control.is_guessed(control.net.getEdge(row.edge)):
            texts.append(f"{row.bottleneck}: the signal's program is guessed")
    return texts


def _off(counts: Mapping[str, Any]) -> list[str]:
    """Tell of full junctions at which the simulation is known to be off, and which way."""
    texts = [f"{name}: {DIRECTION[kind]}" for name, kind in counts.get("junctions_off", {}).items()]
    return texts + [
        f"{place}: {counted(number, 'vehicle')} more got in than the gaps of a road that flows freely let "
        "in (Highway Capacity Manual), because drivers take turns there as queues do; clearance times may be too short"
        for place, number in counts.get("let_in_beyond_gaps", {}).items()
    ]
