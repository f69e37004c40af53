"""The toolkit's typed errors: what was found, what was expected, what to try.

The command line turns an `EvacError` into one readable message. `UserError` and its children mean the
input can be mended by the person who wrote it (exit code 2); `EvacError` itself means that the toolkit or
SUMO failed (exit code 1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

_LONGEST_PART = 600  # characters: three lines of a wide terminal
_MOST_LINES = 28  # a message fits on a screen
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line separators, those that reverse the text around them, and halves of pairs."""


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
        text = f"{readable(self.where)}: {readable(self.what)}"
        return f"{text}\n    try: {readable(self.remedy)}" if self.remedy else text


def readable(text: object, longest: int = _LONGEST_PART) -> str:
    """Return somebody's text as a message shows it: in one line, without control characters, its middle left out."""
    shown = _UNSEEN.sub("\ufffd", re.sub(r"\s*[\n\r\t]\s*", " ", str(text)))
    return shown if len(shown) <= longest else f"{shown[: longest // 2]} … {shown[-longest // 2 :]}"


def _together(problems: Sequence[Problem]) -> str:
    """Return the problems as one message; with very many, only how many more there are."""
    lines = 0
    for number, problem in enumerate(problems):
        lines += 2 if problem.remedy else 1
        if lines > _MOST_LINES:
            shown = "\n".join(map(str, problems[:number]))
            return f"{shown}\nand {len(problems) - number:,} more problems like these"
    return "\n".join(map(str, problems))


class EvacError(Exception):
    """The toolkit, or a program that it drives, failed; the user's input may be fine."""

    exit_code = 1


class UserError(EvacError):
    """An input is wrong. Carries every problem found, so that all can be mended at once."""

    exit_code = 2

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__(_together(self.problems))

    def rename(self, old: str, new: str) -> None:
        """Call a place otherwise in all problems, as whoever reads them knows it: a key, a folder."""
        self.problems = [replace(problem, where=problem.where.replace(old, new)) for problem in self.problems]
        self.args = (_together(self.problems),)


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


class Cancelled(EvacError):  # noqa: N818 - nothing is wrong
    """Whoever waited called the work off. Finished runs are kept, and nothing half-done is taken for done."""

    def __init__(self) -> None:
        super().__init__("called off; finished runs are kept, and the next start goes on from there")


class GivenUp(EvacError):  # noqa: N818 - nothing is wrong
    """A run was ended because it is too late to be of use: by a time too few vehicles were out."""

    def __init__(self, by_s: float) -> None:
        self.by_s = by_s
        super().__init__(f"given up: too few vehicles were out {by_s:g} s after the order")


class SimulationError(EvacError):
    """SUMO ended before the simulation's end; its last words are in the message."""
