"""Who goes first at a junction while a queue stands there: by signs, by a signal, or by what a plan makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sumolib

from evac.limits.signals import SignalProgram
from evac.overlay.signals import OFF
from evac.plans.timetable import Run, State, States, at

SignalReason = Literal["signal", "plan's signal", "officer"]
"""What holds traffic up at a signal that shows green at times: its own program, which is guessed, or the plan's."""
STOP, YIELDS, GREEN, GREEN_IN_GAPS = "w", "ms", "G", "g"
"""Letters of a link (SUMO's): a stop at which all stop, right of way of others, green, and green that yields."""
_AT_A_SIGNAL: Mapping[str, str] = {"O": GREEN, "o": GREEN_IN_GAPS}
_IN_THE_DARK: Mapping[str, str] = {"O": "M", "o": "m"}
"""A net writes right of way at a signal as `O` and `o`, whatever the signal shows; a flashing one shows the same."""


@dataclass(frozen=True)
class Control:
    """What the signals of a run do.

    Parameters
    ----------
    net
        The net of the run, with its programs.
    states
        What a plan does when; nothing without one.
    programs
        The plan's programs by signal and program id.
    """

    net: sumolib.net.Net
    states: States = field(default_factory=lambda: States({}, {}, {}, {}, {}))
    programs: Mapping[tuple[str, str], SignalProgram] = field(default_factory=dict)

    def runs(self, edge: Any) -> tuple[State[Run], ...]:
        """Return what the signal at the end of an edge does when; nothing where a plan doesn't touch it."""
        signal = edge.getTLS()
        return self.states.signals.get(signal.getID(), ()) if signal is not None else ()

    def signal_at(self, edge: Any, times_s: Sequence[float]) -> SignalReason | None:
        """Return what gives green at the end of an edge at most of these times; None where nothing does."""
        run = during(self.runs(edge), times_s)
        links = [link for lane in edge.getLanes() for link in lane.getOutgoing() if link.getTLSID()]
        if not any(self.letters(link, run) & {GREEN, GREEN_IN_GAPS} for link in links):
            return None
        if run is None or run.program == self.states.normal_programs[edge.getTLS().getID()]:
            return "signal"
        return "officer" if run.officer else "plan's signal"

    def is_guessed(self, edge: Any) -> bool:
        """Return whether the signal at the end of an edge runs at any time as nobody has said."""
        signal, runs = edge.getTLS(), self.runs(edge)
        if signal is None or not runs:
            return signal is not None
        normal = self.states.normal_programs[signal.getID()]
        return normal != OFF and any(state.holds.program == normal for state in runs)

    def letters(self, link: Any, run: Run | None) -> set[str]:
        """Return the letters that a link has, one after the other, while its signal does this."""
        state, signal = link.getState(), link.getTLSID()
        if not signal:
            return {state}
        if run is None or run.program == self.states.normal_programs[signal] != OFF:
            shown = self._normally(link) if state == STOP else {state}
            return {_AT_A_SIGNAL.get(letter, letter) for letter in shown}
        if run.program == OFF:
            return {_IN_THE_DARK.get(state, state)}
        phases = self.programs[signal, run.program].phases
        return {_IN_THE_DARK.get(letter, letter) for letter in (phase.state[link.getTLLinkIndex()] for phase in phases)}

    def _normally(self, link: Any) -> set[str]:
        """Return what a signal shows that is an all-way stop while it is off: the net doesn't say who yields."""
        programs = self.net.getTLS(link.getTLSID()).getPrograms().values()
        return {phase.state[link.getTLLinkIndex()] for program in programs for phase in program.getPhases()}


def during(runs: tuple[State[Run], ...], times_s: Sequence[float]) -> Run | None:
    """Return what a signal does at most of these times; None where a plan doesn't touch it."""
    if not runs:
        return None
    found = [at(runs, time_s) for time_s in times_s] or [runs[0].holds]
    return max(dict.fromkeys(found), key=found.count)
