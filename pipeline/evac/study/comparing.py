"""Plans compared over their seeds: a study's runs by case, and what their paired differences say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from evac import clock
from evac.mixed_fidelity import mixed_difference, mixed_interval
from evac.moderated import Prior, priors_of
from evac.schema.scenario import vehicles_words
from evac.statistics import Interval, verdict
from evac.study.runs import Run, Study


@dataclass(frozen=True)
class Cell:
    """The runs of one plan and case over the seeds.

    Parameters
    ----------
    plan, vehicles_per_household, departure, fidelity
        The case.
    t90_s
        The 90 % clearance by seed (s); None where it wasn't reached.
    untrusted
        Seeds whose runs aren't trustworthy.
    coarse_t90_s
        The same of coarse runs that help to know the mean.
    sequential
        Whether seeds were added until the mean was known well enough (`evac.statistics.WIDENED`).
    prior
        What the study's other cells tell of how much this one varies (`evac.moderated`).
    """

    plan: str
    vehicles_per_household: str
    departure: str
    fidelity: str
    t90_s: Mapping[int, float | None]
    untrusted: frozenset[int]
    coarse_t90_s: Mapping[int, float | None] = field(default_factory=dict)
    sequential: bool = False
    prior: Prior | None = None

    @property
    def words(self) -> str:
        """The case in words."""
        return f"{self.plan}, {vehicles_words(self.vehicles_per_household)}, {self.departure}"

    @property
    def interval(self) -> Interval:
        """The mean 90 % clearance (s)."""
        return mixed_interval(self.t90_s, self.coarse_t90_s, sequential=self.sequential, prior=self.prior)

    def is_comparable(self, other: Cell) -> bool:
        """Tell whether another cell is the same but for the plan. Fidelities are never mixed."""
        return _but_plan(self) == _but_plan(other)

    def less(self, other: Cell) -> Interval:
        """Return the paired difference of the 90 % clearance: this plan's less the other's (s)."""
        ours, theirs = ((cell.t90_s, cell.coarse_t90_s) for cell in (self, other))
        return mixed_difference(ours, theirs, sequential=self.sequential, priors=(self.prior, other.prior))


def cells_of(
    runs: Sequence[Run], coarse: Sequence[Run] = (), *, sequential: bool = False, moderated: bool = False
) -> list[Cell]:
    """Return the runs at the lane capacity and with the signals assumed by plan and case, in their order.

    Parameters
    ----------
    runs
        The runs.
    coarse
        Coarse runs that help to know the means.
    sequential
        Whether seeds were added until the means were known well enough.
    moderated
        Whether each tells of how much the others vary (`evac.moderated`).
    """
    helping: dict[tuple[str, str, str], dict[int, float | None]] = {}
    for run in coarse:
        of_case = helping.setdefault((run.case.plan, run.case.vehicles_per_household, run.case.departure), {})
        of_case[run.case.seed] = run.manifest()["t90_s"]
    groups: dict[tuple[str, str, str, str], list[Run]] = {}
    for run in runs:
        case = run.case
        if case.is_as_assumed:
            key = (case.plan, case.vehicles_per_household, case.departure, case.fidelity)
            groups.setdefault(key, []).append(run)
    cells = [
        Cell(
            *key,
            t90_s={run.case.seed: run.manifest()["t90_s"] for run in group},
            untrusted=frozenset(run.case.seed for run in group if not run.ledger()["trusted"]),
            coarse_t90_s=helping.get(key[:3], {}),
            sequential=sequential,
        )
        for key, group in groups.items()
    ]
    if not moderated:
        return cells
    priors = priors_of([cell.t90_s for cell in cells])
    return [replace(cell, prior=prior) for cell, prior in zip(cells, priors, strict=True)]


def cells_of_study(study: Study) -> list[Cell]:
    """Return the runs of a study by plan and case, with all that helps to know their means."""
    return cells_of(study.runs, study.coarse, sequential=study.sequential, moderated=study.moderated)


def means(study: Study) -> list[str]:
    """Return the mean 90 % clearance of each plan and case that several seeds were run of, with its interval."""
    lines = []
    for cell in cells_of_study(study):
        found = cell.interval
        if found.mean is not None and found.half_width is not None and found.relative_half_width is not None:
            size = f"{clock.clock(found.mean)} \u00b1 {clock.span(found.half_width)}"
            known = f"{found.confidence:.0%} CI, \u00b1 {found.relative_half_width:.1%}, {found.seeds_words}".replace(
                "%", " %"
            )
            doubt = f"; {len(cell.untrusted)} of these runs not trustworthy" if cell.untrusted else ""
            lines.append(f"{cell.words}: 90 % out after {size} ({known}){doubt}")
    return lines


def verdicts(study: Study) -> list[str]:
    """Return what the study says of each plan against the first one, a line a case."""
    cells = cells_of_study(study)
    lines = []
    for cell in cells:
        first = next(other for other in cells if other.is_comparable(cell))
        if first is not cell:
            untrusted = len(cell.untrusted) + len(first.untrusted)
            difference = cell.less(first).as_shown(cell.interval, first.interval)
            words = verdict(cell.plan, first.plan, difference, untrusted)
            lines.append(f"{vehicles_words(cell.vehicles_per_household)}, {cell.departure}: {words}")
    return lines


def _but_plan(cell: Cell) -> tuple[str, str, str]:
    return cell.vehicles_per_household, cell.departure, cell.fidelity
