"""A net's movements in the order of the file, found by edge without a look at all the others.

Editing a plan's few edges must not cost a pass over the whole net each time: a county has hundreds of thousands of
movements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Generic, NamedTuple, TypeVar

_V = TypeVar("_V")


class Movement(NamedTuple):
    """A connection: from a lane of an edge to a lane of another."""

    from_edge: str
    from_lane: int
    to_edge: str
    to_lane: int


class Movements(MutableMapping[Movement, _V], Generic[_V]):
    """What is known of each movement, in order; one that is renamed keeps its place."""

    def __init__(self) -> None:
        self._known: dict[Movement, _V] = {}
        self._place: dict[Movement, int] = {}
        self._next = 0
        self._in_order = True
        self._at: defaultdict[str, set[Movement]] = defaultdict(set)

    def __getitem__(self, movement: Movement) -> _V:
        """Return what is known of a movement."""
        return self._known[movement]

    def __setitem__(self, movement: Movement, value: _V) -> None:
        """Note what is known of a movement; a new one comes last."""
        if movement not in self._known:
            self._add(movement, self._next)
            self._next += 1
        self._known[movement] = value

    def __delitem__(self, movement: Movement) -> None:
        """Remove a movement."""
        del self._known[movement]
        del self._place[movement]
        for edge in (movement.from_edge, movement.to_edge):
            self._at[edge].discard(movement)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._known)

    def __iter__(self) -> Iterator[Movement]:
        """Go through all, in order."""
        if not self._in_order:
            self._known = {movement: self._known[movement] for movement in self._sorted(self._known)}
            self._in_order = True
        return iter(self._known)

    def at(self, edges: Iterable[str]) -> list[Movement]:
        """Return the movements out of some edges and into them, in order."""
        return self._sorted({movement for edge in edges for movement in self._at.get(edge, ())})

    def into(self, edge: str) -> list[Movement]:
        """Return the movements into an edge, in order."""
        return self._sorted(item for item in self._at.get(edge, ()) if item.to_edge == edge)

    def out_of(self, edge: str) -> list[Movement]:
        """Return the movements out of an edge, in order."""
        return self._sorted(item for item in self._at.get(edge, ()) if item.from_edge == edge)

    def rename(self, names: Mapping[Movement, Movement]) -> None:
        """Give movements other edges or lanes, all at once: one may take the name that another had."""
        taken = [(new, self._known[old], self._place[old]) for old, new in names.items() if old in self._known]
        for old in names:
            self.pop(old, None)
        for new, value, place in taken:
            self._add(new, place)
            self._known[new] = value
            self._in_order = False

    def _add(self, movement: Movement, place: int) -> None:
        self._place[movement] = place
        self._at[movement.from_edge].add(movement)
        self._at[movement.to_edge].add(movement)

    def _sorted(self, movements: Iterable[Movement]) -> list[Movement]:
        return sorted(movements, key=self._place.__getitem__)
