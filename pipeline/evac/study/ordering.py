"""The latest safe order of a scenario's zones under a plan, and the formula's answer beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evac.clock import MINUTE_S
from evac.demand.orders import Orders
from evac.demand.starts import FREE_CHOICE
from evac.errors import Problem, ScenarioError
from evac.files import digest_json
from evac.simulate.job import Case
from evac.study.engines import Local
from evac.study.ground import ground_of
from evac.study.jobs import job_of
from evac.study.prepare import Prepared
from evac.study.safe_order import (
    Latest,
    SafeOrder,
    Search,
    Trial,
    confirm,
    latest_orders,
    over_searches,
    sequence,
)
from evac.study.trials import Trials, last_arrival_min
from evac.study.under_plan import UnderPlan

_PACES = (0.7, 1.3)
"""How much earlier and later than given the front may come: fire models miss times of arrival by about that."""
_EXACT = 1e-9


@dataclass(frozen=True)
class ZoneOrder:
    """A zone's answer.

    Parameters
    ----------
    order
        Its latest safe order.
    way_cut_min
        When the last way out of more of its vehicles is cut than may be unsafe; None when never.
    clearance_min
        How long after its order that share was out, ordered as the plan has it; None when it never was.
    confirmed
        Whether the microscopic model agrees, after a search with the coarse one; None where it wasn't asked.
    never_out
        Its households that have no way out at the order already, whatever is ordered when; 0 where there are refuges.
    households
        All of its households.
    """

    order: SafeOrder
    way_cut_min: float | None
    clearance_min: float | None
    confirmed: bool | None = None
    never_out: int = 0
    households: int = 0

    def is_hopeless(self, share: float) -> bool:
        """Return whether no order can make a share of the zone safe, because of too many who have no way out anyway."""
        return self.never_out > (1.0 - share) * self.households

    @property
    def formula_min(self) -> float | None:
        """The common rule, clearance subtracted from arrival; None where either is missing."""
        if self.way_cut_min is None or self.clearance_min is None:
            return None
        return self.way_cut_min - self.clearance_min

    @property
    def formula_error_min(self) -> float | None:
        """By how much the formula is later than what was found: positive is dangerous."""
        if self.formula_min is None or self.order.latest.minute is None:
            return None
        return self.formula_min - self.order.latest.minute


@dataclass(frozen=True)
class Answer:
    """The answer for a plan: each zone's, the most urgent first, and when to order all of them so that all are safe.

    `together` is None where no order makes all of them safe. It stands on `runs`, of which `new_runs` were made for it
    and the cache had the others.
    """

    zones: tuple[ZoneOrder, ...]
    together: Mapping[str, float] | None
    runs: int
    new_runs: int


def about(trials: Trials) -> dict[str, Any]:
    """Return of what an answer is: the plan, the case, and `stands_on`, a digest of all that its runs depend on."""
    asked = trials.asked
    return {
        "plan": trials.plan.key,
        "vehicles_per_household": asked.vehicles_per_household,
        "departure": asked.departure,
        "share": asked.share,
        "fidelity": "meso" if asked.coarse else "micro",
        "stands_on": stands_on(trials.prepared, trials.under(), asked.vehicles_per_household, asked.departure),
    }


def stands_on(prepared: Prepared, under: UnderPlan, vehicles_per_household: str, departure: str) -> str:
    """Return a digest of what the runs of a case under a plan depend on, but for seeds and the model's grain."""
    case = Case(vehicles_per_household=vehicles_per_household, departure=departure, seed=0, plan=under.plan.key)
    return digest_json({"content": job_of(ground_of(prepared, under).terms, case).content})


