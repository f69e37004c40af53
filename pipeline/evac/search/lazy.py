"""Search over sets: lazy greedy, by time won and by time won for what it takes, then swaps.

What an action wins is mostly less the more others there are. So an action that won little alone isn't simulated again
as long as another one that has been wins more than it did: lazy evaluation (Minoux, Optimization Techniques, 1978). The
better of two greedy sets, one by gain and one by gain for the share of the budget, is kept (Leskovec et al., "Cost-
effective outbreak detection in networks", KDD 2007). Actions may also help each other, which greedy doesn't see; swaps
find some of that.

What a set needs isn't asked to the end where it comes too late to be of use: a judge is told by when, a little later
than what the set must beat.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_LEAST_GAIN_S = 30.0
"""What an action must win to be taken (s): less is within what chance does to one seed."""
_LATER = 1.02
"""How much later than what it must beat a set may be for its score still to be known: chance does as much to one seed,
and of the sets that are known the last plans are chosen."""
_SWAPPED_IN = 4
_ROUNDS = 2

Chosen = frozenset[int]
"""Numbers of candidates that are carried out together."""


@dataclass(frozen=True)
class Space:
    """What is searched.

    Parameters
    ----------
    judge
        Gives the scores of sets (s, the smaller the better). Missing are those that can't be carried out, and those
        that are later than the second argument (s).
    fits
        Tells whether a set is within the budget.
    price
        Share of the budget that a candidate takes.
    width
        How many sets are judged side by side.
    """

    judge: Callable[[Sequence[Chosen], float], Mapping[Chosen, float]]
    fits: Callable[[Chosen], bool]
    price: Callable[[int], float]
    width: int


def search(space: Space, candidates: Sequence[int]) -> Chosen:
    """Return the best set that is found; what has been judged meanwhile is for whoever judges to keep."""
    nothing: Chosen = frozenset()
    alone = [frozenset({one}) for one in candidates if space.fits(frozenset({one}))]
    start = space.judge([nothing], math.inf)[nothing]
    scores = space.judge(alone, start * _LATER)
    gains = {one: start - scores[found] for found in alone if found in scores for one in found}
    by_gain = _greedy(space, gains, start, lambda _: 1.0)
    by_price = _greedy(space, gains, start, lambda one: max(space.price(one), 0.01))
    found = space.judge([by_gain, by_price], math.inf)
    best = min((by_gain, by_price), key=lambda chosen: found[chosen])
    return swapped(space, best, gains)


def _greedy(space: Space, alone: Mapping[int, float], start: float, price: Callable[[int], float]) -> Chosen:
    """Return a set that is put together one by one.

    Parameters
    ----------
    space
        What is searched.
    alone
        What each candidate wins alone (s).
    start
        The score without any.
    price
        What a gain is divided by.
    """
    chosen: Chosen = frozenset()
    score, gains = start, dict(alone)
    fresh = set(gains)
    while True:
        fitting = [one for one in gains if one not in chosen and space.fits(chosen | {one})]
        ranked = sorted(fitting, key=lambda one: (-gains[one] / price(one), one))
        hopeful = [one for one in ranked if gains[one] >= _LEAST_GAIN_S]
        if not hopeful:
            return chosen
        if hopeful[0] in fresh:
            chosen |= {hopeful[0]}
            score -= gains[hopeful[0]]
            fresh = set()
            continue
        stale = [one for one in hopeful if one not in fresh][: space.width]
        scores = space.judge([chosen | {one} for one in stale], score * _LATER)
        for one in stale:
            found = scores.get(chosen | {one})
            gains[one] = -float("inf") if found is None else score - found
        fresh.update(stale)


def swapped(space: Space, chosen: Chosen, alone: Mapping[int, float]) -> Chosen:
    """Return a set after leaving out what it doesn't need, and exchanging what others do better."""
    score = space.judge([chosen], math.inf)[chosen]
    for _ in range(_ROUNDS):
        others = [one for one in sorted(alone, key=lambda one: (-alone[one], one)) if one not in chosen][:_SWAPPED_IN]
        fewer = [chosen - {one} for one in sorted(chosen)]
        exchanged = [rest | {other} for rest in fewer for other in others if space.fits(rest | {other})]
        added = [chosen | {other} for other in others if space.fits(chosen | {other})]
        # One action less may cost what an action must win.
        by_s = max(score * _LATER, score + _LEAST_GAIN_S)
        scores = {chosen: score, **space.judge([*fewer, *exchanged, *added], by_s)}
        # Each action must win what it takes to be taken, also one that is there already.
        best = min(scores, key=lambda found: (round(scores[found] + _LEAST_GAIN_S * len(found)), sorted(found)))
        if best == chosen:
            return chosen
        chosen, score = best, scores[best]
    return chosen
