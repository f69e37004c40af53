"""How far the work of the façade is, as events for whoever waits, and how it is called off.

The same events serve a progress bar, a web page and a log: `place` sends a `Progress` for each step of the preparation,
for each plan, and for each simulated minute of each run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, RLock
from typing import TYPE_CHECKING, Literal

from evac.errors import Cancelled

if TYPE_CHECKING:
    from evac.simulate.answers import Car
    from evac.simulate.driving import Progress as Minute

Phase = Literal["preparing", "laying plans", "simulating", "reporting"]
_PREPARING_STEPS = 3
"""Lines that `study.prepare` tells when nothing has to be fetched: roads, households, network."""


@dataclass(frozen=True)
class Progress:
    """How far the work is.

    Parameters
    ----------
    phase
        What is being done: `preparing`, `laying plans`, `simulating` or `reporting`.
    fraction
        The part of the phase that is done (0 to 1).
    text
        A line for people; empty for the minutes of a run.
    run
        The run that this is about, in words; empty where it is about none.
    planned, out, driving, waiting
        Vehicles of the run: planned in all, evacuated, on the road, and waiting to enter it.
    time_s
        Simulated time of the run since the order (s).
    speed
        Simulated seconds of the run per second of wall time.
    ended
        Whether the run has ended, well or not; `text` says how.
    warning
        Whether `text` is what whoever waits should know before the answer.
    cars
        Vehicles of the run that are on its roads: `edge`, `along_m` (metres along it), `stands`. Empty where vehicles
        are not simulated one by one, where another machine runs them, and at the end of a run.
    """

    phase: Phase
    fraction: float
    text: str = ""
    run: str = ""
    planned: int = 0
    out: int = 0
    driving: int = 0
    waiting: int = 0
    time_s: float = 0.0
    speed: float = 0.0
    ended: bool = False
    warning: bool = False
    cars: tuple[Car, ...] = ()


OnProgress = Callable[[Progress], None]
"""Takes the events. Called from several threads, but never from two at once."""

Cancel = Event | Callable[[], bool]
"""An event that is set, or a function that returns True, when the work is to end."""


@dataclass
class Watch:
    """Whoever waits for the work: is told how far it is, and may call it off.

    Parameters
    ----------
    on_progress
        Takes the events; nobody when None.
    cancel
        Asked at each event whether the work is to end; never when None.
    runs
        How many runs the study has, as far as that is known: the whole that `fraction` is a part of.
    """

    on_progress: OnProgress | None = None
    cancel: Cancel | None = None
    runs: int = 1
    _ended: int = 0
    _planned: dict[str, int] = field(default_factory=dict)
    _shares: dict[str, float] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def require_going_on(self) -> None:
        """Raise an error when the work has been called off.

        Raises
        ------
        Cancelled
            It has.
        """
        if self.cancel is not None and (self.cancel.is_set() if isinstance(self.cancel, Event) else self.cancel()):
            raise Cancelled

    def preparing(self) -> Callable[[str], None]:
        """Return what `study.prepare` tells its steps to."""
        told = 0

        def tell(text: str) -> None:
            nonlocal told
            self.send(Progress("preparing", min(1.0, told / _PREPARING_STEPS), text))
            told += 1

        return tell

    def send(self, progress: Progress) -> None:
        """Hand an event on, unless the work has been called off."""
        self.require_going_on()
        if self.on_progress is not None:
            with self._lock:
                self.on_progress(progress)

    def begin(self, name: str, planned: int) -> None:
        """Take note that a run has begun (`study.runs.Display`)."""
        with self._lock:
            self._planned[name], self._shares[name] = planned, 0.0
            self.send(Progress("simulating", self._fraction(), "has begun", name, planned))

    def update(self, name: str, state: Minute) -> None:
        """Take note of a simulated minute."""
        with self._lock:
            planned = self._planned[name]
            self._shares[name] = min(1.0, state.out / max(planned, 1))
            live = (state.out, state.driving, state.waiting)
            self.send(
                Progress(
                    "simulating", self._fraction(), "", name, planned, *live, state.time_s, state.speed, cars=state.cars
                )
            )

    def finish(self, name: str, result: str) -> None:
        """Take note of how a run has ended; also of one that the cache had."""
        with self._lock:
            self._shares.pop(name, None)
            self._ended += 1
            self.send(Progress("simulating", self._fraction(), result, name, self._planned.get(name, 0), ended=True))

    def tell(self, text: str) -> None:
        """Hand on a line about the study itself."""
        with self._lock:
            self.send(Progress("simulating", self._fraction(), text))

    def _fraction(self) -> float:
        return min(1.0, (self._ended + sum(self._shares.values())) / max(self.runs, 1))
