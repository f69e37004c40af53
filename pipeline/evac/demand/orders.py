"""What a plan changes about who leaves, when, to which exit, and how they drive.

Nothing is drawn anew for a plan: whoever a plan doesn't touch leaves at the same second, with the same driver, as
under normal rules. Who follows a campaign or a diversion, or leaves unasked, is drawn once for each household, so the
households of a smaller share are among those of a larger one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evac.clock import MINUTE_S
from evac.demand.departures import draw_minutes
from evac.demand.draws import uniform
from evac.demand.vehicles import household_keys, vehicles_of_households
from evac.plans.model import AnyAction, Behaviour, Divert, EvacuateOnly, Phase, When
from evac.schema.demand import Compliance, Departure, DepartureForm, VehiclesPerHousehold
from evac.schema.driving import Driver


@dataclass(frozen=True)
class Watching:
    """Households that leave, ordered or not, when they see the hazard.

    Parameters
    ----------
    share
        Share of the households that would.
    curve
        When they leave after they have seen it.
    seen_s
        When each household sees it (s after the order); those that never do aren't in it.
    """

    share: float
    curve: DepartureForm
    seen_s: Mapping[int, float]

    def may_leave(self, seed: int, keys: Iterable[str]) -> np.ndarray:
        """Return whether each household, by its lasting name, is one of those that would."""
        return np.asarray(uniform(seed, "watching", keys) < self.share)


@dataclass(frozen=True)
class Orders:
    """What a plan changes about the demand; empty for normal rules. Where two actions contradict, the later one holds.

    Parameters
    ----------
    phases
        Zones that leave in waves of their own.
    evacuate_only
        Which zones are ordered to leave: all without it.
    behaviours
        What people do differently.
    diversions
        Zones whose traffic is sent to an exit.
    residents
        Households that may drive where the plan closes roads to through traffic; worked out on its net.
    watching
        Those that leave when they see the scenario's hazard.
    """

    phases: tuple[Phase, ...] = ()
    evacuate_only: tuple[EvacuateOnly, ...] = ()
    behaviours: tuple[Behaviour, ...] = ()
    diversions: tuple[Divert, ...] = ()
    residents: frozenset[int] = frozenset()
    watching: Watching | None = None


NORMAL_RULES = Orders()
"""Everybody is ordered to leave at once, and drives as the scenario says."""

_EVERYBODY = Compliance()
"""All who are ordered to leave do."""


@dataclass(frozen=True)
class Staying:
    """Who and what stays behind because the plan says so.

    Parameters
    ----------
    households_not_ordered
        Households of zones that aren't ordered to leave; those that leave unasked among them.
    households_defying
        Households that are ordered to leave and stay (`compliance`).
    without_vehicle
        By zone, households that are ordered to leave, would, and have no vehicle; zones with none aren't in it.
    vehicles_left_at_home
        Vehicles that leaving households take under normal rules, and leave at home under this plan.
    """

    households_not_ordered: int
    households_defying: int
    without_vehicle: dict[str, int]
    vehicles_left_at_home: int


def orders_of(actions: Sequence[AnyAction]) -> Orders:
    """Return what a plan's actions change about the demand; those that change roads or signals are passed over."""
    return Orders(
        phases=tuple(item for item in actions if isinstance(item, Phase)),
        evacuate_only=tuple(item for item in actions if isinstance(item, EvacuateOnly)),
        behaviours=tuple(item for item in actions if isinstance(item, Behaviour)),
        diversions=tuple(item for item in actions if isinstance(item, Divert) and item.zones is not None),
    )


def is_staged(orders: Orders, zones: Collection[str]) -> bool:
    """Return whether some zones of the scenario are told to leave later than others; those that stay don't count."""
    ordered = [zone for zone in zones if all(zone in only.zones for only in orders.evacuate_only)]
    offset_min = {zone: phase.offset_min for phase in orders.phases for zone in phase.zones}
    return len({offset_min.get(zone, 0.0) for zone in ordered}) > 1


def driver_under(orders: Orders, driver: Driver) -> Driver:
    """Return the scenario's drivers as they are under the plan."""
    changes = {
        key: value
        for behaviour in orders.behaviours
        for key in ("informed_share", "profile")
        if (value := getattr(behaviour, key)) is not None
    }
    return driver.model_copy(update=changes)


def staying(
    zones: pd.Series,
    vehicles_per_household: float | VehiclesPerHousehold,
    seed: int,
    orders: Orders,
    compliance: Compliance = _EVERYBODY,
) -> Staying:
    """Count what stays behind in a case; `zones` has the zone of each household."""
    homes = households_of(zones, vehicles_per_household, seed, orders, compliance)
    left = np.where(homes["vehicles"] > 0, homes["usual"] - homes["vehicles"], 0)
    without = homes.loc[lack_vehicle(homes), "zone"].value_counts().sort_index()
    by_zone = {str(zone): int(number) for zone, number in without.items()}
    return Staying(int((~homes["ordered"]).sum()), int(homes["defies"].sum()), by_zone, int(left.sum()))


