"""The demand: one row a vehicle, with its intended departure, its start and what its driver knows.

Vehicles that have no way out are rows too, with the status `no_route` and the reason: they count against the plan.
Every number drawn depends on the seed and the vehicle alone (`draws`), so a vehicle is the same in every plan, and the
vehicles of a case are among those of a case with more.

Each vehicle draws its own departure. With a sum of activities the cars of a household share the draws for being
notified and prepared, and each draws its own time to leave: one household leaves nearly together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import sumolib

from evac.demand import drivers
from evac.demand.draws import uniform
from evac.demand.errands import COLUMNS as ERRAND_COLUMNS
from evac.demand.errands import with_errands
from evac.demand.orders import (
    NORMAL_RULES,
    Orders,
    assigned_exits,
    departures_s,
    driver_under,
    households_of,
    leaving_when_seen_s,
)
from evac.demand.starts import ANY_REFUGE, FREE_CHOICE, Starts, StartsOf
from evac.errors import Problem, ScenarioError
from evac.network.reach import ExitEdges
from evac.schema.demand import Departure, VehiclesPerHousehold
from evac.schema.scenario import Scenario


def build_demand(
    households: pd.DataFrame,
    *,
    vehicles_per_household: float | VehiclesPerHousehold,
    departure: Departure,
    seed: int,
    scenario: Scenario,
    net: sumolib.net.Net,
    exits: Sequence[ExitEdges],
    orders: Orders = NORMAL_RULES,
    starts: Sequence[tuple[float, StartsOf]] | None = None,
    closed: frozenset[str] = frozenset(),
    refuges: Sequence[ExitEdges] = (),
) -> pd.DataFrame:
    """Return the vehicles of a case.

    Parameters
    ----------
    households
        The households' table (docs/architecture.md), in the order of `household`.
    vehicles_per_household
        Mean over all households, or a distribution.
    departure
        The departure curve.
    seed
        The replication's seed.
    scenario
        For the drivers and the choice of exits.
    net
        The net after the plan.
    exits
        The exits on this net.
    orders
        What the plan changes about the demand.
    starts
        Where vehicles start (`starts.Starts`), from which second after the order on, in order, the first from 0:
        a vehicle starts where the roads that are open at its intended departure let it, and where they give it no way
        out, when the first open that do. Found on `net`, with all of its roads open, when left out.
    closed
        Edges that the plan closes at any time: errands keep off them.
    refuges
        The refuges on this net: destinations of those who are held to one, and of those who have no way to any exit at
        their intended departure and get none later.

    Returns
    -------
    pandas.DataFrame
        A row a vehicle: `vehicle` (`h12v0`), `household`, `zone`, `vehicle_number`, `ordered` (whether its zone is
        ordered to leave; else it leaves unasked), `departure_s` (intended, to 0.1 s), `held_until_s` (when the way out
        opens that it waits for at home; missing where it has one at its intended departure, or never), `edge`, `pos_m`,
        `informed`, `speed_factor` (desired speed over the speed limit), `exit` (assigned, or `starts.ANY_REFUGE`
        without a way out, else missing), `status`
        (`planned` or `no_route`), `reason`, `resident` (whether it may drive where the plan closes roads to through
        traffic), `errand`, `stop_edge`, `stop_pos_m`, `stop_s` (a trip before leaving, else missing); by household and
        vehicle number.

    Raises
    ------
    ScenarioError
        A zone or a share of the households is bound for an exit that isn't there.
    DataError
        A measured departure curve can't be read.
    ValueError
        `starts` doesn't begin at 0, or isn't in order.
    """
    homes = _homes_of_case(households, vehicles_per_household, seed, orders, scenario)
    homes["exit"] = _exits_of_households(homes, scenario, [*exits, *refuges], seed)
    rows = np.repeat(np.arange(len(homes)), homes["vehicles"])
    vehicles = _with_draws(_a_row_a_vehicle(homes, rows), departure, seed, orders, scenario)
    vehicles["exit"] = assigned_exits(vehicles, seed, orders)
    starts = starts or [(0.0, Starts(homes, net, exits, refuges).when())]
    vehicles[["edge", "pos_m", "reason", "held_until_s"]] = _start(vehicles, rows, starts)
    if refuges:
        vehicles = _to_refuges(vehicles, rows, starts, frozenset(item.name for item in refuges))
    vehicles = with_errands(vehicles, scenario.before_leaving, net, exits, seed=seed, closed=closed)
    vehicles["resident"] = vehicles["household"].isin(orders.residents)
    vehicles["status"] = np.where(vehicles["reason"].isna(), "planned", "no_route")
    return vehicles[list(COLUMNS)]


COLUMNS = (
    "vehicle",
    "household",
    "zone",
    "vehicle_number",
    "ordered",
    "departure_s",
    "held_until_s",
    "edge",
    "pos_m",
    "informed",
    "speed_factor",
    "exit",
    "status",
    "reason",
    "resident",
    *ERRAND_COLUMNS,
)
"""The columns of the demand's table, in their order."""


def _homes_of_case(
    households: pd.DataFrame, vehicles: float | VehiclesPerHousehold, seed: int, orders: Orders, scenario: Scenario
) -> pd.DataFrame:
    """Return the households with what the case decides for each: whether it is ordered, and with how many vehicles."""
    homes = households.reset_index(drop=True)
    decided = ["zone", "key", "ordered", "when_seen", "vehicles"]
    homes[decided] = households_of(homes["zone"], vehicles, seed, orders, scenario.compliance)[decided]
    return homes


