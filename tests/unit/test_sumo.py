"""SUMO's programs and the folders that they work in."""

from __future__ import annotations

from pathlib import Path

import pytest

from evac.errors import UserError
from evac.sumo import cache_in


@pytest.mark.parametrize("name", ["town, old", "10:30", "of ${USER}"])
def test_a_folder_that_sumo_cant_work_in_is_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="SUMO can't work in a folder whose path has"):
        cache_in(tmp_path / name / "below")
    assert not any(tmp_path.iterdir())


def test_other_folders_are_taken(tmp_path: Path) -> None:
    for name in ("our town", "für Ältere", "50% [draft]"):
        assert cache_in(tmp_path / name) == tmp_path / name / ".evac"
