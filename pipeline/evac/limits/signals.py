"""How much green a movement can get: shares of an hour, and the times of fixed programs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from evac.limits.passing import Cyclic

_WITHIN_S = 60.0
"""The most green of a program that reacts to traffic is taken over this long: a step of the bound."""
_PASSING = frozenset("GgysSoOY")  # green, yellow, stop and go, off; as SUMO has them. Only r and u hold everybody.
_PROGRAM = re.compile(r"<tlLogic .*?</tlLogic>", re.DOTALL)


@dataclass(frozen=True)
class Phase:
    """A phase of a program: what its links have, and the shortest and longest that it lasts (s)."""

    state: str
    least_s: float
    most_s: float


@dataclass(frozen=True)
class SignalProgram:
    """A program of a signal.

    Parameters
    ----------
    phases
        In their order.
    offset_s
        When a cycle begins.
    is_fixed
        Whether it takes no notice of traffic.
    """

    phases: Sequence[Phase]
    offset_s: float
    is_fixed: bool

    def green(self, links: Collection[int], veh_per_h: float) -> float | Cyclic:
        """Return the most vehicles an hour of a movement, or its green times in a fixed program.

        Parameters
        ----------
        links
            The numbers of the movement's links.
        veh_per_h
            Its rate while it is green.
        """
        greens = [any(phase.state[link] in _PASSING for link in links) for phase in self.phases]
        if all(greens):
            return veh_per_h
        if not self.is_fixed:
            return veh_per_h * self._most_green_s(greens) / _WITHIN_S
        ends_s = [0.0]
        for phase in self.phases:
            ends_s.append(ends_s[-1] + phase.most_s)
        times = [(ends_s[number], ends_s[number + 1]) for number, green in enumerate(greens) if green]
        return Cyclic(veh_per_h, ends_s[-1], self.offset_s, times)

    def _most_green_s(self, greens: Sequence[bool]) -> float:
        """Return the most seconds of green in any minute: long greens, short reds."""
        # A step of SUMO at least. The fullest minute begins where a green begins, or ends where one ends.
        lasts_s = [
            max(phase.most_s if green else phase.least_s, 1.0) for phase, green in zip(self.phases, greens, strict=True)
        ]
        phases = list(zip(greens, lasts_s, strict=True))
        turned = phases[::-1]
        return max(
            (
                _green_from(start, order)
                for order in (phases, turned)
                for start, (green, _) in enumerate(order)
                if green
            ),
            default=0.0,
        )


def _green_from(start: int, phases: Sequence[tuple[bool, float]]) -> float:
    """Return the seconds of green in the minute that begins with a phase."""
    left_s, green_s, number = _WITHIN_S, 0.0, start
    while left_s > 0.0:
        is_green, lasts_s = phases[number % len(phases)]
        green_s += min(left_s, lasts_s) * is_green
        left_s -= lasts_s
        number += 1
    return green_s


def read_programs(texts: Iterable[str]) -> Mapping[tuple[str, str], SignalProgram]:
    """Return the programs in SUMO's files (nets or additional files) by signal and program id."""
    found = {}
    for text in texts:
        for block in _PROGRAM.findall(text):
            logic = ET.fromstring(block)  # noqa: S314  netconvert's or our own output
            found[logic.get("id", ""), logic.get("programID", "")] = _program(logic)
    return found


def _program(logic: ET.Element) -> SignalProgram:
    is_fixed = logic.get("type", "static") == "static"
    phases = []
    for phase in logic.iter("phase"):
        duration_s = float(phase.get("duration", "0"))
        least_s, most_s = (
            duration_s if is_fixed else float(phase.get(key, duration_s)) for key in ("minDur", "maxDur")
        )
        phases.append(Phase(phase.get("state", ""), least_s, most_s))
    return SignalProgram(phases, float(logic.get("offset", "0")), is_fixed)
