"""Which actions of a plan can't hold at once: what each claims to do to a road, a turn or a signal, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

from evac.plans.timetable import Span

Does = Literal[
    "reverses",
    "gains",
    "widens",
    "centre",
    "opens",
    "closes",
    "narrows",
    "leads",
    "limits",
    "controls",
    "diverts",
    "turns",
]
"""What an action does to a place: it takes a direction's lanes for the other (`reverses`), gives a direction those of
the other (`gains`) or a shoulder or centre lane (`widens`), takes the one lane in the middle (`centre`), opens lanes,
closes all of them (`closes`) or some (`narrows`), says what they lead to (`leads`), sets the speed limit (`limits`), a
signal's program (`controls`), where drivers are sent (`diverts`), or whether a turn is allowed (`turns`)."""
_CONTRADICTORY: tuple[set[Does], ...] = (
    {"reverses"},
    {"reverses", "gains"},
    {"reverses", "widens"},
    {"reverses", "opens"},
    {"reverses", "closes"},
    {"reverses", "narrows"},
    {"reverses", "leads"},
    {"gains"},
    {"gains", "closes"},
    {"widens"},
    {"centre"},
    {"widens", "closes"},
    {"opens", "closes"},
    {"closes", "leads"},
    {"leads"},
    {"limits"},
    {"controls"},
    {"diverts"},
    {"turns"},
)


@dataclass(frozen=True)
class Claim(Span):
    """What an action does to a place.

    Parameters
    ----------
    where
        File and line of the action.
    place
        An edge, a signal, or a movement (`from>to`).
    does
        What it does there.
    how
        In what way: two that do the same in the same way don't contradict each other.
    """

    where: str
    place: str
    does: Does
    how: Any = None


def contradictions(claims: Iterable[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Give each two actions that can't both hold, once, with the first place where they meet."""
    by_place: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_place[claim.place].append(claim)
    told = set()
    for here in by_place.values():
        for one, other in combinations(here, 2):
            if (one.where, other.where) not in told and one.where != other.where and _contradict(one, other):
                told.add((one.where, other.where))
                yield one, other


def _contradict(one: Claim, other: Claim) -> bool:
    if {one.does, other.does} not in _CONTRADICTORY or not one.overlaps(other):
        return False
    return one.does != other.does or one.how is None or one.how != other.how
