"""A town in which nobody obeys the order: there is nothing to simulate, and that is what the user reads."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evac.cli import run_guarded

TOWN = Path(__file__).parents[1] / "fixtures" / "town"


def test_where_nobody_leaves_the_run_fails_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    town = shutil.copytree(TOWN, tmp_path / "town")
    with (town / "scenario.yaml").open("a") as file:
        file.write("compliance: {share: 0}\n")
    options = ["--vehicles", "1", "--no-sensitivity", "--jobs", "1", "--workspace", str(tmp_path)]
    assert run_guarded(["run", str(town), *options]) != 0
    message = " ".join(capsys.readouterr().err.split())
    assert "nobody leaves in a vehicle, so there is nothing to simulate" in message
    assert "look at 'compliance'" in message
    assert not list((tmp_path / ".evac").glob("runs/*"))
    assert not (tmp_path / "reports").exists()
