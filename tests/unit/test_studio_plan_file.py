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


def test_editors_are_told_the_schema_where_it_is_and_nowhere_else(tmp_path: Path) -> None:
    """As `evac new` does it for scenarios: elsewhere an editor would complain that it can't load it."""
    line = "# yaml-language-server: $schema=../../docs/plan.schema.json\n"
    workspace, checkout = (tmp_path / name / "plans" / "town" for name in ("workspace", "checkout"))
    (tmp_path / "checkout" / "docs").mkdir(parents=True)
    shutil.copy(ROOT / "docs" / "plan.schema.json", tmp_path / "checkout" / "docs")
    for folder, first in ((workspace, ""), (checkout, line)):
        made = plan_file.create(folder, "Mine", None, check)
        assert (folder / f"{made}.yaml").read_text() == f"{first}name: Mine\nactions: []\n"
        found = plan_file.take(folder, "# Found by a search.\nname: Best\nactions: []\n")
        assert (folder / f"{found}.yaml").read_text().startswith(f"{first}# Found by a search.\n")


_ODD = """\
# before everything
name: "Odd"   # beside the name
note: >-  # beside the note
  Folded,
  twice.

# before the actions, after an empty line
actions:
  # before the first action: of it, or of all
  - do: close  # beside what it does
    # within an action
    where: {street: Gagoz}  # beside where

    label: 'closed for good'
    # at its end

  # between two
  - label: slowly
    do: speed
    kph: 20
    # before the last key
    where:
      street: Lehenwies   # deep
      # at the end of a mapping
  # at the end of the list
# at the end of the file
"""
_ADDED = """\
  - do: signal
    where: {street: Gagoz, crossing: Iramali}
    mode: officer
    with: {officers: 1}
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_comments_in_odd_places_and_the_order_of_keys_stay(tmp_path: Path, newline: str) -> None:
    """To the byte, but for what is changed; also in a file with the line ends of Windows."""
    path = tmp_path / "odd.yaml"

    def is_now(text: str) -> bool:
        return path.read_bytes() == text.replace("\n", newline).encode()

    def changed(**edit: Any) -> None:
        plan_file.change(path, tag_of(path.read_bytes().decode()), edit, check)

    path.write_bytes(_ODD.replace("\n", newline).encode())
    changed(do="add", action=OFFICER)
    with_one_more = _ODD.replace("  # at the end of the list\n", f"{_ADDED}  # at the end of the list\n")
    assert is_now(with_one_more)
    given = plan_file.actions_of(path.read_text())
    changed(do="replace", at=1, action={**given[1], "kph": 30})
    assert is_now(with_one_more.replace("kph: 20", "kph: 30"))
    changed(do="replace", at=1, action=given[1])
    changed(do="remove", at=2)
    assert is_now(_ODD)
    changed(do="remove", at=0)
    first = _ODD[_ODD.index("  - do: close") : _ODD.index("\n  # between two")]
    assert is_now(_ODD.replace(first, ""))
    path.write_bytes(_ODD.replace("\n", newline).encode())
    changed(do="remove", at=1)
    second = _ODD[_ODD.index("  # between two") : _ODD.index("  # at the end of the list")]
    assert is_now(_ODD.replace(second, ""))


@pytest.mark.parametrize(
    "actions", ["- do: close\n  where: {street: Gagoz}\n", "  [{do: close, where: {street: Gagoz}}]  # short\n"]
)
def test_actions_are_added_and_removed_however_they_are_written(tmp_path: Path, actions: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(f"name: Own  # mine\nactions:\n{actions}")
    before = path.read_text()
    changed(path, do="add", action=OFFICER)
    if actions.startswith("-"):
        assert path.read_text() == before + "".join(f"{line[2:]}\n" for line in _ADDED.splitlines())
    assert [item["do"] for item in plan_file.actions_of(path.read_text())] == ["close", "signal"]
    changed(path, do="remove", at=0)
    changed(path, do="remove", at=0)
    assert plan_file.actions_of(path.read_text()) == []
    assert "# mine" in path.read_text()


def test_the_only_action_is_removed_and_another_added_below_the_comments(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(
        "name: One\nactions:  # of the police\n  # first\n  - do: close\n    where: {street: Gagoz}\n# end\n"
    )
    changed(path, do="remove", at=0)
    assert path.read_text() == "name: One\nactions: []  # of the police\n  # first\n# end\n"
    changed(path, do="add", action=OFFICER)
    assert path.read_text() == f"name: One\nactions:  # of the police\n  # first\n{_ADDED}# end\n"


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