def safe_orders(trials: Trials) -> Answer:
    """Find the latest safe order of each zone that the plan orders to leave, and of all of them together.

    Raises
    ------
    ScenarioError
        The scenario has no hazard.
    SimulationError
        A trial failed.
    """
    if trials.prepared.loaded.model.hazard is None:
        what = "has no section 'hazard', so that nothing limits when people may be ordered out"
        raise ScenarioError(Problem(str(trials.prepared.loaded.path), what, "add one: docs/hazards.md"))
    asked = trials.asked
    first = asked.seeds[0]
    (normally,) = trials.manifests([Trial((), first)])
    trials.learn_who_is_gone(first)
    zones = sorted(normally["hazard_zones"])
    searching = _Searching(trials, zones, _lost_min(trials, normally, zones))
    given = searching.find([(seed, 1.0) for seed in asked.seeds])
    latest = [over_searches(zone, given) for zone in zones]
    with ThreadPoolExecutor(1) as beside:
        # All zones at once are one long run with the fine model, while the others keep the other cores busy.
        confirming = beside.submit(_confirmed, trials, latest) if _side_by_side(trials) else None
        found = given | searching.find([(first, pace) for pace in _PACES])
        orders = [over_searches(zone, found) for zone in zones]
        together = sequence(orders, trials.judge, seed=first, share=asked.share, step_min=asked.step_min)
        confirmed = _confirmed(trials, latest) if confirming is None else confirming.result()
    answers = [
        ZoneOrder(
            order,
            _way_cut_min(trials, order.zone),
            _clearance_min(normally, trials.under().orders, order.zone, asked.share),
            confirmed.get(order.zone),
            *_never_out(trials, order.zone),
        )
        for order in orders
    ]
    return Answer(tuple(sorted(answers, key=_urgency)), together, len(trials.used), len(trials.made))


def _side_by_side(trials: Trials) -> bool:
    """Return whether the engine runs things side by side when it is asked for them from several threads."""
    return isinstance(trials.engine, Local) and trials.engine.jobs > 1


def _confirmed(trials: Trials, orders: Sequence[SafeOrder]) -> dict[str, bool]:
    """Return whether the microscopic model agrees with what was found with the coarse one; empty where it wasn't."""
    asked = trials.asked
    if not asked.coarse:
        return {}
    micro = replace(trials, asked=replace(asked, coarse=False), _grounds={})  # its runs are counted with the others
    return confirm(orders, micro.judge, seed=asked.seeds[0], share=asked.share)


@dataclass
class _Searching:
    """The searches of the zones, each of which helps those after it.

    Where an answer is looked for first: as long before the order that can't be safe as the zone is thought to lose to
    queues, at first by `losses_min`, then by the answers so far; or else where the last answer was.
    """

    trials: Trials
    zones: Sequence[str]
    losses_min: dict[str, float]
    about_min: dict[str, float] = field(default_factory=dict)

    def find(self, cases: Sequence[tuple[int, float]]) -> dict[Search, Latest]:
        """Return how the searches of all zones ended, for some seeds and paces, one after the other."""
        found: dict[Search, Latest] = {}
        for seed, pace in cases:
            found |= self._find(seed, pace)
        return found

    def _find(self, seed: int, pace: float) -> dict[Search, Latest]:
        trials, asked = self.trials, self.trials.asked
        mine = [Search(zone, seed, pace) for zone in self.zones]
        bounds_min = _no_later_min(trials, mine)
        guesses_min = {item: pace * self.about_min[item.zone] for item in mine if item.zone in self.about_min}
        guesses_min |= {
            item: bound - self.losses_min[item.zone]
            for item, bound in bounds_min.items()
            if item.zone in self.losses_min
        }
        found = latest_orders(
            mine,
            trials.judge,
            share=asked.share,
            highest_min=last_arrival_min(trials, pace),
            step_min=asked.step_min,
            no_later_min=bounds_min,
            guesses_min=guesses_min,
        )
        for item, latest in found.items():
            if latest.minute is not None:
                limit_min = latest.minute + asked.step_min / 2.0
                self.about_min[item.zone] = limit_min / pace
                if item in bounds_min:
                    self.losses_min[item.zone] = max(bounds_min[item] - limit_min, 0.0)
        return found