def households_of(
    zones: pd.Series,
    vehicles_per_household: float | VehiclesPerHousehold,
    seed: int,
    orders: Orders,
    compliance: Compliance,
) -> pd.DataFrame:
    """Return whether each household is ordered to leave, whether it stays all the same, and how many vehicles it takes.

    Parameters
    ----------
    zones
        Zone of each household.
    vehicles_per_household
        Mean over all households, or a distribution.
    seed
        The replication's seed.
    orders
        The plan's.
    compliance
        Which share of those that are ordered to leave does.

    Returns
    -------
    pandas.DataFrame
        With the index of `zones`: `zone`, `key` (its lasting name), `usual` (vehicles under normal rules), `ordered`,
        `defies` (stays though it is ordered to leave), `when_seen` (leaves only because it sees the hazard), `vehicles`
        (none: it stays, or has none).
    """
    zones = zones.astype(str)
    homes = pd.DataFrame({"zone": zones, "key": household_keys(zones)}, index=zones.index)
    usual = vehicles = vehicles_of_households(zones, vehicles_per_household, seed)
    for behaviour in orders.behaviours:
        if behaviour.at_most_vehicles is not None:
            follows = uniform(seed, "campaign", homes["key"]) < behaviour.followed_by
            vehicles = np.where(follows, np.minimum(usual, behaviour.at_most_vehicles), usual)
    ordered = np.ones(len(homes), dtype=bool)
    sees = _sees(homes, seed, orders.watching)
    when_seen = np.zeros(len(homes), dtype=bool)
    for only in orders.evacuate_only:
        ordered = homes["zone"].isin(only.zones).to_numpy(dtype=bool)
        unasked = uniform(seed, "shadow", homes["key"]) < only.shadow_share
        when_seen = sees & ~ordered & ~unasked
        vehicles = np.where(ordered | unasked | sees, vehicles, 0)
    complying = homes["zone"].map(compliance.by_zone).astype(float).fillna(compliance.share).to_numpy()
    stays = ordered & (uniform(seed, "compliance", homes["key"]) >= complying)
    when_seen |= stays & sees
    defies = stays & ~sees
    vehicles = np.where(defies, 0, vehicles)
    return homes.assign(usual=usual, ordered=ordered, defies=defies, when_seen=when_seen, vehicles=vehicles)


def _sees(homes: pd.DataFrame, seed: int, watching: Watching | None) -> np.ndarray:
    """Return whether each household, the number of which is its place, sees the hazard and leaves for it."""
    if watching is None:
        return np.zeros(len(homes), dtype=bool)
    seen = np.isin(np.arange(len(homes)), list(watching.seen_s))
    return np.asarray(seen & watching.may_leave(seed, homes["key"]))


def lack_vehicle(homes: pd.DataFrame) -> pd.Series:
    """Return which households would leave and have no vehicle; `homes` is what `households_of` returns."""
    return homes["ordered"] & ~homes["defies"] & (homes["vehicles"] == 0)


def departures_s(
    zones: pd.Series, departure: Departure, numbers: Mapping[str, np.ndarray], orders: Orders
) -> np.ndarray:
    """Return when each vehicle means to leave (s after the order, to 0.1 s).

    Parameters
    ----------
    zones
        Zone of each vehicle.
    departure
        The case's departure curve.
    numbers
        Uniform numbers of each vehicle, as `departures.draw_minutes` takes them.
    orders
        The plan's: a zone's own curve is drawn with the same numbers.
    """
    intended_s = _drawn_s(departure, numbers)
    for phase in orders.phases:
        mine = zones.isin(phase.zones).to_numpy(dtype=bool)
        own = departure if phase.curve is None else departure.model_copy(update={"curve": phase.curve})
        drawn_s = _drawn_s(own, {name: values[mine] for name, values in numbers.items()})
        intended_s[mine] = drawn_s + MINUTE_S * phase.offset_min
    return np.asarray(np.round(intended_s, 1))


def leaving_when_seen_s(vehicles: pd.DataFrame, numbers: np.ndarray, seed: int, watching: Watching) -> np.ndarray:
    """Return departures (s after the order) of which those who see the hazard leave earlier, if that is earlier.

    Parameters
    ----------
    vehicles
        A row a vehicle: `household`, `key`, `departure_s` as its order has it, `when_seen`.
    numbers
        A uniform number of each vehicle, drawn for this.
    seed
        The replication's seed.
    watching
        Who sees the hazard when.
    """
    seen_s = vehicles["household"].map(watching.seen_s).astype(float).fillna(np.inf).to_numpy(copy=True)
    seen_s[~watching.may_leave(seed, vehicles["key"])] = np.inf
    after = Departure(name="seen", curve=watching.curve)
    unasked_s = seen_s + _drawn_s(after, dict.fromkeys(("notified", "prepared", "left"), numbers))
    otherwise_s = np.where(vehicles["when_seen"], np.inf, vehicles["departure_s"])
    return np.asarray(np.round(np.minimum(otherwise_s, unasked_s), 1))


def _drawn_s(departure: Departure, numbers: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.asarray(np.round(MINUTE_S * draw_minutes(departure, dict(numbers)), 1))


def assigned_exits(vehicles: pd.DataFrame, seed: int, orders: Orders) -> pd.Series:
    """Return the exit that each vehicle is held to, missing where it is free.

    Parameters
    ----------
    vehicles
        A row a vehicle: `zone`, `key` (its household's), `departure_s`, `exit` (under normal rules).
    seed
        The replication's seed.
    orders
        The plan's: who follows a diversion is drawn for the household, whose vehicles so go together.
    """
    exits = vehicles["exit"].copy()
    for diversion in orders.diversions:
        told = vehicles["zone"].isin(diversion.zones or ()) & _while(diversion.when, vehicles["departure_s"])
        follows = uniform(seed, "diversion", vehicles["key"]) < diversion.compliance
        exits[told & follows] = diversion.to_exit
    return exits


def _while(when: When, departure_s: pd.Series) -> pd.Series:
    minutes = departure_s / MINUTE_S
    return (minutes >= when.ready_min) & (minutes < end_min(when))


def end_min(when: When) -> float:
    """Return when it ends (min after the order); infinity for the end of the run."""
    return np.inf if when.until_min is None else when.until_min
