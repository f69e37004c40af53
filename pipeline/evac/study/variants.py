"""Plans made from a plan: without an action, with one alone, and with something going wrong. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

from pydantic import ValidationError

from evac.network.dark_signals import dark_signal
from evac.network.exits import ResolvedExit
from evac.overlay.signals import DARK
from evac.plans.model import AnyAction, Close, Divert, Resources, Signal, Stretch, TakeLane, TimedAction
from evac.plans.reading import LoadedAction, LoadedPlan
from evac.schema.hazard import Hazard
from evac.schema.places import Point

LATE_MIN = 30.0
"""How late the set-up is in the stress test (minutes)."""
_SOONER_PACE = 0.7
"""When the hazard arrives in the stress test, as a multiple of the given times after the order."""
_TURNS_DEG = (45.0, -45.0)
"""By how much the wind turns in the stress test, and a fire with it (degrees clockwise)."""
SIGNALS_ON = "signals left on"
OFFICERS = "officers"


@dataclass(frozen=True)
class Ablation:
    """An action of a plan, and the plans that tell what it buys.

    Parameters
    ----------
    action
        What it is called.
    resources
        What it takes.
    without, alone
        Keys of the plan without it, and of the plan that is nothing else; they may be the baseline, or the plan itself.
    """

    action: str
    resources: Resources
    without: str
    alone: str


@dataclass(frozen=True)
class Coming:
    """How the hazard comes: `pace` multiplies its times after the order, `turned_deg` turns it (`schema.hazard`)."""

    pace: float = 1.0
    turned_deg: float = 0.0


AS_GIVEN = Coming()


@dataclass(frozen=True)
class Stress:
    """Something that goes wrong: its name, the plan as it is then, and how the hazard comes then."""

    failure: str
    plan: LoadedPlan
    coming: Coming = AS_GIVEN


@dataclass(frozen=True)
class Instead:
    """What could hold where a plan switches signals off: the action, what holds instead, and the plan as it is then."""

    action: str
    holds: str
    plan: LoadedPlan


def ablations(plan: LoadedPlan, baseline: LoadedPlan) -> tuple[list[Ablation], dict[str, LoadedPlan]]:
    """Return a plan's actions with their ablations, and all plans to run, by key: each set of actions once."""
    everything = frozenset(range(len(plan.actions)))
    plans: dict[frozenset[int], LoadedPlan] = {frozenset(): baseline, everything: plan}
    found = []
    for number, item in enumerate(plan.actions):
        without, alone = everything - {number}, frozenset({number})
        plans.setdefault(without, _with(plan, f"{plan.key} without {number + 1}", without))
        plans.setdefault(alone, _with(plan, f"{plan.key} only {number + 1}", alone))
        found.append(Ablation(item.label, item.action.resources, plans[without].key, plans[alone].key))
    return found, {item.key: item for item in plans.values()}


def instead_of_dark(plan: LoadedPlan, country: str | None) -> list[Instead]:
    """Return the plan with something else at the signals that it switches off: left on, officers, other rules.

    What holds at a dark signal may be the country's law.
    """
    return [
        Instead(item.label, holds, _replacing(plan, number, action, f"{plan.key} with {number + 1}: {holds}"))
        for number, item in enumerate(plan.actions)
        if switches_off(item.action)
        for holds, action in _other_control(item.action, country)
    ]


def all_instead_of_dark(plan: LoadedPlan) -> list[Instead]:
    """Return the plan with something else at all signals that it switches off at once: left on, and officers."""
    dark = [number for number, item in enumerate(plan.actions) if switches_off(item.action)]
    if not dark:
        return []
    labels = "; ".join(plan.actions[number].label for number in dark)
    left_on = _with(plan, f"{plan.key} with {SIGNALS_ON}", frozenset(range(len(plan.actions))) - set(dark))
    directed = replace(
        plan, key=f"{plan.key} with {OFFICERS} at dark signals", actions=tuple(map(_directed, plan.actions))
    )
    return [Instead(labels, SIGNALS_ON, left_on), Instead(labels, OFFICERS, directed)]


def _directed(item: LoadedAction) -> LoadedAction:
    """Return an action with an officer in the place of a dark signal."""
    if not switches_off(item.action):
        return item
    return replace(item, action=item.action.model_copy(update={"mode": "officer"}))


def switches_off(action: AnyAction) -> TypeGuard[Signal]:
    """Return whether an action switches a signal off, whatever holds at the junction then."""
    return isinstance(action, Signal) and action.mode in ("off", *DARK)


def _other_control(action: Signal, country: str | None) -> Iterator[tuple[str, Signal | None]]:
    """Give other ways to control a junction whose signal is off; None leaves the signal on."""
    now = dark_signal(country) if action.mode == "off" else action.mode
    yield SIGNALS_ON, None
    for holds, mode in ((OFFICERS, "officer"), ("all-way stop", "all_way_stop"), ("right of way", "unregulated")):
        if mode != now:
            yield holds, action.model_copy(update={"mode": mode})