def _lost_min(trials: Trials, normally: Mapping[str, Any], zones: Sequence[str]) -> dict[str, float]:
    """Return how long after the zones' departures, ordered as the plan has it, as large a share of each was out."""
    orders, share = trials.under().orders, trials.asked.share
    vehicles = trials.departures(trials.asked.seeds[0])
    left_s = vehicles.groupby(vehicles["zone"].astype(str))["departure_s"].quantile(share)
    offsets = {zone: phase.offset_min for phase in orders.phases for zone in phase.zones}
    cleared = {zone: _clearance_min(normally, orders, zone, share) for zone in zones}
    return {
        zone: minutes + offsets.get(zone, 0.0) - left_s[zone] / MINUTE_S
        for zone, minutes in cleared.items()
        if minutes is not None
    }


def _urgency(answer: ZoneOrder) -> tuple[float, str]:
    latest = answer.order.latest
    minute = {"too late": -math.inf, "no limit": math.inf}.get(latest.ending, latest.minute or 0.0)
    return minute, answer.order.zone


def _no_later_min(trials: Trials, searches: Sequence[Search]) -> dict[Search, float]:
    """Return from when on an order of each zone can't be safe, whatever the traffic: too many have no way out then.

    Who leaves home after its last way out is cut doesn't get out. A zone without such a time is left out; so are all
    where that isn't so: people may leave unasked before they are ordered, or drive to a refuge.
    """
    under = trials.under(searches[0].pace)
    if under.orders.watching is not None or under.refuges:
        return {}
    cut_s = _cut_for_good_s(under, len(trials.prepared.homes))
    vehicles = trials.departures(searches[0].seed)
    offsets = {zone: phase.offset_min for phase in trials.under().orders.phases for zone in phase.zones}
    found = {}
    for item in searches:
        mine = vehicles[vehicles["zone"].astype(str) == item.zone]
        after_order_s = mine["departure_s"].to_numpy() - MINUTE_S * offsets.get(item.zone, 0.0)
        slack_s = np.sort(cut_s[mine["household"].to_numpy()] - after_order_s)[::-1]
        limit_s = slack_s[max(math.ceil(trials.asked.share * len(slack_s) - _EXACT), 1) - 1]
        if np.isfinite(limit_s):
            found[item] = max(float(limit_s) / MINUTE_S, 0.0)
    return found


def _cut_for_good_s(under: UnderPlan, households: int) -> NDArray[np.float64]:
    """Return from when on each household has no way out any more (s after the order); infinite: it always has one."""
    cut_s, gone = np.full(households, np.inf), np.ones(households, dtype=bool)
    for from_s, find in reversed(under.starts):
        gone &= find(FREE_CHOICE)["edge"].isna().to_numpy()
        cut_s[gone] = from_s
    return cut_s


def _way_cut_min(trials: Trials, zone: str) -> float | None:
    """Return when more of a zone's households have lost their last way out than may be unsafe."""
    homes = trials.prepared.homes
    mine = (homes["zone"].astype(str) == zone).to_numpy()
    for from_s, find in trials.under().starts:
        if find(FREE_CHOICE)["edge"].isna().to_numpy()[mine].mean() > 1.0 - trials.asked.share:
            return from_s / MINUTE_S
    return None


def _never_out(trials: Trials, zone: str) -> tuple[int, int]:
    """Return how many of a zone's households have no way out at the order already, and how many it has."""
    under = trials.under()
    mine = (trials.prepared.homes["zone"].astype(str) == zone).to_numpy()
    if under.refuges:
        return 0, int(mine.sum())
    _, find = under.starts[0]
    return int(find(FREE_CHOICE)["edge"].isna().to_numpy()[mine].sum()), int(mine.sum())


def _clearance_min(
    manifest: Mapping[str, Mapping[str, Mapping[str, float]]], orders: Orders, zone: str, share: float
) -> float | None:
    """Return how long after its order a share of a zone's vehicles was out; of the shares that are measured."""
    measured = [percent for percent in (50, 90, 95, 100) if percent >= 100.0 * share - 1e-9]
    out_s = manifest["zones"][zone][f"t{measured[0]}_s"]
    offset_min = next((phase.offset_min for phase in orders.phases if zone in phase.zones), 0.0)
    return None if out_s is None else out_s / MINUTE_S - offset_min
