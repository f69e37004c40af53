"""The order of the stages is a rule that a tool checks (pyproject.toml, `tool.importlinter`)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def lint(project: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of a project, whose package stands in its folder `pipeline`."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    where = {**os.environ, "PYTHONPATH": str(project / "pipeline")}
    return subprocess.run(command, cwd=project, env=where, capture_output=True, text=True, check=False)


def test_no_stage_imports_from_a_later_one() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_an_import_that_runs_up_is_found(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "pipeline" / "evac", tmp_path / "pipeline" / "evac", ignore=shutil.ignore_patterns("*.parquet")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "pipeline" / "evac" / "audit" / "findings.py").open("a") as file:
        file.write("\nimport evac.measure.clearance\n")
    done = lint(tmp_path)
    assert done.returncode == 1
    assert "evac.audit.findings -> evac.measure.clearance" in done.stdout
