"""A written report: its files and tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evac.errors import Problem, UserError


@dataclass(frozen=True)
class Report:
    """A written report.

    Parameters
    ----------
    page
        Its page, which works without a network.
    kept
        Where the report of another study that was there is now; None where there was none.
    at_best
        What no plan can beat, in a sentence; empty where there is nothing to tell.
    dark_signals
        What it costs or buys that plans switch signals off, in a sentence or some for each of these.
    """

    page: Path
    kept: Path | None = None
    at_best: str = ""
    dark_signals: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder with page, PDF, figures and tables."""
        return self.page.parent

    @property
    def pdf(self) -> Path:
        """The same on paper."""
        return self.folder / "report.pdf"

    def table(self, name: str) -> pd.DataFrame:
        """Return a table of the report (docs/results.md), such as `clearance_by_zone`.

        Raises
        ------
        UserError
            There is no such table.
        """
        path = self.folder / "tables" / f"{name}.csv"
        if not path.is_file():
            known = ", ".join(sorted(item.stem for item in path.parent.glob("*.csv")))
            raise UserError(Problem(str(path.parent), f"has no table '{name}'", f"known: {known}"))
        return pd.read_csv(path)
