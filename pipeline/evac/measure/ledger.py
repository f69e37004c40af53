"""The trust ledger: everything that a run's headline number rests on, and whether it may be relied upon.

A limit of trust that is passed makes a run *not trusted*, with the reason. What a reader should know, but doesn't
decide, is a caveat. An evacuation that isn't over by the end of the simulation is a result, not a lack of trust.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import sumolib

from evac.errors import SimulationError
from evac.households.accounting import LOSSES
from evac.measure.passengers import bus_caveats, passenger_counts
from evac.measure.stranded import WAITING, read_ending, stranded, streets_of
from evac.schema.trust import Trust

# Base capacity of a freeway lane at 70 mph and more (Highway Capacity Manual, 7th edition, chapter 12).
LANE_CAPACITY_VEH_PER_H = 2400
_LISTED = 5
_QUOTED = re.compile(r"'[^']*'")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class RunFacts:
    """What the stages before the simulation know that bears on trust.

    Parameters
    ----------
    households
        Households of the scenario.
    unconnected_households
        Those that no street takes, or whose street has no way out; their vehicles are planned and have no route.
    lanes_guessed
        SUMO edges whose number of lanes OpenStreetMap doesn't tell.
    households_not_ordered
        Households that the plan doesn't order to leave (`demand.orders.staying`).
    households_defying
        Households that are ordered to leave and stay.
    without_vehicle
        By zone, households that would leave and take no vehicle.
    vehicles_left_at_home
        Vehicles that leaving households leave at home because the plan asks them to.
    errands
        Vehicles that go on an errand before they leave, by its name.
    added_lanes
        Lanes that the plan adds (contraflow, shoulders).
    households_given
        Households that the zones give (may be in fractions).
    households_lost
        Those of them that aren't planned, by reason (`households.accounting.LOSSES`).
    households_counted_twice
        Planned households that two zones may both have given.
    doubts
        Reasons not to trust any number of the run, known before it.
    caveats
        What a reader of its numbers should know, known before it.
    """

    households: int = 0
    unconnected_households: int = 0
    lanes_guessed: frozenset[str] = frozenset()
    households_not_ordered: int = 0
    households_defying: int = 0
    without_vehicle: Mapping[str, int] = field(default_factory=dict)
    vehicles_left_at_home: int = 0
    errands: Mapping[str, int] = field(default_factory=dict)
    added_lanes: tuple[str, ...] = ()
    households_given: float = 0.0
    households_lost: Mapping[str, float] = field(default_factory=dict)
    households_counted_twice: float = 0.0
    doubts: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """Whether a run's headline number may be relied upon.

    Parameters
    ----------
    trusted
        No limit of trust is passed.
    reasons
        The limits that are passed, each with what was found and what was allowed.
    caveats
        What else a reader of the number should know.
    """

    trusted: bool
    reasons: tuple[str, ...]
    caveats: tuple[str, ...]


def build_ledger(
    run_dir: Path,
    statistics: Mapping[str, Mapping[str, float]],
    *,
    done: pd.DataFrame,
    rates: pd.DataFrame,
    driven: Container[str],
    net: sumolib.net.Net,
    trust: Trust,
    facts: RunFacts,
    exits: Sequence[str] = (),
    background: Mapping[str, int] | None = None,
    hazard: Mapping[str, Any] | None = None,
    leads_out: frozenset[str] = frozenset(),
    passengers: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Count what bears on trust and judge it.

    Parameters
    ----------
    run_dir
        Holds `sumo/sumo.log`, `gridlock.json` and `ending.json`.
    statistics
        `measure.read_statistics` of the run.
    done
        `measure.vehicle_results` of the run.
    rates
        `bottlenecks.mean_rates` of the run.
    driven
        Lanes that anybody drove on.
    net
        The net of the run.
    trust
        Limits of trust.
    facts
        What the stages before know.
    exits
        Names of the exits that are open at any time.
    background
        What became of the traffic that isn't evacuating (`trips.split_background`).
    hazard
        Who was exposed to the hazard (`exposure.exposed_counts`); None without one.
    leads_out
        The edges from which it has left a way out at the end of the run.
    passengers
        What became of the people without a car (`passengers.passenger_results`); None where there are no buses.

    Returns
    -------
    dict
        Counts, limits and the verdict, ready for `ledger.json`.
    """
    stuck = stranded(done, read_ending(run_dir / "ending.json"), statistics["performance"]["end"])
    held = stuck[(hazard is not None) & ~stuck["edge"].isin(leads_out)]
    stuck = stuck.drop(held.index)
    counts = {
        **_vehicle_counts(done),
        "stuck": len(stuck),
        "stuck_on": streets_of(stuck, net),
        **_exit_counts(done, exits),
        **_household_counts(done, facts),
        **(background or {}),
        **_hazard_counts(hazard, held),
        **({} if passengers is None else passenger_counts(passengers)),
        "teleports": int(statistics["teleports"]["total"]),
        "teleports_by_cause": {cause: n for cause, n in _integers(statistics["teleports"]).items() if cause != "total"},
        **_integers(statistics["safety"]),
        **read_gridlock(run_dir / "gridlock.json"),
        "added_lanes": len(facts.added_lanes),
        "added_lanes_idle": [lane for lane in facts.added_lanes if lane not in driven],
    }
    caveats = (
        *facts.caveats,
        *_loosened(trust),
        *_unfinished(counts),
        *_lost(facts),
        *_exits(counts),
        *(_without_vehicle(counts) if passengers is None else bus_caveats(counts)),
        *_not_ordered(counts),
        *_background(counts),
        *_hazard(counts),
        *_rates_too_high(rates),
        *_guesses(rates, net, facts),
    )
    reasons = [*facts.doubts, *limits_passed(counts, trust)]
    return {
        **counts,
        "warnings": warnings_by_kind(run_dir / "sumo" / "sumo.log"),
        "limits": trust.model_dump(),
        **asdict(Verdict(not reasons, tuple(reasons), caveats)),
    }


