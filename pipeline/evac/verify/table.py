"""What verification tests came to, as a table for people and for files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evac import __version__, files, sumo
from evac.verify.running import Checked, in_words


def _table_of(results: Sequence[Checked]) -> pd.DataFrame:
    """Return a row an expectation, as `verification.csv` has it.

    Columns `test`, `component`, `title`, `measure`, `expected`, `allowed` (how far off it may be, in the measure's
    unit), `got`, `passed`, `verdict` (`pass`, `known miss`, `FAIL`), `known_miss` (why), `clearance_is` (what
    follows for clearance times: `too short`, `too long`), `trouble`, `theory`, `source`.
    """
    return pd.DataFrame(
        [
            {
                "test": item.test.name,
                "component": item.test.model.component,
                "title": item.test.model.title,
                "measure": item.expected.words,
                "expected": item.expected.value,
                "allowed": max(item.expected.within, item.expected.tolerance * abs(item.expected.value)),
                "got": item.got,
                "passed": item.passed,
                "verdict": item.verdict,
                "known_miss": " ".join(item.expected.known_miss.because.split()) if item.expected.known_miss else "",
                "clearance_is": item.expected.known_miss.clearance_is if item.expected.known_miss else "",
                "trouble": item.trouble,
                "theory": " ".join(item.test.model.theory.split()),
                "source": item.test.model.source,
            }
            for item in results
        ]
    )


def write_table(results: Sequence[Checked], folder: Path) -> Path:
    """Write `verification.csv` and `verification.md`, and return the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    table = _table_of(results)
    files.write_text(folder / "verification.csv", table.to_csv(index=False))
    page = folder / "verification.md"
    files.write_text(page, _page(table, in_words(results)))
    return page


def _page(table: pd.DataFrame, summary: str) -> str:
    lines = [
        "# Verification",
        "",
        f"{summary}. evac {__version__}, SUMO {sumo.version()}.",
        "",
        "The components are those of Ronchi et al. 2023 (doi 10.1007/s11069-023-05913-2); their own list of tests",
        "could not be had, and nothing here says how many of theirs would pass.",
    ]
    for component, part in table.groupby("component", sort=False):
        lines += ["", f"## {str(component).capitalize()}", ""]
        lines += ["| test | what must hold | measure | expected | allowed | got | |", "|---|---|---|---|---|---|---|"]
        lines += [_row(row) for row in part.itertuples()]
    missing = table[table["verdict"] == "known miss"]
    if len(missing):
        lines += ["", "## Known to miss theory", ""]
        lines += [
            f"- **{row.test}**, {row.measure}: clearance times are {row.clearance_is} where this matters. "
            f"{row.known_miss}"
            for row in missing.itertuples()
        ]
    lines += ["", "## Theory and sources", ""]
    lines += [
        f"- **{row.test}**: {row.theory} Source: {row.source}" for row in table.drop_duplicates("test").itertuples()
    ]
    return "\n".join(lines) + "\n"


def _row(row: Any) -> str:
    trouble = row.trouble.replace("\n", " ").replace("|", "/")
    verdict = "**FAIL**" if row.verdict == "FAIL" else row.verdict
    cells = [row.test, row.title, row.measure, f"{row.expected:.4g}", f"± {row.allowed:.3g}"]
    return f"| {' | '.join([*cells, trouble or f'{row.got:.4g}', verdict])} |"
