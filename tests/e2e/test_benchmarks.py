"""The benchmarks run: a figure that can't be made again is worth nothing. What they measure isn't asserted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_toolkit_overhead_compares_the_toolkit_with_sumo_alone() -> None:
    command = [sys.executable, "benchmarks/toolkit_overhead.py", "--until-h", "0.02", "tests/fixtures/town"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "town: 450 vehicles, end of time at 0.02 h" in done.stdout
    assert "toolkit / sumo alone, empty cache" in done.stdout


def test_screening_shows_both_models_beside_each_other_and_what_the_fit_has_seen() -> None:
    command = [sys.executable, "benchmarks/screening.py", "--seed", "1", "--seed", "2", "tests/fixtures/town"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")][1:]
    assert [(row[3], "(fitted)" in row[6]) for row in rows[:-1]] == [("1", True), ("2", False)] * 2
    assert rows[-1][1] == "all not fitted"
