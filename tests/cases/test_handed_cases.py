"""Each case that was handed in has a test, as the README beside this file lists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROWS = re.findall(r"^\| (\d\d-\S+) \| (.+) \|$", (HERE / "README.md").read_text(), re.MULTILINE)
HANDED = HERE.parents[2] / "shared" / "cases"


@pytest.mark.parametrize(("case", "tests"), ROWS)
def test_a_case_names_tests_that_are_there(case: str, tests: str) -> None:
    named = re.findall(r"`(\S+?)::(\w+)`", tests)
    assert named, case
    for file, test in named:
        assert f"def {test}(" in (HERE.parent / file).read_text(), f"{case}: {file}::{test}"


@pytest.mark.skipif(not HANDED.is_dir(), reason="the cases as they were handed in aren't beside this checkout")
def test_no_case_is_without_a_row() -> None:
    assert {folder.name for folder in HANDED.iterdir() if folder.is_dir()} == {case for case, _ in ROWS}