def _replacing(plan: LoadedPlan, number: int, action: Signal | None, key: str) -> LoadedPlan:
    """Return a plan with another action in the place of one, or none."""
    before, item, after = plan.actions[:number], plan.actions[number], plan.actions[number + 1 :]
    middle = () if action is None else (replace(item, action=action),)
    return replace(plan, key=key, actions=(*before, *middle, *after))


def stresses(plan: LoadedPlan, exits: Sequence[ResolvedExit], hazard: Hazard | None = None) -> list[Stress]:
    """Return what may go wrong with a plan, each by itself: officers, who follows, set-up, lanes and exits, hazard."""
    comes = [] if hazard is None else [_sooner(plan), *(_turned(plan) if hazard.kind == "fire" else ())]
    return [*_officers(plan), *_fewer_follow(plan), *_late(plan), *_lanes(plan, exits), *_exits(plan, exits), *comes]


def always_there(plan: LoadedPlan) -> list[str]:
    """Return the actions that can't be late in the model: they hold from the order on."""
    return [item.label for item in plan.actions if not isinstance(item.action, TimedAction)]


def _sooner(plan: LoadedPlan) -> Stress:
    failure = f"the hazard comes {100.0 * (1.0 - _SOONER_PACE):.0f} % earlier"
    return Stress(failure, replace(plan, key=f"{plan.key} · {failure}"), Coming(_SOONER_PACE))


def _turned(plan: LoadedPlan) -> Iterator[Stress]:
    for degrees in _TURNS_DEG:
        side = "clockwise" if degrees > 0.0 else "anticlockwise"
        failure = f"the wind turns {abs(degrees):.0f}° {side}, and the fire with it"
        yield Stress(failure, replace(plan, key=f"{plan.key} · {failure}"), Coming(turned_deg=degrees))


def _with(plan: LoadedPlan, key: str, numbers: frozenset[int]) -> LoadedPlan:
    return replace(plan, key=key, actions=tuple(item for n, item in enumerate(plan.actions) if n in numbers))


def _officers(plan: LoadedPlan) -> Iterator[Stress]:
    for number, item in enumerate(plan.actions):
        if isinstance(item.action, Signal) and item.action.mode == "officer":
            left = tuple(other for other in plan.actions if other is not item)
            key = f"{plan.key} · no officer {number + 1}"
            yield Stress(f"no officer comes: {item.label}", replace(plan, key=key, actions=left))


def _fewer_follow(plan: LoadedPlan) -> Iterator[Stress]:
    for number, item in enumerate(plan.actions):
        if isinstance(item.action, Divert):
            half = item.action.model_copy(update={"compliance": item.action.compliance / 2.0})
            actions = (*plan.actions[:number], replace(item, action=half), *plan.actions[number + 1 :])
            key = f"{plan.key} · half follow {number + 1}"
            yield Stress(f"only half of them follow: {item.label}", replace(plan, key=key, actions=actions))


def _late(plan: LoadedPlan) -> Iterator[Stress]:
    late = tuple(replace(item, action=action) for item in plan.actions if (action := _later(item.action)) is not None)
    if late != plan.actions:
        yield Stress(
            f"set-up {LATE_MIN:g} min late", replace(plan, key=f"{plan.key} · {LATE_MIN:g} min late", actions=late)
        )


def _later(action: AnyAction) -> AnyAction | None:
    """Return an action as it is when it begins later, where it can; None where it would be over before it began."""
    if not isinstance(action, TimedAction):
        return action
    try:
        when = action.when.model_validate({**dict(action.when), "from_min": action.when.from_min + LATE_MIN})
    except ValidationError:
        return None
    return action.model_copy(update={"when": when})


def _lanes(plan: LoadedPlan, exits: Sequence[ResolvedExit]) -> Iterator[Stress]:
    for item in exits:
        if item.lanes > 1:
            where = Stretch(point=Point(lat=item.lat, lon=item.lon))
            name = f"one lane lost at {item.name}"
            yield _adding(plan, name, TakeLane(do="take_lane", where=where))


def _exits(plan: LoadedPlan, exits: Sequence[ResolvedExit]) -> Iterator[Stress]:
    if len(exits) > 1:
        for item in exits:
            # Nobody goes on sending people to a way out that isn't there any more.
            left = tuple(one for one in plan.actions if not _leads_to(one.action, item.name))
            close = Close(do="close", exit=item.name, accept_cut_off=True)
            yield _adding(replace(plan, actions=left), f"{item.name} lost", close)


def _leads_to(action: AnyAction, name: str) -> bool:
    return isinstance(action, Divert) and action.to_exit == name


def _adding(plan: LoadedPlan, failure: str, action: AnyAction) -> Stress:
    added = LoadedAction(action, f"stress of {plan.key}: {failure}", failure)
    return Stress(failure, replace(plan, key=f"{plan.key} · {failure}", actions=(*plan.actions, added)))