def _vehicle_counts(done: pd.DataFrame) -> dict[str, int]:
    """Count vehicles: those that are planned, those that leave unasked, and what became of all of them."""
    shadow = ~done["ordered"]
    return {
        "vehicles": len(done),
        "planned": int((~shadow).sum()),
        "shadow": int(shadow.sum()),
        "shadow_not_evacuated": int((shadow & (done["status"] != "evacuated")).sum()),
        "never_inserted": int((~shadow & (done["status"] == "waiting")).sum()),
        "no_route": int((~shadow & (done["status"] == "no_route")).sum()),
        "still_driving": int((~shadow & (done["status"] == "driving")).sum()),
        "taken_out": int(done["taken_out"].eq(other=True).sum()),
    }


def _exit_counts(done: pd.DataFrame, exits: Sequence[str]) -> dict[str, Any]:
    """Count who left by another exit than they are held to, and the exits that served nobody."""
    out = done[done["status"] == "evacuated"]
    elsewhere = out["exit_assigned"].notna() & (out["exit_assigned"] != out["exit"])
    return {
        "left_by_another_exit": int(elsewhere.sum()),
        "exits_unused": [name for name in exits if name not in set(out["exit"])],
    }


def _household_counts(done: pd.DataFrame, facts: RunFacts) -> dict[str, int]:
    with_vehicle = done.loc[done["ordered"], "household"].nunique()
    stay = facts.households_not_ordered + facts.households_defying
    return {
        "households_given": round(facts.households_given, 2),
        "households_lost": {reason: round(number, 2) for reason, number in facts.households_lost.items()},
        "households_counted_twice": round(facts.households_counted_twice, 2),
        "households": facts.households,
        "unconnected_households": facts.unconnected_households,
        "households_not_ordered": facts.households_not_ordered,
        "households_defying": facts.households_defying,
        "households_unasked": done.loc[~done["ordered"], "household"].nunique(),
        "households_without_vehicle": max(0, facts.households - stay - with_vehicle),
        "households_without_vehicle_by_zone": dict(facts.without_vehicle),
        "vehicles_left_at_home": facts.vehicles_left_at_home,
        "errands": dict(facts.errands),
    }


