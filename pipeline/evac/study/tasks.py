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
from evac.study.verdicts import Question

Outcome = Path | Exception
"""The directory of a run, or of the verdict on it, or why there is none."""


@dataclass(frozen=True)
class Task:
    """A job to run, what it stands on, and what of it is wanted where that isn't all.

    Parameters
    ----------
    job, ground
        The job, and what it stands on.
    deadline
        By when enough must be out for its run to be of use.
    question
        All that is asked of it. An engine that runs it whole answers that as well.
    """

    job: Job
    ground: Ground
    deadline: Deadline | None = None
    question: Question | None = None


class Engine(Protocol):
    """Runs jobs."""

    def run(self, tasks: Sequence[Task], cache: Path, display: Display) -> Generator[tuple[Job, Outcome]]:
        """Run the tasks in about this order, and yield each job when it has ended, well or not.

        A run that misses its task's deadline ends there, and comes out as `GivenUp`.

        When the iterator is closed, or an exception is thrown into it, all simulations end.
        """
