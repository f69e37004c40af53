"""Sets of candidates judged: held against their bounds, and simulated once each; why those fail that do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from evac.clock import clock
from evac.errors import EvacError, GivenUp
from evac.seals import has_entry
from evac.search.facts import keep_later_s, known_later_s
from evac.search.goal import Patience
from evac.search.laying import Sets
from evac.search.lazy import Chosen
from evac.study.bounds import DECISIVE_PERCENT, Bounds
from evac.study.jobs import Deadline, run_folder
from evac.study.runs import read_ledger, read_manifest
from evac.study.tasks import Outcome

_DECISIVE = DECISIVE_PERCENT / 100.0
_NEAR = 0.5
"""Share of the time without candidates that the bound must be for bounds of sets to be asked: where it is less, an
action would have to make it twice as late before a run could be spared, and each costs a tenth of a coarse run."""


@dataclass
class Attempts:
    """What has been tried.

    Parameters
    ----------
    sets
        The sets, as plans.
    patience
        How long it may take.
    scores
        By set, when the share that decides was out (s), in the screening runs.
    pruned
        Sets that weren't simulated, because their bound says that they are no better than one that was.
    late
        By set whose run was given up, than what the share that decides is later (s).
    bounds
        What no plan can beat, beside the plan without candidates; None before the first run.
    on_step
        Takes what is tried next, in words.
    """

    sets: Sets
    patience: Patience = field(default_factory=Patience)
    scores: dict[Chosen, float] = field(default_factory=dict)
    pruned: dict[Chosen, float] = field(default_factory=dict)
    late: dict[Chosen, float] = field(default_factory=dict)
    bounds: Bounds | None = None
    on_step: Callable[[str], None] = lambda _: None
    _trusted: bool = True  # the plan without candidates is
    _left_behind: int = 0  # vehicles that aren't out at the end under it

    def tell(self, text: str) -> None:
        """Tell what is tried next."""
        self.sets.display.tell(text)
        self.on_step(text)

    def _tell_trying(self, words: str) -> None:
        number = len(self.scores) + len(self.late)
        if number == 1:
            self.tell(f"1 plan tried, trying: {words}")
        else:
            self.tell(f"{number} plans tried, trying: {words}")

    def judge(self, sets: Sequence[Chosen], by_s: float = math.inf) -> dict[Chosen, float]:
        """Return the scores of sets (s), simulating those that haven't been.

        Missing are sets that can't be, and those whose runs were given up, because the share that decides wasn't out by
        `by_s`. While some are simulated, the next are laid over the net.

        Raises
        ------
        TimeIsUp
            Some are left; what has been simulated is kept.
        """
        new = [chosen for chosen in dict.fromkeys(sets) if not self._is_known(chosen, by_s)]
        parts = [new[start : start + self.sets.goal.width] for start in range(0, len(new), self.sets.goal.width)]
        ahead = ThreadPoolExecutor(1)
        try:
            for part, following in zip_longest(parts, parts[1:], fillvalue=()):
                self.patience.check()
                worth_it = [chosen for chosen in part if self._is_worth_it(chosen)]
                laid = [ahead.submit(self._look_ahead, chosen) for chosen in following]
                if worth_it:
                    self._tell_trying("; ".join(self.sets.words(chosen) for chosen in worth_it))
                    self._simulate(worth_it, by_s)
                for one in laid:
                    one.result()
        finally:
            ahead.shutdown(cancel_futures=True)
        return {chosen: self.scores[chosen] for chosen in sets if chosen in self.scores}

    def _is_known(self, chosen: Chosen, by_s: float) -> bool:
        known = chosen in self.scores or chosen in self.sets.refused or chosen in self.pruned
        return known or self.late.get(chosen, -math.inf) >= by_s

    def _look_ahead(self, chosen: Chosen) -> None:
        """Find what is asked of a set before it is simulated."""
        if not self.sets.facts(chosen).refused and self._may_be_spared:
            self.sets.bound_s(chosen)

    @property
    def _may_be_spared(self) -> bool:
        """Whether bounds are so near to what is simulated that they may spare runs."""
        start_s = self.scores.get(frozenset())
        if start_s is None or self.bounds is None:
            return False
        earliest_s = self.bounds.under_plan.earliest_s(DECISIVE_PERCENT)
        return earliest_s is None or earliest_s >= _NEAR * start_s

    def _is_worth_it(self, chosen: Chosen) -> bool:
        """Return whether a set can be, and its bound leaves it a chance to be quicker than what was tried."""
        if self.sets.facts(chosen).refused:
            return False
        if not chosen or not self._may_be_spared:
            return True
        rivals = [score for other, score in self.scores.items() if self._is_rival(other, chosen)]
        if rivals and (bound_s := self.sets.bound_s(chosen)) >= min(rivals):
            self.pruned[chosen] = bound_s
            return False
        return True

    def _is_rival(self, tried: Chosen, chosen: Chosen) -> bool:
        """Return whether a set that was tried makes another one needless where that is no quicker.

        An action alone is only held against none at all: it may still help others. A set is against all that take no
        more officers: for fewer of them it may be the best.
        """
        return not tried if len(chosen) == 1 else self.sets.officers(tried) <= self.sets.officers(chosen)

    def _simulate(self, sets: Sequence[Chosen], by_s: float) -> None:
        """Simulate sets, and note what came of each; runs that are later than `by_s` are given up."""
        for chosen, outcome in self._run(sets, by_s):
            if isinstance(outcome, GivenUp):
                self.late[chosen] = outcome.by_s
            elif not isinstance(outcome, Path):
                self.sets.refused[chosen] = f"its simulation failed: {outcome}"
            elif chosen and (reasons := self._new_doubts(outcome)):
                self.sets.refused[chosen] = f"its simulation isn't trusted: {'; '.join(reasons)}"
            elif chosen and (more := left_behind(outcome) - self._left_behind) > 0:
                self.sets.refused[chosen] = f"{more:,} vehicles that get out without it don't with it"
            else:
                self.scores[chosen] = score_s(outcome)
                if not chosen:
                    self._trusted, self._left_behind = bool(read_ledger(outcome)["trusted"]), left_behind(outcome)

    def _new_doubts(self, folder: Path) -> list[str]:
        """Return why a run isn't trusted, unless the plan without candidates isn't either."""
        return list(read_ledger(folder)["reasons"]) if self._trusted else []

    def first_run(self) -> Path:
        """Return the run directory of the plan without candidates, vehicle by vehicle, running it where needed.

        Raises
        ------
        EvacError
            It failed.
        """
        self.sets.laid_base()
        task = self.sets.task(frozenset(), "micro")
        folder = run_folder(task.job, self.sets.cache)
        if not has_entry(folder):
            self.tell("the first run, which shows where queues stand")
            with closing(self.sets.engine.run([task], self.sets.cache, self.sets.display)) as outcomes:
                ((_, outcome),) = outcomes
            if not isinstance(outcome, Path):
                raise EvacError(f"the first run failed: {outcome}") from outcome
        return folder

    def _run(self, sets: Sequence[Chosen], by_s: float) -> Iterator[tuple[Chosen, Outcome]]:
        """Yield the run directories of sets with the first seed, or why there is none."""
        known = {chosen: outcome for chosen in sets if (outcome := self._known_outcome(chosen, by_s))}
        yield from known.items()
        deadline = Deadline(DECISIVE_PERCENT, by_s) if math.isfinite(by_s) else None
        new = [chosen for chosen in sets if chosen not in known]
        tasks = {chosen: replace(self.sets.task(chosen, self.sets.goal.screen), deadline=deadline) for chosen in new}
        if tasks:
            by_job = {task.job: chosen for chosen, task in tasks.items()}
            with closing(self.sets.engine.run(list(tasks.values()), self.sets.cache, self.sets.display)) as outcomes:
                for job, outcome in outcomes:
                    if isinstance(outcome, GivenUp):
                        keep_later_s(self.sets.cache, job.digest, outcome.by_s)
                    yield by_job[job], outcome

    def _known_outcome(self, chosen: Chosen, by_s: float) -> Outcome | None:
        """Return what an earlier search has kept of a set's run: its directory, or that it is too late."""
        job = self.sets.facts(chosen).job
        folder = self.sets.cache / "runs" / job
        if has_entry(folder):
            return folder
        later_s = known_later_s(self.sets.cache, job)
        return GivenUp(later_s) if later_s >= by_s else None

    def why_none(self) -> Mapping[str, list[str]]:
        """Return by kind why none of its candidates is of use, each reason with how many it is of."""
        found: dict[str, dict[str, int]] = {}
        for number, item in enumerate(self.sets.candidates):
            reasons = found.setdefault(item.kind, {})
            lacking = self.sets.goal.budget.lacks(self.sets.takes(frozenset({number})))
            over = f"takes more {' and '.join(lacking)} than there are" if lacking else ""
            reason = over or self.why_not(number) or "wins nothing alone"
            reasons[reason] = reasons.get(reason, 0) + 1
        return {kind: [f"{many}: {reason}" for reason, many in reasons.items()] for kind, reasons in found.items()}

    def why_not(self, number: int) -> str:
        """Return why a candidate can't be in any plan; nothing where it can."""
        alone: Chosen = frozenset({number})
        if lacking := self.sets.goal.budget.over(self.sets.takes(alone)):
            return f"takes more than there is: {lacking}"
        if alone in self.pruned:
            return "can't be quicker than the plan without it, by its bound"
        if alone in self.late:
            return f"slower than the plan without it: {DECISIVE_PERCENT} % aren't out by {clock(self.late[alone])}"
        return self.sets.refused.get(alone, "")


def score_s(folder: Path) -> float:
    """Return when the share that decides was out in a run (s); for a run that never got there, as far as it got."""
    manifest = read_manifest(folder)
    if manifest["t90_s"] is not None:
        return float(manifest["t90_s"])
    out = manifest["evacuated"] / max(manifest["planned"] * _DECISIVE, 1.0)
    return float(manifest["end_s"] * (2.0 - out))


def left_behind(folder: Path) -> int:
    """Return how many planned vehicles weren't out at the end of a run."""
    manifest = read_manifest(folder)
    return int(manifest["planned"] - manifest["evacuated"])
