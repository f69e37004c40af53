"""The page that shows how far a search is: what it is trying, what was found, and how sure that is.

A file that stands by itself and is replaced as a whole at each step; a browser that has it open looks again every ten
seconds, unless whoever reads it is at something, or has it stay as it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2

from evac import clock
from evac.files import write_text
from evac.plans import BASELINE
from evac.prose import begun
from evac.report.moving_map import content_hash
from evac.schema.scenario import vehicles_words
from evac.search.attempts import Attempts
from evac.search.city import KINDS, RESOURCES
from evac.search.finals import Finals
from evac.search.lazy import Chosen
from evac.study.comparing import Cell

_STAGES = {
    "first run": "The town without a new action: where do queues stand?",
    "sets": "Each action alone, then sets of them, with one seed",
    "seeds": "The best ten with more and more seeds",
    "fresh": "The best two once more, with seeds that had no part in choosing them",
    "stress": "What the last ten are worth when something goes wrong",
}
"""What a search does, in order."""
_FRESH = "seeds that had no part in choosing it"
_SHOWN = 8
_AGAIN = Path(__file__).parent / "templates" / "again.js"


@dataclass
class ProgressPage:
    """The page of a search.

    Parameters
    ----------
    path
        Its file.
    attempts, finals
        What has been tried.
    within_s
        How long the search may take; None where it may as long as it takes.
    """

    path: Path
    attempts: Attempts
    finals: Finals
    within_s: float | None
    _stage: str = "first run"
    _began_s: float = field(default_factory=time.monotonic)

    def enter(self, stage: str) -> None:
        """Take note that a stage begins: one of the keys of `_STAGES`."""
        self._stage = stage

    def write(self, step: str, ending: str = "") -> None:
        """Write the page.

        Parameters
        ----------
        step
            What is tried now.
        ending
            How the search ended; empty while it goes on.
        """
        found = {chosen: self._row(chosen) for chosen in self._ranked()}
        script = _AGAIN.read_text(encoding="utf-8")
        content = {
            "script": script,
            "script_hash": content_hash(script),
            "town": self.attempts.sets.prepared.loaded.model.name,
            "asked": self._asked(),
            "step": begun(step),
            "ending": ending,
            "stages": list(self._stages(ended=bool(ending))),
            "time": f"{datetime.now().astimezone():%H:%M:%S}",
            "lasted": _lasted(time.monotonic() - self._began_s),
            "within": "" if self.within_s is None else _lasted(self.within_s),
            "counts": self._counts(),
            "best": self._best(found),
            "plans": list(found.values())[:_SHOWN],
            "bound": self._bound(),
            "stressed": list(self._stressed()),
            "kinds": list(self._kinds()),
        }
        write_text(self.path, _template().render(page=content))

    def _asked(self) -> str:
        goal, base = self.attempts.sets.goal, self.attempts.sets.base
        has = _counted({name: getattr(goal.budget, name) for name in RESOURCES})
        beside = "" if base.key == BASELINE else f"; on top of the plan “{base.key}”"
        return f"{has}; {vehicles_words(goal.vehicles)}, departures “{goal.departure}”{beside}"

    def _stages(self, *, ended: bool) -> Iterator[dict[str, str]]:
        names = list(_STAGES)
        here = len(names) if ended else names.index(self._stage)
        for number, name in enumerate(names):
            state = "done" if number < here else "now" if number == here else "later"
            yield {"state": state, "words": _STAGES[name]}

    def _counts(self) -> str:
        attempts = self.attempts
        late = f", {len(attempts.late)} given up as too late" if attempts.late else ""
        pruned = f", {len(attempts.pruned)} spared by their bound" if attempts.pruned else ""
        thought_of = f"{len(attempts.sets.candidates)} actions thought of"
        return f"{thought_of}, {len(attempts.scores)} plans simulated{late}{pruned}."

    def _ranked(self) -> list[Chosen]:
        """Return the sets that were simulated, the best first: those with several seeds before those with one."""
        known = self.finals.ranked()
        scores = self.attempts.scores
        return [*known, *sorted(scores.keys() - set(known), key=lambda one: (scores[one], len(one), sorted(one)))]

    def _row(self, chosen: Chosen) -> dict[str, str]:
        cell, start = self.finals.cells.get(chosen), self.attempts.scores.get(frozenset())
        if cell is not None:
            time_s, saved_s = cell.interval.mean, self.finals.saved(chosen).mean
            sure = _sure(cell)
            if (fresh := self.finals.fresh.get(chosen)) is not None:
                sure += f"; {_time(fresh)} with {_FRESH}: {_sure(fresh)}"
        else:
            time_s = self.attempts.scores[chosen]
            saved_s = None if start is None else start - time_s
            sure = f"one seed{', coarse model' if self.attempts.sets.goal.screen == 'meso' else ''}: may change"
        takes = self.attempts.sets.takes(chosen)
        return {
            "time": _clock(time_s),
            "actions": self.attempts.sets.words(chosen) if chosen else "no new action",
            "saved": _saved(saved_s) if chosen else "what the others are compared with",
            "takes": _counted({name: sum(getattr(item, name) for item in takes) for name in RESOURCES}),
            "sure": sure,
        }

    def _best(self, rows: Mapping[Chosen, Mapping[str, str]]) -> Mapping[str, str] | None:
        """Return the row of the best plan, with the time that seeds tell which had no part in choosing it."""
        for chosen, row in rows.items():
            if (fresh := self.finals.fresh.get(chosen)) is None:
                return row
            chose = f"{row['time']} with the {len(self.finals.cells[chosen].t90_s)} seeds that it was chosen by"
            return {**row, "time": _time(fresh), "sure": f"With {_FRESH}: {_sure(fresh)}; {chose}"}
        return None

    def _bound(self) -> str:
        bounds = self.attempts.bounds
        any_s = None if bounds is None else bounds.reversible.earliest_s(90)
        return "" if any_s is None else f"No plan can have 90 % out before {clock.clock(any_s)}, whatever it does."

    def _stressed(self) -> Iterator[dict[str, str]]:
        for chosen in self.finals.stressed:
            worst = self.finals.worst(chosen)
            if worst is not None and worst.cell is not None:
                yield {"time": _time(worst.cell), "actions": self.attempts.sets.words(chosen), "worst": worst.failure}

    def _kinds(self) -> Iterator[dict[str, Any]]:
        scores, start = self.attempts.scores, self.attempts.scores.get(frozenset())
        for kind in KINDS:
            numbers = [number for number, item in enumerate(self.attempts.sets.candidates) if item.kind == kind]
            tried = [scores[frozenset({number})] for number in numbers if frozenset({number}) in scores]
            saves = clock.span(start - min(tried)) if tried and start is not None else ""
            refused = sum(bool(self.attempts.why_not(number)) for number in numbers)
            yield {"kind": kind, "all": len(numbers), "tried": len(tried), "refused": refused, "saves": saves}


def _clock(time_s: float | None) -> str:
    return "never" if time_s is None else clock.clock(time_s)


def _time(cell: Cell) -> str:
    return _clock(cell.interval.mean)


def _sure(cell: Cell) -> str:
    found, seeds = cell.interval, len(cell.t90_s)
    words = f"{seeds} seeds" if seeds > 1 else "one seed: may change"
    if found.low is not None and found.high is not None:
        words += f", 95 % interval {clock.clock(found.low)} to {clock.clock(found.high)}"
    return words + (f", {len(cell.untrusted)} of them not trusted" if cell.untrusted else "")


def _counted(numbers: Mapping[str, int]) -> str:
    """Return what there is in words: `1 officer, 300 cones`; the names are plurals."""
    return ", ".join(
        f"{number:,} {name.removesuffix('s') if number == 1 else name}" for name, number in numbers.items()
    )


def _saved(seconds: float | None) -> str:
    if seconds is None:
        return "not comparable"
    return f"{clock.span(abs(seconds))} {'sooner' if seconds >= 0 else 'later'} than without"


def _lasted(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else clock.span(seconds)  # noqa: PLR2004 - a minute and a half


def _template() -> jinja2.Template:
    loaders = [jinja2.PackageLoader("evac.search", "templates"), jinja2.PackageLoader("evac.report", "templates")]
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("progress.html.j2")