def limits_passed(counts: Mapping[str, Any], trust: Trust) -> list[str]:
    """Return a sentence for each limit of trust that the counts pass."""
    reasons = [] if counts["planned"] else ["no vehicle is planned: there is nothing to measure"]
    if counts["stuck"]:
        words = "are stuck at the end, and more time would not help them"
        reasons.append(f"{counts['stuck']} of {counts['vehicles']} vehicles {words}: {_most(counts['stuck_on'])}")
    if counts["taken_out"]:
        reasons.append(f"{counts['taken_out']} vehicles were taken out of the simulation before they reached an exit")
    if counts["teleports"] > trust.teleports:
        causes = ", ".join(f"{n} {cause.replace('_', ' ')}" for cause, n in counts["teleports_by_cause"].items() if n)
        reasons.append(f"{counts['teleports']} vehicles teleported ({causes}); the limit is {trust.teleports}")
    for count, of, limit, what in (
        ("gridlock_vehicles", "vehicles", trust.gridlock_share, "vehicles had to pull over to resolve gridlock"),
        ("collisions", "vehicles", trust.collisions_share, "collisions among all vehicles"),
        ("unconnected_households", "households", trust.unconnected_share, "households are not connected to a street"),
    ):
        if counts[count] > limit * counts[of]:
            share = f"{counts[count]} of {counts[of]}" if counts[of] else str(counts[count])
            reasons.append(f"{share}: {what}; the limit is {limit:.2%}")
    if counts["added_lanes_idle"]:
        names = ", ".join(counts["added_lanes_idle"][:_LISTED])
        number = f"{len(counts['added_lanes_idle'])} of {counts['added_lanes']}"
        reasons.append(f"{number} lanes that the plan adds serve nobody ({names}): contraflow on paper only")
    return reasons


def _most(counts: Mapping[str, int]) -> str:
    """Return the first of places with their counts in words: `31 on Main Street, 9 waiting at Hill Road`."""
    listed = [f"{count} {place if place.startswith(WAITING) else f'on {place}'}" for place, count in counts.items()]
    rest = sum(list(counts.values())[_LISTED:])
    return ", ".join([*listed[:_LISTED], *([f"{rest} elsewhere"] if rest else [])])


def read_gridlock(path: Path) -> dict[str, int]:
    """Return how many gridlock events the run had, how many were left unresolved, and how many vehicles were touched.

    The file lists the events; each names the `vehicles` that had to pull over, none where it couldn't be resolved.
    """
    try:
        events = json.loads(path.read_text())
        touched = {vehicle for event in events for vehicle in event["vehicles"]}
        unresolved = sum(not event["vehicles"] for event in events)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SimulationError(f"{path}: is no list of gridlock events ({error!r}); run it again") from error
    return {
        "gridlock_events": len(events),
        "gridlock_unresolved": unresolved,
        "gridlock_vehicles": len(touched),
    }


def warnings_by_kind(log: Path) -> dict[str, int]:
    """Count SUMO's warnings by kind: the same words, whatever the vehicle, edge, and time."""
    lines = log.read_text(errors="replace").splitlines()
    texts = (line.removeprefix("Warning: ") for line in lines if line.startswith("Warning: "))
    kinds = Counter(_NUMBER.sub("…", _QUOTED.sub("'…'", text)) for text in texts)
    return dict(sorted(kinds.items()))


def _integers(numbers: Mapping[str, float]) -> dict[str, int]:
    """Return SUMO's counts under names like ours (`emergencyStops` is `emergency_stops`)."""
    return {re.sub(r"([A-Z])", r"_\1", name).lower(): int(value) for name, value in numbers.items()}


def _loosened(trust: Trust) -> list[str]:
    default = Trust()
    return [
        f"the scenario loosens the limit '{name}' from {getattr(default, name):g} to {getattr(trust, name):g}"
        for name in Trust.model_fields
        if getattr(trust, name) > getattr(default, name)
    ]


def _unfinished(counts: Mapping[str, Any]) -> list[str]:
    texts = {
        "no_route": "planned vehicles have no route to an exit",
        "never_inserted": "planned vehicles never got onto the street",
        "still_driving": "vehicles were still on the way at the end of the simulation",
        "gridlock_unresolved": "times a gridlock was found that no vehicle could resolve by pulling over",
        "emergency_stops": "emergency stops (a driver had to stop where no car can)",
    }
    return [f"{counts[key]} {text}" for key, text in texts.items() if counts[key]]


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
    texts = [f"{elsewhere} vehicles left by another exit than the one they are held to"] if elsewhere else []
    return [*texts, *(f"nobody left by the exit '{name}'" for name in unused)]


