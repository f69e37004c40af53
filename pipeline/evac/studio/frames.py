"""Pictures of the traffic while a run goes on: where its cars are, a few times a second, the newest alone."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import evac

_LEAST_S = 0.25
_CARS_PER_S = 40_000
"""How many cars' places are handed on a second at most: with more on the road, there are fewer frames."""


@dataclass
class Frames:
    """Makes frames of a job's progress.

    Parameters
    ----------
    say
        Hands one on: `frame=` with `run`, `time_s`, and `cars`: by edge, metres along it; those that stand as -1 less
        metres.
    """

    say: Callable[..., None]
    _run: str = ""
    _due_s: float = 0.0

    def take(self, progress: evac.Progress) -> None:
        """Hand a frame on, if it is time for one; of several runs side by side the one that began first."""
        if progress.ended and progress.run == self._run:
            self._run = ""
        if not progress.cars or progress.run != (self._run or progress.run) or time.monotonic() < self._due_s:
            return
        self._run = progress.run
        self._due_s = time.monotonic() + max(_LEAST_S, len(progress.cars) / _CARS_PER_S)
        cars: dict[str, list[int]] = defaultdict(list)
        for car in progress.cars:
            cars[car.edge].append(-1 - int(car.along_m) if car.stands else int(car.along_m))
        self.say(frame={"run": progress.run, "time_s": progress.time_s, "cars": cars})


@dataclass
class Newest:
    """The newest of what comes; whoever is slow misses what came between."""

    _value: Any = None
    _number: int = 0
    _is_over: bool = False
    _next: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, value: Any) -> None:
        """Take the next."""
        self._value = value
        self._number += 1
        self._wake()

    def end(self) -> None:
        """Say that nothing comes any more."""
        self._is_over = True
        self._wake()

    async def heard(self) -> AsyncIterator[Any]:
        """Yield what is there, and each that is the newest when the last has been used, to the end."""
        seen = 0
        while not self._is_over:
            if seen == self._number:
                await self._next.wait()
            else:
                seen = self._number
                yield self._value

    def _wake(self) -> None:
        event, self._next = self._next, asyncio.Event()
        event.set()
