"""What a study gives: its finished runs, its failures, and the place where it shows how far it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from evac import clock
from evac.counted import counted
from evac.simulate.driving import Progress
from evac.simulate.job import Case
from evac.study.precision import Shortfall, Unhelped
from evac.study.same_lanes import LANES


class Display(Protocol):
    """Where a study shows how far it is. Any of it may raise `Cancelled`: the study then ends with all of its runs."""

    def begin(self, name: str, planned: int) -> None:
        """Show that a run has begun."""

    def update(self, name: str, state: Progress) -> None:
        """Show how far a run is."""

    def finish(self, name: str, result: str) -> None:
        """Show how a run ended."""

    def tell(self, text: str) -> None:
        """Show a line about the study itself, such as what it waits for."""


class Silent:
    """Shows nothing: a study that nobody watches."""

    def begin(self, name: str, planned: int) -> None:
        """Show nothing."""

    def update(self, name: str, state: Progress) -> None:
        """Show nothing."""

    def finish(self, name: str, result: str) -> None:
        """Show nothing."""

    def tell(self, text: str) -> None:
        """Show nothing."""


@dataclass(frozen=True)
class Run:
    """A finished run: its case, its job's digest, its directory, and where its lanes are measured for comparison."""

    case: Case
    job: str
    folder: Path
    lanes_folder: Path

    def manifest(self) -> dict[str, Any]:
        """Return the run's manifest, with the lanes that all runs of the study are measured at."""
        return {**read_manifest(self.folder), **json.loads((self.lanes_folder / LANES).read_text())}

    def ledger(self) -> dict[str, Any]:
        """Return the run's trust ledger."""
        return read_ledger(self.folder)


@dataclass(frozen=True)
class Aside:
    """A finished run of a variant of a plan, no case of the study: its case, its job's digest, its directory."""

    case: Case
    job: str
    folder: Path


@dataclass(frozen=True)
class BesideDark:
    """A plan that switches signals off, and the same with something else there: one simulation of each.

    Parameters
    ----------
    plan, holds
        The plan's key, and what holds instead at all signals that it switches off (`variants.SIGNALS_ON`, `OFFICERS`).
    case
        The case in which both were simulated.
    dark_s, other_s
        When 90 % are out under the plan, and with the other (s after the order); None where that isn't so by the end.
    dark_job, other_job
        The jobs' digests; empty where there is no run.
    doubts
        Why the two runs aren't trusted, each reason once.
    refused
        Why there is nothing to compare: the plan makes no sense so, or a run failed; empty where there is.
    """

    plan: str
    holds: str
    case: Case
    dark_s: float | None = None
    other_s: float | None = None
    dark_job: str = ""
    other_job: str = ""
    doubts: tuple[str, ...] = ()
    refused: str = ""

    @property
    def cost_s(self) -> float | None:
        """How much later 90 % are out with the signals off (s); None where either isn't known."""
        return None if self.dark_s is None or self.other_s is None else self.dark_s - self.other_s


@dataclass(frozen=True)
class Failure:
    """A run that failed, and why."""

    case: Case
    message: str


@dataclass(frozen=True)
class Study:
    """The runs of a study, in the order of the matrix, and those that failed.

    Parameters
    ----------
    runs, failures
        The runs.
    notes
        What holds for all of them.
    imprecise
        Where the precision that was asked for was not reached.
    coarse
        Coarse runs that help to know the means of the others (`evac.mixed_fidelity`).
    sequential
        Whether seeds were added until the means were known well enough (`evac.statistics.WIDENED`).
    moderated
        Whether its cases tell each other how much they vary over seeds (`evac.moderated`).
    unhelped
        The plans and cases whose means the coarse runs don't help to know.
    aside
        Runs of variants of the plans, of the case in which assumptions are varied.
    dark
        What dark signals cost or buy: two rows a plan that has some.
    """

    runs: tuple[Run, ...]
    failures: tuple[Failure, ...]
    notes: tuple[str, ...] = ()
    imprecise: tuple[Shortfall, ...] = ()
    coarse: tuple[Run, ...] = ()
    sequential: bool = False
    moderated: bool = False
    unhelped: tuple[Unhelped, ...] = ()
    aside: tuple[Aside, ...] = ()
    dark: tuple[BesideDark, ...] = ()


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run directory."""
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return manifest


def read_ledger(folder: Path) -> dict[str, Any]:
    """Return the trust ledger of a run directory."""
    ledger: dict[str, Any] = json.loads((folder / "ledger.json").read_text())
    return ledger


def took_s(folder: Path) -> float:
    """Return how long a run took, from its first file to its last (s)."""
    begun, ended = ((folder / f"{name}.json").stat().st_mtime for name in ("job", "manifest"))
    return ended - begun


def in_words(folder: Path) -> str:
    """Return how a run ended, in a line."""
    manifest = read_manifest(folder)
    t90_s, t100_s = manifest["t90_s"], manifest["t100_s"]
    if t100_s is not None:
        return f"90 % out after {clock.clock(t90_s)}, all after {clock.clock(t100_s)}"
    not_safe = manifest.get("households_not_out")
    first = f"{counted(not_safe, 'household never gets', 'households never get')} to safety; " if not_safe else ""
    return f"{first}not cleared: {manifest['evacuated']:,} of {manifest['planned']:,} vehicles out by the end"
