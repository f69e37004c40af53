"""Inputs made wrong at random: read, or refused in words. `fuzzing` has how, and how to make one again."""

from __future__ import annotations

import re
import shutil
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import yaml

import fuzzing
from evac.cli import run_guarded
from evac.errors import UserError
from evac.plans.reading import load_plan
from evac.study.under_plan import under_plan
from fuzzing import places, texts

FEW, MANY = 150, 10_000


Outcomes = dict[str, Counter[str]]
"""By kind, how many tries were read (no words), and how many were refused in which words."""


def _faults(number: int, folder: Path) -> tuple[list[str], Outcomes]:
    faults: list[str] = []
    outcomes: Outcomes = defaultdict(Counter)
    for kind, index in fuzzing.tries(number):
        place = folder / f"{kind}-{index}"
        place.mkdir()
        try:
            outcomes[kind][_gist(fuzzing.attempt(kind, index, place))] += 1
        except fuzzing.Fault as fault:
            faults.append(f"fuzzing.again({kind!r}, {index}): {fault}")
        shutil.rmtree(place)
    return faults, outcomes


def _gist(said: str) -> str:
    """Return what a message is about, without the place, names and numbers."""
    what = said.splitlines()[0].partition(": ")[2] or said if said else ""
    return re.sub(r"'[^']*'|[\d.,-]+|/\S+", "…", what)[:60]


def test_a_few_wrong_inputs_are_read_or_explained(tmp_path: Path) -> None:
    faults, outcomes = _faults(FEW, tmp_path)
    assert not faults, "\n".join(faults)
    read = sum(counts[""] for counts in outcomes.values())
    assert FEW / 20 < read < FEW / 2  # some changes do no harm: the files were right before


@pytest.mark.slow
def test_ten_thousand_wrong_inputs_are_read_or_explained(tmp_path: Path) -> None:
    assert len(fuzzing.tries(MANY)) >= MANY
    faults, outcomes = _faults(MANY, tmp_path)
    assert not faults, f"{len(faults)} of {MANY}:\n" + "\n".join(faults[:20])
    assert outcomes.keys() == fuzzing.KINDS.keys()
    for kind, counts in outcomes.items():
        assert counts[""] >= 0.02 * counts.total(), f"{kind} is nearly always refused: {counts.most_common(3)}"
        _, most = counts.most_common(1)[0]
        assert most <= 0.7 * counts.total(), f"{kind} nearly always ends alike: {counts.most_common(3)}"


def test_what_is_longer_than_anybody_types_is_told_in_a_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    for argument in ("x" * 1_400, "x" * 5_000):
        assert run_guarded(["run", "somewhere", "--seed", argument]) == 2
        assert len(capsys.readouterr().err.splitlines()) <= fuzzing.MOST_LINES


def test_before_they_are_changed_the_inputs_are_right(tmp_path: Path) -> None:
    for name in texts.FILES:
        (tmp_path / name).write_text(texts.CURVE)
    (tmp_path / "base.yaml").write_text(texts.BASE)
    for name, tree in {"scenario": texts.SCENARIO, "plan": texts.PLAN, "report": texts.REPORT}.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.dump(tree, Dumper=texts.Dumper, allow_unicode=True))
    texts.load_scenario(tmp_path)
    texts.load_plan("plan", tmp_path)
    texts.load_settings(tmp_path)


def test_a_curve_of_a_phase_is_read_when_the_plan_is_laid_over(tmp_path: Path) -> None:
    (tmp_path / "curve.csv").write_text("minute,left\n0,0\n10,0.9\n")
    curve = "{form: measured, file: curve.csv}"
    actions = f"- {{do: phase, zones: [Hill], curve: {curve}}}\n- {{do: close, exit: North}}\n"
    (tmp_path / "waves.yaml").write_text(f"name: Waves\nactions:\n{actions}")
    with pytest.raises(UserError) as caught:
        under_plan(places.town(), load_plan("waves", tmp_path), tmp_path / "cache")
    assert "curve.csv, line 3: ends at 0.9 of the vehicles" in str(caught.value)
    assert "there is no exit 'North'" in str(caught.value)  # all problems at once


def test_a_fault_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(error: Exception) -> None:
        def attempt(*_: object) -> None:
            raise error

        monkeypatch.setitem(fuzzing.KINDS, "curve", attempt)

    for error in (KeyError("x"), UserError([]), RuntimeError("x"), UnicodeError("x"), RecursionError()):
        fail(error)
        with pytest.raises(fuzzing.Fault):
            fuzzing.attempt("curve", 1, tmp_path)
