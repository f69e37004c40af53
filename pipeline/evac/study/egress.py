"""How likely it is that people get out in time: an ensemble of runs, over seeds and over when the hazard arrives.

Each member is a run with a seed of its own, and with the hazard's times of arrival after the order multiplied by a
number drawn evenly from a span around 1; where the hazard has several rasters, each takes its turn. Members are drawn
by their number alone: the same under every plan, and the first ten of twenty are those of an ensemble of ten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from scipy import stats

from evac.demand.draws import uniform
from evac.schema.hazard import ArrivalRaster, Hazard
from evac.study.safe_order import Trial
from evac.study.trials import Trials

ALL_ZONES = "all zones"
_CONFIDENCE = 0.95
_PACE_DIGITS = 3


@dataclass(frozen=True)
class Member:
    """A member of an ensemble.

    Parameters
    ----------
    seed
        The replication's seed.
    pace
        Arrival times after the order as a multiple of the given ones.
    raster
        Which of the hazard's rasters, from 0.
    """

    seed: int
    pace: float
    raster: int = 0


@dataclass(frozen=True)
class Egress:
    """How a zone fares over an ensemble.

    Parameters
    ----------
    zone
        The zone; `all zones` where each of them has to be safe.
    vehicles
        Its planned vehicles, in the first member.
    safe_members, members
        Members in which at least the asked share of its vehicles is safe, of how many.
    safe_share
        Share of its vehicles that is safe, mean over members.
    least_safe_share
        The same in the worst member.
    households_not_out
        Households with a vehicle that isn't out at the end, median over members, and in the worst member.
    exposed_vehicle_min
        Minutes on roads that the hazard had reached, all vehicles together, mean over members.
    """

    zone: str
    vehicles: int
    safe_members: int
    members: int
    safe_share: float
    least_safe_share: float
    households_not_out: tuple[float, int]
    exposed_vehicle_min: float

    @property
    def probability(self) -> float:
        """Share of the members in which it gets out safely."""
        return self.safe_members / self.members

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of that probability.

        References
        ----------
        Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209-212.
        """
        found = stats.binomtest(self.safe_members, self.members).proportion_ci(_CONFIDENCE, method="wilson")
        return float(found.low), float(found.high)


def members_of(number: int, within: float, rasters: int) -> list[Member]:
    """Return the members of an ensemble.

    Parameters
    ----------
    number
        How many.
    within
        Arrival times vary by this share, to both sides: 0.3 for ± 30 %.
    rasters
        How many rasters of arrival there are.
    """
    names = [str(member) for member in range(number)]
    paces = np.round(1.0 + within * (2.0 * uniform(0, "arrival", names) - 1.0), _PACE_DIGITS)
    return [Member(member + 1, float(paces[member]), member % rasters) for member in range(number)]


def variants_of(hazard: Hazard) -> list[Hazard]:
    """Return a hazard with each of its rasters of arrival."""
    arrival = hazard.arrival
    if not isinstance(arrival, ArrivalRaster):
        return [hazard]
    files = (arrival.file, *arrival.others)
    return [
        hazard.model_copy(update={"arrival": arrival.model_copy(update={"file": file, "others": ()})}) for file in files
    ]


def egress(trials: Sequence[Trials], members: Sequence[Member], share: float) -> list[Egress]:
    """Run an ensemble, and return how each zone fares, the least likely to get out first; all zones together last.

    Parameters
    ----------
    trials
        Runs the scenario, one for each raster of arrival.
    members
        The ensemble.
    share
        Share of a zone's vehicles that has to be safe.

    Raises
    ------
    SimulationError
        A run failed.
    """
    found: dict[Member, Mapping[str, Mapping[str, float]]] = {}
    for raster, runs in enumerate(trials):
        mine = [member for member in members if member.raster == raster]
        manifests = runs.manifests([Trial((), member.seed, member.pace) for member in mine])
        found |= {member: manifest["hazard_zones"] for member, manifest in zip(mine, manifests, strict=True)}
    inside = [found[member] for member in members]
    zones = sorted({zone for item in inside for zone in item})
    by_zone = [_fares(zone, [{zone: item[zone]} for item in inside if zone in item], share) for zone in zones]
    by_zone.sort(key=lambda item: (item.probability, item.safe_share, item.zone))
    return [*by_zone, _fares(ALL_ZONES, inside, share)]


def _fares(name: str, inside: Sequence[Mapping[str, Mapping[str, float]]], share: float) -> Egress:
    """Return how some zones fare that are safe when each of them is."""
    total = [{key: sum(zone[key] for zone in item.values()) for key in next(iter(item.values()))} for item in inside]
    shares = [item["safe"] / item["planned"] for item in total]
    not_out = [int(item["households_not_out"]) for item in total]
    safe = [all(zone["safe"] >= share * zone["planned"] for zone in item.values()) for item in inside]
    return Egress(
        zone=name,
        vehicles=int(total[0]["planned"]),
        safe_members=sum(safe),
        members=len(inside),
        safe_share=float(np.mean(shares)),
        least_safe_share=min(shares),
        households_not_out=(float(median(not_out)), max(not_out)),
        exposed_vehicle_min=float(np.mean([item["exposed_vehicle_min"] for item in total])),
    )
