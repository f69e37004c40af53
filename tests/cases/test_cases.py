"""Bad inputs: each folder `bad_*` is a scenario with one mistake, and the words that the message must have.

In `bad_plan_*` the mistake is in `plans/plan.yaml`, under which the scenario is run, or in the baseline's file. In
`bad_new_*` there is no scenario: `arguments.txt` has what `evac new` is given, an argument a line; `{town}` stands for
the test town's folder.

`expected.txt` holds one text a line; every one must stand in the message. The command must end with exit code 2,
show no traceback, and write nothing: no report, no run. Only a map or a net that was sound by itself may stay in the
cache, so that the next try doesn't begin anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from evac.cli import run_guarded

HERE = Path(__file__).parent
TOWN = HERE.parent / "fixtures" / "town"
FOLDERS = sorted(path for path in HERE.glob("bad_*") if path.is_dir())
CASES = [path for path in FOLDERS if not path.name.startswith("bad_new_")]
NEW_CASES = [path for path in FOLDERS if path.name.startswith("bad_new_")]


def _tree(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_input_is_explained_and_nothing_is_written(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _tree(case)
    plan = ["--plan", "plan"] if (case / "inputs" / "plans" / "plan.yaml").is_file() else []
    code = run_guarded(["run", str(case / "inputs"), *plan, "--workspace", str(tmp_path)])
    message = " ".join(capsys.readouterr().err.split())
    assert code == 2, message
    for words in (case / "expected.txt").read_text().splitlines():
        assert words in message
    assert "Traceback" not in message
    written = {path.relative_to(tmp_path).parts[:2] for path in _tree(tmp_path)}
    assert written <= {(".evac", "maps"), (".evac", "nets"), (".evac", "households")}
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".tmp")]
    assert _tree(case) == before


@pytest.mark.parametrize("case", NEW_CASES, ids=lambda case: case.name)
def test_a_bad_request_for_a_new_scenario_is_explained_and_nothing_is_written(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (case / "arguments.txt").read_text().format(inputs=case / "inputs", town=TOWN)
    code = run_guarded(["new", *text.splitlines(), "--workspace", str(tmp_path)])
    message = " ".join(capsys.readouterr().err.split())
    assert code == 2, message
    for words in (case / "expected.txt").read_text().splitlines():
        assert words in message
    assert message.count("try:") == 1
    assert "Traceback" not in message
    assert not list((tmp_path / "scenarios").glob("*") if (tmp_path / "scenarios").is_dir() else [])
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".tmp")]