def _a_row_a_vehicle(homes: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """Return the vehicles of households by name, `rows` being the position of each one's household."""
    vehicles = homes.loc[rows, ["household", "zone", "key", "exit", "ordered", "when_seen"]].reset_index(drop=True)
    vehicles["vehicle_number"] = vehicles.groupby("household").cumcount()
    vehicles["vehicle"] = "h" + vehicles["household"].astype(str) + "v" + vehicles["vehicle_number"].astype(str)
    return vehicles


def _with_draws(
    vehicles: pd.DataFrame, departure: Departure, seed: int, orders: Orders, scenario: Scenario
) -> pd.DataFrame:
    """Add what is drawn for each vehicle: departure, information, desired speed."""
    own, driver = _own_keys(vehicles), driver_under(orders, scenario.driver)
    numbers = {
        "notified": uniform(seed, "notified", vehicles["key"]),
        "prepared": uniform(seed, "prepared", vehicles["key"]),
        "left": uniform(seed, "left", own),
    }
    drawn = vehicles.assign(
        departure_s=departures_s(vehicles["zone"], departure, numbers, orders),
        informed=uniform(seed, "informed", own) < driver.informed_share,
        speed_factor=np.round(drivers.speed_factors(driver.profile, uniform(seed, "speed", own)), 3),
    )
    if orders.watching is not None:
        drawn["departure_s"] = leaving_when_seen_s(drawn, uniform(seed, "seen", own), seed, orders.watching)
    return drawn


def _own_keys(vehicles: pd.DataFrame) -> list[str]:
    """Return each vehicle's lasting name: its household's and its number there."""
    return [f"{key}/{number}" for key, number in zip(vehicles["key"], vehicles["vehicle_number"], strict=True)]


def _start(vehicles: pd.DataFrame, rows: np.ndarray, starts: Sequence[tuple[float, StartsOf]]) -> pd.DataFrame:
    """Return `edge`, `pos_m`, `reason` and `held_until_s` of each vehicle, by its exit and the roads that are open.

    Who has no way out at the intended departure waits at home for the first. `rows` has the position of each vehicle's
    household in the households' table.
    """
    since_s = [from_s for from_s, _ in starts]
    if since_s[0] != 0.0 or since_s != sorted(set(since_s)):
        raise ValueError(f"starts are given from {since_s} s after the order: expected 0 and rising")
    state = np.searchsorted(since_s, vehicles["departure_s"], side="right") - 1
    held_to = vehicles["exit"].fillna(FREE_CHOICE).to_numpy()
    placed = starts[0][1](FREE_CHOICE).iloc[rows].reset_index(drop=True)
    held_until_s = np.full(len(vehicles), np.nan)
    for number, (from_s, table_for) in enumerate(starts):
        waiting = (state < number) & placed["edge"].isna().to_numpy()
        for exit_name in sorted(set(held_to[waiting | (state == number)])):
            found = table_for(exit_name).iloc[rows].reset_index(drop=True)
            freed = waiting & found["edge"].notna().to_numpy()
            mine = np.flatnonzero((held_to == exit_name) & (freed | (state == number)))
            placed.iloc[mine] = found.iloc[mine]
            held_until_s[mine] = np.where(freed[mine], from_s, np.nan)
    return placed.assign(held_until_s=held_until_s)


def _to_refuges(
    vehicles: pd.DataFrame, rows: np.ndarray, starts: Sequence[tuple[float, StartsOf]], refuges: frozenset[str]
) -> pd.DataFrame:
    """Let vehicles without a way start for a refuge; who is held to one that can't be reached takes any exit, if any.

    What is open at the intended departure decides.
    """
    state = np.searchsorted([from_s for from_s, _ in starts], vehicles["departure_s"], side="right") - 1
    without = vehicles["edge"].isna().to_numpy()
    free = without & vehicles["exit"].isin([*refuges]).to_numpy()
    have_way = [find(FREE_CHOICE)["edge"].notna().to_numpy()[rows] for _, find in starts]
    none_ever = without & ~np.logical_or.reduce([way & (number >= state) for number, way in enumerate(have_way)])
    vehicles = vehicles.copy()
    for wanted, destination, exit_name in ((free, FREE_CHOICE, None), (none_ever, ANY_REFUGE, ANY_REFUGE)):
        for number in sorted(set(state[wanted])):
            found = starts[number][1](destination).iloc[rows].reset_index(drop=True)
            mine = wanted & (state == number) & found["edge"].notna().to_numpy()
            vehicles.loc[mine, ["edge", "pos_m", "reason"]] = found.loc[mine, ["edge", "pos_m", "reason"]]
            vehicles.loc[mine, "exit"] = exit_name
    return vehicles


def _exits_of_households(homes: pd.DataFrame, scenario: Scenario, exits: Sequence[ExitEdges], seed: int) -> pd.Series:
    """Return the exit that each household is held to under normal rules; missing where it chooses freely."""
    choice, known = scenario.exit_choice, [item.name for item in exits]
    for where, names in (("by_zone", set(choice.by_zone.values())), ("shares", set(choice.shares))):
        if unknown := sorted(names.difference(known)):
            what = f"names the exit {', '.join(map(repr, unknown))}, which isn't among the exits"
            raise ScenarioError(Problem(f"exit_choice.{where}", what, f"the exits are {', '.join(map(repr, known))}"))
    below = np.cumsum(list(choice.shares.values()))
    drawn = np.searchsorted(below, uniform(seed, "bound for", homes["key"]), side="right")
    bound = np.array([*choice.shares, None], dtype=object)[drawn]
    return homes["zone"].map(choice.by_zone).astype(object).where(homes["zone"].isin(choice.by_zone.keys()), bound)