def _without_vehicle(counts: Mapping[str, Any]) -> list[str]:
    number = counts["households_without_vehicle"]
    what = f"{number} of {counts['households']} households take no vehicle: they need a bus, and none is simulated"
    by_zone = counts["households_without_vehicle_by_zone"]
    most = sorted(by_zone.items(), key=lambda item: -item[1])[:_LISTED]
    where = ", ".join(f"{households} in {zone}" for zone, households in most)
    return [f"{what}; of these {where}" if len(by_zone) > 1 else what] if number else []


def _not_ordered(counts: Mapping[str, Any]) -> list[str]:
    """Tell who isn't in the headline: not ordered to leave, or staying all the same; and what stays at home."""
    texts = []
    if counts["households_not_ordered"]:
        stay = counts["households_not_ordered"] - counts["households_unasked"]
        texts.append(
            f"{counts['households_not_ordered']} households are not ordered to leave under this plan: {stay} stay, "
            f"{counts['households_unasked']} leave unasked with {counts['shadow']} vehicles, which are traffic and "
            "not counted in the clearance times"
        )
    if counts["households_defying"]:
        texts.append(
            f"{counts['households_defying']} households that are ordered to leave stay at home, as the scenario's "
            "'compliance' says; they are in no clearance time"
        )
    if counts["shadow_not_evacuated"]:
        texts.append(f"{counts['shadow_not_evacuated']} vehicles that left unasked were not out at the end")
    if counts["vehicles_left_at_home"]:
        texts.append(f"{counts['vehicles_left_at_home']} vehicles stay at home because this plan asks for it")
    return texts


def _background(counts: Mapping[str, Any]) -> list[str]:
    """Tell who else was on the road: in every queue, and in no clearance time."""
    if not counts.get("background"):
        return []
    rest = {"arrived": "arrived", "driving": "still drive", "waiting": "never got onto the road"}
    became = ", ".join(f"{counts[f'background_{key}']} {words}" for key, words in rest.items())
    texts = [
        f"{counts['background']} vehicles of background traffic are on the road and in no clearance time: {became}"
    ]
    if counts["background_not_made"]:
        texts.append(
            f"{counts['background_not_made']} trips of background traffic were not made: this plan closes their way"
        )
    return texts


def _hazard_counts(hazard: Mapping[str, Any] | None, held: pd.DataFrame) -> dict[str, Any]:
    if hazard is None:
        return {}
    names = ("exposed", "exposed_vehicle_min", "households_not_out")
    return {**{name: hazard[name] for name in names}, "held_by_hazard": len(held)}


def _hazard(counts: Mapping[str, Any]) -> list[str]:
    """Tell who was in the hazard, and whom it has left no way: that is what comes out, and no lack of trust."""
    texts = []
    if counts.get("exposed"):
        texts.append(
            f"{counts['exposed']} vehicles were on roads that the hazard had reached, for "
            f"{counts['exposed_vehicle_min']:.0f} vehicle minutes"
        )
    if counts.get("held_by_hazard"):
        texts.append(f"{counts['held_by_hazard']} vehicles stand at the end because the hazard has taken their way")
    if counts.get("households_not_out"):
        texts.append(f"{counts['households_not_out']} households have a vehicle that isn't out at the end")
    return texts


def _rates_too_high(rates: pd.DataFrame) -> list[str]:
    """Tell of lanes that pass more than a lane can: their clearance times would flatter."""
    high = rates[rates["highest_veh_per_h"] > LANE_CAPACITY_VEH_PER_H]
    return [
        f"{row.bottleneck}, lane {row.lane}: {row.highest_veh_per_h:.0f} veh/h in a quarter of an hour, above the "
        f"capacity of a freeway lane ({LANE_CAPACITY_VEH_PER_H} veh/h)"
        for row in high.itertuples()
    ]


def _guesses(rates: pd.DataFrame, net: sumolib.net.Net, facts: RunFacts) -> list[str]:
    """Tell of bottlenecks whose lanes or signals are guessed: OpenStreetMap has no signal programs at all."""
    texts = []
    for row in rates.drop_duplicates("edge").itertuples():
        if row.edge in facts.lanes_guessed:
            texts.append(f"{row.bottleneck}: the number of lanes is guessed")
        if net.hasEdge(row.edge) and net.getEdge(row.edge).getTLS() is not None:
            texts.append(f"{row.bottleneck}: the signal's program is guessed")
    return texts
