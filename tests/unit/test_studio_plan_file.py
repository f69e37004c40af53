"""A plan's file is changed as a person would change it, and only on the state that the person has seen."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from evac.errors import Problem, UserError
from evac.plans.reading import load_plan
from evac.studio import plan_file
from evac.studio.yaml_text import ChangedMeanwhileError, tag_of
from studio_workspace import ROOT, balzers, client_of

OFFICER = {
    "do": "signal",
    "where": {"street": "Gagoz", "crossing": "Iramali"},
    "mode": "officer",
    "with": {"officers": 1},
}


def check(path: Path) -> None:
    load_plan(str(path), path.parent)


def changed(path: Path, **edit: Any) -> str:
    return plan_file.change(path, tag_of(path.read_text()), edit, check)


@pytest.fixture
def flood(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "plans" / "balzers", tmp_path, dirs_exist_ok=True)
    path = tmp_path / "flood.yaml"
    path.write_text(path.read_text().replace("  - do: signal", "  # as the police said, 3 May\n  - do: signal"))
    return path


def test_an_action_is_added_and_nothing_else_moves(flood: Path) -> None:
    before = flood.read_text()
    assert changed(flood, do="add", action=OFFICER) == flood.read_text()
    assert flood.read_text() == before + (
        "  - do: signal\n    where: {street: Gagoz, crossing: Iramali}\n    mode: officer\n    with: {officers: 1}\n"
    )


def test_an_action_is_changed_in_its_line_and_comments_stay(flood: Path) -> None:
    before = flood.read_text()
    given = plan_file.actions_of(before)[1]
    changed(flood, do="replace", at=1, action={**given, "when": {"from_min": 8}})
    assert flood.read_text() == before.replace("when: {from_min: 5}", "when: {from_min: 8}")
    assert "as the police said" in flood.read_text()


def test_an_action_is_removed(flood: Path) -> None:
    changed(flood, do="remove", at=0)
    assert [item["do"] for item in plan_file.actions_of(flood.read_text())] == ["signal"]
    assert load_plan("flood", flood.parent).model.extends == "bridge-closed"


def test_what_is_undone_is_there_again_to_the_byte(flood: Path) -> None:
    before = flood.read_bytes()
    changed(flood, do="add", action=OFFICER)
    changed(flood, do="text", text=before.decode())
    assert flood.read_bytes() == before


def test_a_change_of_what_has_changed_is_refused(flood: Path) -> None:
    tag = tag_of(flood.read_text())
    changed(flood, do="add", action=OFFICER)
    by_other = flood.read_text()
    with pytest.raises(ChangedMeanwhileError, match="somebody has changed it"):
        plan_file.change(flood, tag, {"do": "remove", "at": 0}, check)
    assert flood.read_text() == by_other


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"do": "add", "action": {**OFFICER, "mode": "sleeps"}}, "mode"),
        ({"do": "add", "action": {"do": "contraflow"}}, "where"),
        ({"do": "add", "action": ["x"]}, "keys and values"),
        ({"do": "remove", "at": 9}, "no action 9"),
        ({"do": "replace", "at": -1, "action": OFFICER}, "no action -1"),
        ({"do": "sing"}, "sing"),
        ({"do": "text", "text": "name: [unclosed"}, "flood.yaml"),
        ({"do": "text", "text": "name: x\nextends: nowhere\n"}, "no plan 'nowhere'"),
        ({"do": "text", "text": "x" * ((1 << 20) + 1)}, "larger than"),
    ],
)
def test_what_makes_no_plan_is_told_and_not_written(flood: Path, edit: dict[str, Any], words: str) -> None:
    before = flood.read_bytes()
    with pytest.raises(UserError) as told:
        changed(flood, **edit)
    assert words in str(told.value)
    assert "/tmp/tmp" not in str(told.value)
    assert flood.read_bytes() == before


def test_a_new_plan_is_called_as_files_are(tmp_path: Path) -> None:
    assert plan_file.create(tmp_path, "Über den Berg: Nr. 2", None, check) == "uber-den-berg-nr-2"
    assert load_plan("uber-den-berg-nr-2", tmp_path).model.name == "Über den Berg: Nr. 2"
    for name in ("Über den Berg, Nr. 2", "../..", "", "Baseline"):
        with pytest.raises(UserError):
            plan_file.create(tmp_path, name, None, check)
    assert [path.name for path in tmp_path.iterdir()] == ["uber-den-berg-nr-2.yaml"]


def test_what_a_plan_extends_and_names_is_found(flood: Path) -> None:
    assert plan_file.create(flood.parent, "More", "flood", check) == "more"
    assert len(load_plan("more", flood.parent).actions) == 3


def test_the_server_refuses_a_change_without_what_it_was_made_on(tmp_path: Path) -> None:
    client: TestClient = client_of(balzers(tmp_path))
    path = "/api/places/balzers/plans/flood"
    tag = client.get(path).headers["etag"]
    edit = {"do": "add", "action": OFFICER}
    assert client.patch(path, json=edit).status_code == 428
    assert client.patch(path, json=edit, headers={"If-Match": tag}).status_code == 200
    again = client.patch(path, json=edit, headers={"If-Match": tag})
    assert again.status_code == 412
    assert "somebody has changed it" in again.json()["problems"][0]["what"]
    assert client.patch("/api/places/balzers/plans/baseline", json=edit, headers={"If-Match": tag}).status_code == 422
    assert client.post("/api/places/balzers/plans", json={"name": "New", "extends": "../flood"}).status_code == 422
    assert client.post("/api/places/balzers/plans", json={"name": "Flood"}).status_code == 422
    assert client.get(path).json()["actions"][-1]["given"] == OFFICER


def test_problems_have_a_where(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text("name: One\n")
    with pytest.raises(UserError) as told:
        changed(path, do="add", action={"do": "close"})
    (problem,) = told.value.problems
    assert isinstance(problem, Problem)
    assert problem.where.startswith(str(path))


def test_a_plan_that_is_removed_is_moved_aside(flood: Path, tmp_path: Path) -> None:
    text, aside = flood.read_text(), tmp_path / "removed"
    with pytest.raises(ChangedMeanwhileError):
        plan_file.remove(flood, tag_of("other"), aside)
    plan_file.remove(flood, tag_of(text), aside)
    flood.write_text("name: Another\n")
    plan_file.remove(flood, tag_of("name: Another\n"), aside)
    assert not flood.exists()
    assert (aside / "flood.yaml").read_text() == text
    assert (aside / "flood-1.yaml").read_text() == "name: Another\n"


def test_a_plan_has_its_file_after_its_name(flood: Path) -> None:
    text = flood.read_text()
    for taken in ("Bridge closed", "Baseline", "?"):
        with pytest.raises(UserError):
            plan_file.rename(flood, tag_of(text), taken, check)
    assert flood.read_text() == text
    assert plan_file.rename(flood, tag_of(text), "High water", check) == "high-water"
    assert not flood.exists()
    renamed = flood.with_name("high-water.yaml")
    assert load_plan("high-water", flood.parent).model.name == "High water"
    assert "as the police said" in renamed.read_text()
    assert plan_file.rename(renamed, tag_of(renamed.read_text()), "High Water", check) == "high-water"
    assert load_plan("high-water", flood.parent).model.name == "High Water"


def test_a_plan_that_was_found_stands_beside_the_others_and_replaces_none(tmp_path: Path) -> None:
    text = "# Found by a search.\nname: Best with 4 officers\nactions: []\n"
    assert plan_file.take(tmp_path, text) == "best-with-4-officers"
    assert plan_file.take(tmp_path, text) == "best-with-4-officers-2"
    assert (tmp_path / "best-with-4-officers.yaml").read_text() == text
