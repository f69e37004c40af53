"""The latest safe order: until when a zone can still be ordered out, found by search.

A vehicle is safe when it gets out and was never on a road that the hazard had reached. A zone's latest safe order is
the last minute at which it can be ordered so that a share of its vehicles is safe, with all other zones ordered as the
plan has them. The search halves the span between an order that is safe and one that isn't, after a look at what the
answer may be; every trial is a run, with the same drivers, draws and departures as all others of its seed. It takes for
granted that an earlier order is no less safe, which holds but for the last few vehicles.

What is searched doesn't know of simulations (`Judge`), so that theory can stand in for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

Ending = Literal["found", "no limit", "too late"]


@dataclass(frozen=True)
class Search:
    """What is looked for: a zone's latest safe order under one seed, with the hazard at one pace.

    Parameters
    ----------
    zone
        The zone.
    seed
        The replication's seed.
    pace
        Arrival times as a multiple of the given ones: 0.7 when the front comes 30 % earlier.
    """

    zone: str
    seed: int
    pace: float = 1.0


@dataclass(frozen=True)
class Trial:
    """Zones ordered at minutes after the order; the others as the plan has them.

    `about` are the zones whose safety is asked, where it isn't that of all.
    """

    minutes: tuple[tuple[str, float], ...]
    seed: int
    pace: float = 1.0
    about: tuple[str, ...] = ()


Judge = Callable[[Sequence[Trial]], list[Mapping[str, float]]]
"""From trials to the share of each zone's vehicles that is safe, one mapping a trial. It may be any share on the same
side of the one that is asked for: a trial needn't go on once that is known."""


@dataclass(frozen=True)
class Latest:
    """How a search ended: the last minute of a safe order, where it `found` one."""

    ending: Ending
    minute: float | None = None


@dataclass(frozen=True)
class SafeOrder:
    """A zone's latest safe order.

    Parameters
    ----------
    zone
        The zone.
    latest
        The median over seeds, at the hazard's given pace.
    earliest_min, latest_min
        The interval over seeds and paces (min after the order): None where a search ended without a limit or too late.
    searches
        All of its searches.
    """

    zone: str
    latest: Latest
    earliest_min: float | None
    latest_min: float | None
    searches: Mapping[Search, Latest]


