"""The finished runs of a place are held to its plans as they are now, and only plans that may have changed are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import evac
from evac import on_the_map
from evac.plans.reading import load_plan
from studio_workspace import balzers

LATER = """\
name: Later
actions:
  - {do: phase, zones: [Balzers], offset_min: 30, curve: {form: measured, file: later.csv}}
"""


def _curve(folder: Path, minutes: int) -> None:
    (folder / "later.csv").write_text(f"minute,left\n0,0\n{minutes},1\n")


def test_only_plans_that_may_have_changed_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = evac.open(balzers(tmp_path) / "scenarios" / "balzers", workspace=tmp_path)
    folder = place.loaded.plans_folder
    (folder / "later.yaml").write_text(LATER)
    _curve(folder, 60)
    read: list[str] = []
    held: list[dict[str, Any]] = []
    monkeypatch.setattr(on_the_map, "load_plan", lambda name, plans: (read.append(name), load_plan(name, plans))[1])
    monkeypatch.setattr("evac.archive.basis.basis_of", lambda _, plans: held.append(plans))
    monkeypatch.setattr("evac.kept_run.kept_runs", lambda *_: None)

    def asked() -> list[str]:
        read.clear()
        place.runs()
        assert held[-1] == {name: load_plan(name, folder).document() for name in place.plan_names}
        return read

    assert asked() == ["baseline", "bridge-closed", "contraflow-south", "flood", "later"]
    always = ["flood", "later"]  # the one builds on another, the other names a file
    assert asked() == always
    _curve(folder, 90)
    assert asked() == always
    path = folder / "bridge-closed.yaml"
    path.write_text(path.read_text().replace("from_min: 20", "from_min: 25"))
    assert asked() == ["bridge-closed", *always]
    path.unlink()
    (folder / "flood.yaml").unlink()
    assert asked() == ["later"]
