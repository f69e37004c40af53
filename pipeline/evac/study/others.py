"""Who is under way beside the vehicles that evacuate: background traffic, buses, and people on foot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evac.demand.background import build_background
from evac.demand.buses import BusService, build_buses
from evac.demand.orders import driver_under
from evac.demand.starts import FREE_CHOICE
from evac.demand.walkers import TOO_FAR, build_walkers
from evac.simulate.job import Case
from evac.study.cases import background_of, departure_of, vehicles_case
from evac.study.ground import Ground


@dataclass(frozen=True)
class Others:
    """Who is under way beside the vehicles that evacuate.

    Parameters
    ----------
    background
        Traffic that isn't evacuating (`demand.background`).
    buses
        Buses, and the people without a car; None without them.
    walkers
        What becomes of the people who walk to refuges; None where nobody does.
    """

    background: pd.DataFrame
    buses: BusService | None
    walkers: pd.DataFrame | None


def others_of(ground: Ground, case: Case) -> Others:
    """Return who else is under way in a case."""
    walkers = _walkers(ground, case)
    return Others(_background(ground, case), _buses(ground, case, walkers), walkers)


def _background(ground: Ground, case: Case) -> pd.DataFrame:
    terms = ground.terms
    return build_background(
        background_of(terms.model, case.departure),
        ground.starts[0][1](FREE_CHOICE),
        ground.net,
        terms.exits,
        seed=case.seed,
        driver=driver_under(terms.orders, terms.model.driver),
        closed=ground.closed,
    )


def _walkers(ground: Ground, case: Case) -> pd.DataFrame | None:
    """Return what becomes of the people who walk to refuges, where the scenario lets them."""
    terms = ground.terms
    if terms.model.walking is None:
        return None
    beside = ground.starts[0][1](FREE_CHOICE)["edge"]
    return build_walkers(
        terms.model.walking,
        terms.refuges,
        ground.homes,
        vehicles_per_household=vehicles_case(terms.model, case.vehicles_per_household),
        departure=departure_of(terms.model, case.departure),
        seed=case.seed,
        scenario=terms.model,
        orders=terms.orders,
        reached_s=beside.map(terms.arrival_s or {}).astype(float).fillna(np.inf).to_numpy(),
    )


def _buses(ground: Ground, case: Case, walkers: pd.DataFrame | None) -> BusService | None:
    """Return the buses; the mesoscopic model has none, because it knows no lanes to stop beside."""
    terms = ground.terms
    if terms.model.buses is None or terms.meso is not None:
        return None
    return build_buses(
        terms.model.buses,
        ground.homes,
        vehicles_per_household=vehicles_case(terms.model, case.vehicles_per_household),
        departure=departure_of(terms.model, case.departure),
        seed=case.seed,
        scenario=terms.model,
        net=ground.net,
        exits=terms.exits,
        orders=terms.orders,
        on_foot=[] if walkers is None else walkers.loc[walkers["status"] != TOO_FAR, "household"].tolist(),
    )