def latest_orders(
    searches: Sequence[Search],
    judge: Judge,
    *,
    share: float,
    highest_min: float,
    step_min: float,
    no_later_min: Mapping[Search, float] | None = None,
    guesses_min: Mapping[Search, float] | None = None,
) -> dict[Search, Latest]:
    """Return how each search ended; those that are open are judged together, one trial each, round by round.

    Parameters
    ----------
    searches
        What to look for.
    judge
        Tells who is safe.
    share
        Share of a zone's vehicles that must be safe.
    highest_min
        When nothing is left to be reached: an order then that is safe has no limit.
    step_min
        To how many minutes the answer is found.
    no_later_min
        An order from then on can't be safe, which needs no trial.
    guesses_min
        Until about when an order may be safe, as another seed has it: the last step until then is tried first, then the
        one beside it.
    """
    steps = max(int(-(-highest_min // step_min)), 1)
    bounded = {item: max(int(-(-at // step_min)), 1) for item, at in (no_later_min or {}).items()}
    spans = {item: _Span(0, min(bounded.get(item, steps), steps)) for item in searches}
    for item, minute in (guesses_min or {}).items():
        spans[item].guess = min(max(int(minute // step_min), 1), spans[item].high - 1)
    found: dict[Search, Latest] = {}
    at_once = _safe(searches, [0] * len(searches), judge, share, step_min)
    found |= {item: Latest("too late") for item, safe in zip(searches, at_once, strict=True) if not safe}
    unlimited = [item for item in searches if item not in found and bounded.get(item, steps + 1) > steps]
    at_last = _safe(unlimited, [steps] * len(unlimited), judge, share, step_min)
    found |= {item: Latest("no limit") for item, safe in zip(unlimited, at_last, strict=True) if safe}
    while still := [item for item in searches if item not in found and spans[item].is_open]:
        tried = [spans[item].next_try() for item in still]
        for item, at, safe in zip(still, tried, _safe(still, tried, judge, share, step_min), strict=True):
            spans[item].learn(at, safe=safe)
    return {item: found.get(item, Latest("found", spans[item].low * step_min)) for item in searches}


@dataclass
class _Span:
    """Between which steps an answer lies: `low` is safe, `high` isn't; and the step at which to look first, if any."""

    low: int
    high: int
    guess: int | None = None
    moved: bool = False

    @property
    def is_open(self) -> bool:
        return self.high - self.low > 1

    def next_try(self) -> int:
        if self.guess is not None and self.low < self.guess < self.high:
            return self.guess
        return (self.low + self.high) // 2

    def learn(self, at: int, *, safe: bool) -> None:
        """Narrow the span; a guess moves to the step beside it, once: if that is wrong as well, the span is halved."""
        if safe:
            self.low = at
        else:
            self.high = at
        beside = at + 1 if safe else at - 1
        self.guess = beside if at == self.guess and not self.moved else None
        self.moved = self.guess is not None


def _safe(searches: Sequence[Search], steps: Sequence[int], judge: Judge, share: float, step_min: float) -> list[bool]:
    trials = [
        Trial(((item.zone, at * step_min),), item.seed, item.pace, (item.zone,))
        for item, at in zip(searches, steps, strict=True)
    ]
    judged = judge(trials) if trials else []
    return [shares[item.zone] >= share for item, shares in zip(searches, judged, strict=True)]


def over_searches(zone: str, found: Mapping[Search, Latest]) -> SafeOrder:
    """Return a zone's latest safe order over all of its searches."""
    mine = {search: latest for search, latest in found.items() if search.zone == zone}
    given = [latest for search, latest in mine.items() if search.pace == 1.0]
    ranked = sorted(given, key=_rank)
    middle = ranked[(len(ranked) - 1) // 2]
    minutes = [item.minute for item in given if item.minute is not None]
    if middle.minute is not None and len(minutes) == len(given):
        middle = Latest("found", float(median(minutes)))
    ends = sorted(mine.values(), key=_rank)
    return SafeOrder(zone, middle, ends[0].minute, ends[-1].minute, mine)


def _rank(latest: Latest) -> tuple[int, float]:
    """Return by what answers are ordered: too late, then the minutes, then no limit."""
    return {"too late": 0, "found": 1, "no limit": 2}[latest.ending], latest.minute or 0.0


def sequence(
    orders: Sequence[SafeOrder], judge: Judge, *, seed: int, share: float, step_min: float
) -> dict[str, float] | None:
    """Return when to order each zone so that all of them are safe together, as late as can be; None where they can't.

    Each zone alone may be ordered at its latest time; all together they compete for the same lanes. So all are ordered
    at the same share of their own latest times, the largest at which every zone is safe; those without a limit last of
    all.

    Parameters
    ----------
    orders
        The zones that have a latest safe order.
    judge, share, step_min
        As for `latest_orders`.
    seed
        The replication's seed.
    """
    latest = {item.zone: item.latest.minute for item in orders if item.latest.minute is not None}
    if not latest:
        return {}
    steps = max(int(max(latest.values()) / step_min), 1)

    def at(number: int) -> dict[str, float]:
        return {zone: minute * number / steps for zone, minute in latest.items()}

    def is_safe(number: int) -> bool:
        (shares,) = judge([Trial(tuple(sorted(at(number).items())), seed, about=tuple(sorted(latest)))])
        return all(shares[zone] >= share for zone in latest)

    if not is_safe(0):
        return None
    low, high = 0, steps + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_safe(middle) else (low, middle)
    return dict(sorted(at(low).items(), key=lambda item: (item[1], item[0])))


def confirm(orders: Sequence[SafeOrder], judge: Judge, *, seed: int, share: float) -> dict[str, bool]:
    """Return whether another judge finds each zone safe at its latest safe order; zones without a minute are left out.

    All are ordered at their own minutes in one trial first, where they meet more of the others than each alone would.
    Who isn't safe in it is tried alone, as it was found.

    Parameters
    ----------
    orders
        The zones and their latest safe orders.
    judge
        The judge that is to agree.
    seed, share
        As for `sequence`.
    """
    minutes = {item.zone: item.latest.minute for item in orders if item.latest.minute is not None}
    if not minutes:
        return {}
    (together,) = judge([Trial(tuple(sorted(minutes.items())), seed, about=tuple(sorted(minutes)))])
    safe = {zone: together[zone] >= share for zone in minutes}
    doubtful = [zone for zone in minutes if not safe[zone]]
    alone = judge([Trial(((zone, minutes[zone]),), seed, about=(zone,)) for zone in doubtful]) if doubtful else []
    return safe | {zone: shares[zone] >= share for zone, shares in zip(doubtful, alone, strict=True)}
