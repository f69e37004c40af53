"""What engines are given and give back."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from evac.simulate.job import Job
from evac.study.ground import Ground
from evac.study.jobs import Deadline
from evac.study.runs import Display

Outcome = Path | Exception
"""The directory of a run, or why there is none."""


@dataclass(frozen=True)
class Task:
    """A job to run, what it stands on, and by when enough must be out for its run to be of use."""

    job: Job
    ground: Ground
    deadline: Deadline | None = None


class Engine(Protocol):
    """Runs jobs."""

    def run(self, tasks: Sequence[Task], cache: Path, display: Display) -> Generator[tuple[Job, Outcome]]:
        """Run the tasks in about this order, and yield each job when it has ended, well or not.

        A run that misses its task's deadline ends there, and comes out as `GivenUp`.

        When the iterator is closed, or an exception is thrown into it, all simulations end.
        """
