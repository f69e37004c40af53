"""The toolkit's typed errors: what was found, what was expected, what to try.

The command line turns an `EvacError` into one readable message. `UserError` and its children mean the
input can be mended by the person who wrote it (exit code 2); `EvacError` itself means that the toolkit or
SUMO failed (exit code 1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

_LONGEST_PART = 600  # characters: three lines of a wide terminal
_MOST_LINES = 28  # a message fits on a screen
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line separators, those that reverse the text around them, and halves of pairs."""


class Mend(StrEnum):
    """What to try about a problem of a plan for whoever has the plan on a map, where `remedy` speaks of its file."""

    PLACE = "place"
    """Click the place again: the map has nothing there any more, or too much."""
    DIRECTION = "direction"
    """Click the street again and choose a direction of travel."""
    STRETCH = "stretch"
    """Click two places between which the street runs without a gap, in the direction of travel."""
    CORRECT_MAP = "correct map"
    """The map says otherwise: correct it, if that is wrong."""
    FEWER_LANES = "fewer lanes"
    """Turn fewer lanes round, leave none to emergency vehicles, or take a shorter stretch."""
    CLOSE = "close"
    """Ask for less, or close the road."""
    OPEN_ONWARD = "open onward"
    """Open what the road goes on into as well."""
    ALREADY_OPEN = "already open"
    """Choose another action: the road is open."""
    ONE_KIND = "one kind"
    """Do the same in both actions, or leave one out."""
    STAGES = "stages"
    """Set the signal's times again, or forbid the turn."""
    EARLIER = "earlier"
    """Let it begin earlier."""
    ACCEPT_CUT_OFF = "accept cut off"
    """Leave households a way out, or say that they stay."""
    OTHER_NAME = "other name"
    """Give the action another name."""
    ONE_FIELD = "one field"
    """Fill one of its fields in."""
    FILE_BACK = "file back"
    """Put the file back that is named and isn't there."""
    BY_HAND = "by hand"
    """Only the plan's file can say so: change it there, or leave the action out."""


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
    mend
        What to try where the input is on a map, if that is something else; None where `remedy` says it.
    keys
        What leads to the key of a YAML file that is wrong; empty where it is none, or not known.
    told
        `what` without the key's name, for whoever sees the field that it is about instead.
    actions
        The actions of a plan that it is about: each one's place among them, from 0 on, and its label.
    """

    where: str
    what: str
    remedy: str = ""
    mend: Mend | None = field(default=None, compare=False)
    keys: tuple[str | int, ...] = field(default=(), compare=False)
    told: str = field(default="", compare=False)
    actions: tuple[tuple[int, str], ...] = field(default=(), compare=False)

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
