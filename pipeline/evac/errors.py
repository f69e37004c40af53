"""The toolkit's typed errors: what was found, what was expected, what to try.

The command line turns an `EvacError` into one readable message. `UserError` and its children mean the
input can be mended by the person who wrote it (exit code 2); `EvacError` itself means that the toolkit or
SUMO failed (exit code 1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input.

    Parameters
    ----------
    where
        The file, and the key, street or feature in it.
    what
        What was found and what was expected.
    remedy
        What to try.
    """

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return the problem in a line, the remedy in a second."""
        text = f"{self.where}: {self.what}"
        return f"{text}\n    try: {self.remedy}" if self.remedy else text


class EvacError(Exception):
    """The toolkit, or a program that it drives, failed; the user's input may be fine."""

    exit_code = 1


class UserError(EvacError):
    """An input is wrong. Carries every problem found, so that all can be mended at once."""

    exit_code = 2

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def rename(self, old: str, new: str) -> None:
        """Call a place otherwise in all problems, as whoever reads them knows it: a key, a folder."""
        self.problems = [replace(problem, where=problem.where.replace(old, new)) for problem in self.problems]
        self.args = ("\n".join(str(problem) for problem in self.problems),)


class ScenarioError(UserError):
    """A scenario or plan file does not validate."""


class DataError(UserError):
    """A data file (OSM, zones, points, curve) can't be read or doesn't fit the scenario."""


class PlaceError(UserError):
    """A street, crossing, OSM way or point isn't on the network, or a town's name means no area, or too many."""


class CensusKeyError(UserError):
    """The census' Data API wants a key, or doesn't know the one that was given."""


class InstallationError(UserError):
    """SUMO or a system library that it needs is missing."""


class SourceError(EvacError):
    """A service on the internet doesn't answer, or answers nothing that can be used."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


class SimulationError(EvacError):
    """SUMO ended before the simulation's end; its last words are in the message."""
