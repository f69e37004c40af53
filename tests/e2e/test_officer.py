"""An officer at a junction of a real map where one lane holds two movements, of which one stage lets only one go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evac.cli import run_guarded

VADUZ = Path(__file__).parents[1] / "fixtures" / "vaduz"


@pytest.mark.slow
def test_everybody_is_out_under_an_officer(tmp_path: Path) -> None:
    options = ["--plan", "officer", "--vehicles", "1", "--no-sensitivity", "--workspace", str(tmp_path)]
    assert run_guarded(["run", str(VADUZ), *options]) == 0
    (run,) = (tmp_path / ".evac" / "runs").glob("*/manifest.json")
    manifest = json.loads(run.read_text())
    assert manifest["planned"] == 2033
    assert manifest["evacuated"] == 2033
    assert manifest["trusted"]
