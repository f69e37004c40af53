"""Progress on the screen: a line a running simulation, and one for the whole study."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from evac import clock

if TYPE_CHECKING:
    from evac.simulate.driving import Progress as Minute
    from evac.watching import Progress


@dataclass
class RunsDisplay:
    """The lines of all runs. Safe to use from several threads.

    Parameters
    ----------
    console
        Where lines of finished runs are printed when it is no terminal.
    progress
        The bars.
    """

    console: Console
    progress: Bars
    _step: TaskID | None = None
    _tasks: dict[str, TaskID] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, event: Progress) -> None:
        """Show an event of the façade (`watching.OnProgress`)."""
        if event.run and event.ended:
            self.finish(event.run, event.text)
        elif event.run and event.run in self._tasks:
            self.update(event.run, event)
        elif event.run:
            self.begin(event.run, event.planned)
        elif event.warning or event.phase == "simulating":
            self.tell(event.text)
        else:
            self._show_step(event.text)

    def _show_step(self, text: str) -> None:
        """Show what is done before the first run begins."""
        if self._step is None:
            self._step = self.progress.add_task("Preparing", total=None, state="")
        self.progress.update(self._step, state=escape(text))

    def begin(self, name: str, planned: int) -> None:
        """Show that a run has begun."""
        with self._lock:
            if self._step is not None:
                self.progress.remove_task(self._step)
                self._step = None
            self._tasks[name] = self.progress.add_task(name, total=max(planned, 1), state="starting")

    def update(self, name: str, state: Minute | Progress) -> None:
        """Show how far a run is: cars out of cars planned, and simulated time."""
        text = (
            f"{clock.clock(state.time_s)} · {state.out:,} out · {state.driving:,} driving · "
            f"{state.waiting:,} waiting · {state.speed:,.0f} times real time"
        )
        self.progress.update(self._tasks[name], completed=state.out, state=text)

    def finish(self, name: str, result: str) -> None:
        """Show how a run ended."""
        with self._lock:
            task = self._tasks.pop(name, None)
            if task is not None:
                self.progress.remove_task(task)
        self.tell(f"{name}: {result}")

    def tell(self, text: str) -> None:
        """Show a line about the study itself, such as what it waits for."""
        self.progress.console.print(escape(text), highlight=False)


@contextmanager
def show_runs(console: Console) -> Iterator[RunsDisplay]:
    """Show the progress of runs while the block works."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=console, transient=True) as progress:
        yield RunsDisplay(console, progress)
