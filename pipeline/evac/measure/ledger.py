"""The trust ledger: everything that a run's headline number rests on, and whether it may be relied upon.

A limit of trust that is passed makes a run *not trusted*, with the reason. What a reader should know, but doesn't
decide, is a caveat. An evacuation that isn't over by the end of the simulation is a result, not a lack of trust.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evac.clock import MINUTE_S
from evac.demand.routes import leaves_s
from evac.errors import SimulationError
from evac.measure.caveats import caveats
from evac.measure.control import Control
from evac.measure.facts import RunFacts
from evac.measure.passengers import passenger_counts
from evac.measure.reasons import limits_passed
from evac.measure.stranded import lanes_by_street, read_ending, stranded, streets_of
from evac.schema.trust import Trust

_QUOTED = re.compile(r"'[^']*'")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


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
    control: Control,
    trust: Trust,
    facts: RunFacts,
    exits: Sequence[str] = (),
    background: Mapping[str, int] | None = None,
    told: Mapping[str, Any] | None = None,
    hazard: Mapping[str, Any] | None = None,
    leads_out: frozenset[str] = frozenset(),
    passengers: pd.DataFrame | None = None,
    buses_left: pd.DataFrame | None = None,
    passed: Callable[[int], dict[str, Any]] | None = None,
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
    control
        The net of the run, and what its signals do.
    trust
        Limits of trust.
    facts
        What the stages before know.
    exits
        Names of the exits that are open at any time.
    background
        What became of the traffic that isn't evacuating (`trips.split_background`).
    told
        What else there is to tell: when people have arrived behind the exits (`arrival.arrivals`), which lanes cars
        stood in by chance (`incidents.incident_counts`), and junctions at which the run is known to be off
        (`full_junctions`).
    hazard
        Who was exposed to the hazard (`exposure.exposed_counts`); None without one.
    leads_out
        The edges from which it has left a way out at the end of the run.
    passengers
        What became of the people without a car (`passengers.passenger_results`); None where there are no buses.
    buses_left
        The buses that stand for good at the end (`passengers.stranded_buses`); None where there are no buses.
    passed
        What the run does that no run can (`at_best.AtBest.passed`), given the number of vehicles that were moved; None
        where that isn't known.

    Returns
    -------
    dict
        Counts, limits and the verdict, ready for `ledger.json`.
    """
    end_s = statistics["performance"]["end"]
    stuck = stranded(done, read_ending(run_dir), end_s)
    held = stuck[(hazard is not None) & ~stuck["edge"].isin(leads_out)]
    counts = {
        **_vehicle_counts(done, end_s),
        **_stuck_counts(stuck.drop(held.index), control),
        **_exit_counts(done, exits),
        "misdirected": dict(facts.misdirected),
        **_household_counts(done, facts),
        **(background or {}),
        **(told or {}),
        **_hazard_counts(hazard, held, facts),
        **({} if passengers is None else passenger_counts(passengers)),
        **({} if buses_left is None else _bus_counts(buses_left, control, None if hazard is None else leads_out)),
        **_sumo_counts(statistics),
        **read_gridlock(run_dir / "gridlock.json"),
        **_lane_counts(facts.added_lanes, driven, control),
    }
    if passed is not None:
        counts |= passed(counts["teleports"] + counts["gridlock_vehicles"])
    reasons = [*facts.doubts, *limits_passed(counts, trust)]
    return {
        **counts,
        "warnings": warnings_by_kind(run_dir / "sumo" / "sumo.log"),
        "limits": trust.model_dump(),
        **asdict(Verdict(not reasons, tuple(reasons), caveats(counts, trust, facts, rates, control))),
    }


def _vehicle_counts(done: pd.DataFrame, end_s: float) -> dict[str, int]:
    """Count vehicles: those that are planned, those that leave unasked, and what became of all of them."""
    shadow = ~done["ordered"]
    return {
        "vehicles": len(done),
        "planned": int((~shadow).sum()),
        "shadow": int(shadow.sum()),
        "shadow_not_evacuated": int((shadow & ~done["status"].isin(["evacuated", "in_refuge"])).sum()),
        "in_refuge": int((~shadow & (done["status"] == "in_refuge")).sum()),
        "never_inserted": int((~shadow & (done["status"] == "waiting")).sum()),
        "leave_after_end": int((~shadow & (done["status"] == "waiting") & (leaves_s(done) >= end_s)).sum()),
        "no_route": int((~shadow & (done["status"] == "no_route")).sum()),
        "still_driving": int((~shadow & (done["status"] == "driving")).sum()),
        "taken_out": int(done["taken_out"].eq(other=True).sum()),
    }


