"""What makes no sense in a plan's orders, told before anything is simulated."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import combinations

from evac.demand.orders import Orders, end_min
from evac.errors import Mend, Problem
from evac.network.place_names import near_names
from evac.plans.model import Behaviour, Divert, EvacuateOnly, Phase, When

_OrdersAction = Phase | EvacuateOnly | Behaviour | Divert
"""An action that `Orders` holds."""
_BEHAVIOUR_KEYS = ("informed_share", "profile", "at_most_vehicles")
_LISTED = 8


def check_orders(orders: Orders, zones: Collection[str], exits: Collection[str], where: str) -> list[Problem]:
    """Return what makes no sense in a plan's orders.

    Parameters
    ----------
    orders
        The plan's.
    zones
        The scenario's zones.
    exits
        Names of its exits.
    where
        The plan's file, for messages.
    """
    return [
        *_unknown_names(orders, zones, exits, where),
        *_given_twice(orders, where),
        *_overlapping(orders.phases, "leave in two waves", where),
        *_overlapping(orders.diversions, "are sent to two exits at the same time", where),
        *_not_ordered(orders, where),
        *_idle(orders.behaviours, where),
    ]


def _unknown_names(orders: Orders, zones: Collection[str], exits: Collection[str], where: str) -> Iterable[Problem]:
    of_zones: Sequence[Phase | EvacuateOnly | Divert] = (*orders.phases, *orders.evacuate_only, *orders.diversions)
    for action in of_zones:
        for zone in action.zones or ():
            if zone not in zones:
                yield Problem(_place(where, action), f"there is no zone {zone!r}", _instead(zone, zones, "zones"))
    for diversion in orders.diversions:
        if diversion.to_exit not in exits:
            what = f"there is no exit {diversion.to_exit!r}"
            yield Problem(_place(where, diversion), what, _instead(diversion.to_exit, exits, "exits"))


def _given_twice(orders: Orders, where: str) -> Iterable[Problem]:
    if len(orders.evacuate_only) > 1:
        names = " and ".join(repr(_title(action)) for action in orders.evacuate_only)
        yield Problem(where, f"says more than once who is ordered to leave: {names}", "join them into one action")
    for key in _BEHAVIOUR_KEYS:
        values = [getattr(action, key) for action in orders.behaviours if getattr(action, key) is not None]
        if len(values) > 1:
            said = " and ".join(f"{value}" for value in values)
            told = f"says the same of everybody more than once: {said}"
            yield Problem(where, f"sets '{key}' more than once: {said}", "leave one of them out", told=told)


def _overlapping(actions: Sequence[Phase | Divert], what: str, where: str) -> Iterable[Problem]:
    for one, other in combinations(actions, 2):
        both = [zone for zone in one.zones or () if zone in (other.zones or ())]
        if both and _at_once(_when(one), _when(other)):
            names = f"{_title(one)!r} and {_title(other)!r}"
            yield Problem(where, f"zones {_listing(both)} {what}: {names}", "name each zone in one of them only")


def _when(action: Phase | Divert) -> When:
    return action.when if isinstance(action, Divert) else When()


def _at_once(one: When, other: When) -> bool:
    return one.ready_min < end_min(other) and other.ready_min < end_min(one)


def _not_ordered(orders: Orders, where: str) -> Iterable[Problem]:
    """Tell of actions for zones that stay: a wave of them never happens, and without shadow traffic nobody is sent."""
    for only in orders.evacuate_only:
        idle: Sequence[Phase | Divert] = (*orders.phases, *(orders.diversions if only.shadow_share == 0.0 else ()))
        for action in idle:
            stay = [zone for zone in action.zones or () if zone not in only.zones]
            if stay:
                what = f"is for the zones {_listing(stay)}, which {_title(only)!r} doesn't order to leave"
                yield Problem(_place(where, action), what, "order them to leave, or leave them out here")


def _idle(behaviours: Iterable[Behaviour], where: str) -> Iterable[Problem]:
    for action in behaviours:
        if all(getattr(action, key) is None for key in _BEHAVIOUR_KEYS):
            yield Problem(
                _place(where, action), "changes nothing", f"give one of {', '.join(_BEHAVIOUR_KEYS)}", Mend.ONE_FIELD
            )
        elif action.at_most_vehicles is None and "followed_by" in action.model_fields_set:
            what = "has 'followed_by' without 'at_most_vehicles', the rule that is followed"
            told = "says which share of the households follows, and no rule that they follow"
            remedy = "give 'at_most_vehicles', or leave 'followed_by' out"
            yield Problem(_place(where, action), what, remedy, Mend.ONE_FIELD, told=told)


def _place(where: str, action: _OrdersAction) -> str:
    return f"{where}, {_title(action)!r}"


def _title(action: _OrdersAction) -> str:
    if action.label is not None:
        return action.label
    return action.do if isinstance(action, Behaviour) else f"{action.do} {_listing(action.zones or ())}"


def _listing(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _instead(wanted: str, known: Collection[str], what: str) -> str:
    near = near_names(wanted, known)
    if near:
        return "did you mean " + " or ".join(map(repr, near)) + "?"
    return f"the {what} are {_listing(sorted(known))}"
