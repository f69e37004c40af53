"""What engines are given and give back."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from evac.simulate.job import Job
from evac.study.ground import Ground
from evac.study.runs import Display

Outcome = Path | Exception
"""The directory of a run, or why there is none."""


@dataclass(frozen=True)
class Task:
    """A job to run, and what it stands on."""

    job: Job
    ground: Ground


class Engine(Protocol):
    """Runs jobs."""

    def run(self, tasks: Sequence[Task], cache: Path, display: Display) -> Generator[tuple[Job, Outcome]]:
        """Run the tasks in about this order, and yield each job when it has ended, well or not.

        When the iterator is closed, or an exception is thrown into it, all simulations end.
        """