def _stuck_counts(stuck: pd.DataFrame, control: Control) -> dict[str, Any]:
    """Count who stands for good, but for those whom a hazard has left no way out, and name the streets."""
    return {"stuck": len(stuck), "stuck_on": streets_of(stuck, control.net)}


def _sumo_counts(statistics: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Return what SUMO has counted itself: teleports by cause, collisions, emergency stops."""
    teleports = _integers(statistics["teleports"])
    total = teleports.pop("total")
    return {"teleports": total, "teleports_by_cause": teleports, **_integers(statistics["safety"])}


def _lane_counts(added: Sequence[str], driven: Container[str], control: Control) -> dict[str, Any]:
    """Count the lanes that a plan adds, and name those that nobody drove on."""
    idle = [lane for lane in added if lane not in driven]
    return {
        "added_lanes": len(added),
        "added_lanes_idle": idle,
        "added_lanes_idle_on": lanes_by_street(idle, control.net),
    }


def _bus_counts(left: pd.DataFrame, control: Control, leads_out: frozenset[str] | None) -> dict[str, Any]:
    """Count buses that stand for good, and who is in them: those that a hazard has left no way out, and others."""
    held = left["edge"].map(lambda edge: leads_out is not None and edge not in leads_out).astype(bool)
    stuck = left[~held]
    return {
        "buses_stuck": len(stuck),
        "bus_people_stuck": int(stuck["people"].sum()),
        "buses_stuck_on": streets_of(stuck.assign(status="driving"), control.net),
        "buses_held_by_hazard": int(held.sum()),
        "bus_people_held_by_hazard": int(left.loc[held, "people"].sum()),
    }


def _cut_off(facts: RunFacts) -> dict[str, list[dict[str, Any]]]:
    found = [
        {"households": item.households, "from_min": item.from_s / MINUTE_S, "actions": list(item.actions)}
        for item in facts.households_cut_off
    ]
    return {"households_cut_off": found} if found else {}


def _exit_counts(done: pd.DataFrame, exits: Sequence[str]) -> dict[str, Any]:
    """Count who left by another exit than they are held to, and the exits that served nobody."""
    out = done[done["status"] == "evacuated"]
    elsewhere = out["exit_assigned"].isin(list(exits)) & (out["exit_assigned"] != out["exit"])
    return {
        "left_by_another_exit": int(elsewhere.sum()),
        "exits_unused": [name for name in exits if name not in set(out["exit"])],
    }


def _household_counts(done: pd.DataFrame, facts: RunFacts) -> dict[str, Any]:
    with_vehicle = done.loc[done["ordered"], "household"].nunique()
    stay = facts.households_not_ordered + facts.households_defying
    return {
        "households_given": round(facts.households_given, 2),
        "households_lost": {reason: round(number, 2) for reason, number in facts.households_lost.items()},
        "households_counted_twice": round(facts.households_counted_twice, 2),
        "households": facts.households,
        "unconnected_households": facts.unconnected_households,
        **_cut_off(facts),
        "households_not_ordered": facts.households_not_ordered,
        "households_defying": facts.households_defying,
        "households_unasked": done.loc[~done["ordered"], "household"].nunique(),
        "households_without_vehicle": max(0, facts.households - stay - with_vehicle),
        "households_without_vehicle_by_zone": dict(facts.without_vehicle),
        "vehicles_left_at_home": facts.vehicles_left_at_home,
        "errands": dict(facts.errands),
        "errands_not_made": facts.errands_not_made + errands_given_up(done),
    }


def errands_given_up(done: pd.DataFrame) -> int:
    """Return how many cars are out without the errand that they set out for: the way there closed."""
    return int((done["evacuated_s"].notna() & (done["stopped_s"] < done["stop_s"])).sum())


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


def _hazard_counts(hazard: Mapping[str, Any] | None, held: pd.DataFrame, facts: RunFacts) -> dict[str, Any]:
    if hazard is None:
        return {}
    names = ("exposed", "exposed_vehicle_min", "households_not_out")
    return {
        **{name: hazard[name] for name in names},
        "held_by_hazard": len(held),
        "households_cut_off_by_hazard": facts.households_cut_off_by_hazard,
    }
