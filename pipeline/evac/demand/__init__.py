"""The demand: one row a planned vehicle, with its intended departure, its start and what its driver knows.

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
from evac.demand.departures import draw_minutes
from evac.demand.draws import uniform
from evac.demand.starts import find_starts, start_edges
from evac.demand.vehicles import household_keys, vehicles_of_households
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
) -> pd.DataFrame:
    """Return the planned vehicles of a case.

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

    Returns
    -------
    pandas.DataFrame
        A row a vehicle: `vehicle` (`h12v0`), `household`, `zone`, `vehicle_number`, `departure_s` (intended, to 0.1 s),
        `edge`, `pos_m`, `informed`, `speed_factor` (desired speed over the speed limit), `exit` (assigned, else
        missing), `status` (`planned` or `no_route`), `reason`; by household and vehicle number.

    Raises
    ------
    ScenarioError
        A zone is assigned an exit that isn't there.
    DataError
        A measured departure curve can't be read.
    """
    homes = households.reset_index(drop=True)
    homes = homes.assign(zone=homes["zone"].astype(str), key=household_keys(homes["zone"].astype(str)))
    homes["exit"] = homes["zone"].map(_exit_by_zone(scenario, exits)).astype(object)
    starts = find_starts(homes, homes["exit"], start_edges(net, exits), net)
    counts = vehicles_of_households(homes["zone"], vehicles_per_household, seed)
    rows = np.repeat(np.arange(len(homes)), counts)
    vehicles = homes.loc[rows, ["household", "zone", "key", "exit"]].reset_index(drop=True)
    vehicles[["edge", "pos_m", "reason"]] = starts.iloc[rows].reset_index(drop=True)
    vehicles["vehicle_number"] = vehicles.groupby("household").cumcount()
    vehicles["vehicle"] = "h" + vehicles["household"].astype(str) + "v" + vehicles["vehicle_number"].astype(str)
    vehicles["status"] = np.where(vehicles["reason"].isna(), "planned", "no_route")
    return _with_draws(vehicles, departure, seed, scenario)[list(COLUMNS)]


COLUMNS = (
    "vehicle",
    "household",
    "zone",
    "vehicle_number",
    "departure_s",
    "edge",
    "pos_m",
    "informed",
    "speed_factor",
    "exit",
    "status",
    "reason",
)
"""The columns of the demand's table, in their order."""


def _with_draws(vehicles: pd.DataFrame, departure: Departure, seed: int, scenario: Scenario) -> pd.DataFrame:
    """Add what is drawn for each vehicle: departure, information, desired speed."""
    own = [f"{key}/{number}" for key, number in zip(vehicles["key"], vehicles["vehicle_number"], strict=True)]
    numbers = {
        "notified": uniform(seed, "notified", vehicles["key"]),
        "prepared": uniform(seed, "prepared", vehicles["key"]),
        "left": uniform(seed, "left", own),
    }
    return vehicles.assign(
        departure_s=np.round(60.0 * draw_minutes(departure, numbers), 1),
        informed=uniform(seed, "informed", own) < scenario.driver.informed_share,
        speed_factor=np.round(drivers.speed_factors(scenario.driver.profile, uniform(seed, "speed", own)), 3),
    )


def _exit_by_zone(scenario: Scenario, exits: Sequence[ExitEdges]) -> dict[str, str]:
    if scenario.exit_choice.kind == "free":
        return {}
    known = [item.name for item in exits]
    unknown = sorted(set(scenario.exit_choice.by_zone.values()).difference(known))
    if unknown:
        what = f"assigns the exit {', '.join(map(repr, unknown))}, which isn't among the exits"
        raise ScenarioError(Problem("exit_choice.by_zone", what, f"the exits are {', '.join(map(repr, known))}"))
    return dict(scenario.exit_choice.by_zone)
