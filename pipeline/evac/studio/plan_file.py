"""A plan's YAML, changed as a person would change it (`yaml_text`): its actions, its name and note."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from evac.errors import Problem, ScenarioError, UserError
from evac.files import write_text
from evac.studio.yaml_lines import under, with_added, with_changed, without
from evac.studio.yaml_text import (
    Check,
    as_it_ends_lines,
    dumped,
    in_a_line,
    parsed,
    plain,
    require_unchanged,
    write_checked,
    writing,
    yaml,
)
from evac.yaml_file import editor_line

_BASELINE = "baseline"
_LONGEST_KEY = 60
_ACTIONS = ("actions",)


def key_of(name: str, of: str = "the plan's name") -> str:
    """Return a file's name for a plan's name, or that of what `of` says: lower case, letters, digits and hyphens.

    Raises
    ------
    UserError
        The name has none of these.
    """
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:_LONGEST_KEY].strip("-")
    if not key:
        what = f"'{name}' has no letter from A to Z and no digit, of which the name of its file is made"
        raise UserError(Problem(of, what, "add one, such as a number"))
    return key


def create(folder: Path, name: str, extends: str | None, check: Check) -> str:
    """Write a plan without actions, and return its key.

    Raises
    ------
    UserError
        There is such a plan already, or the name is none.
    """
    key = key_of(name)
    path = folder / f"{key}.yaml"
    _require_free(path)
    document = CommentedMap(name=name)
    if extends:
        document["extends"] = extends
    document["actions"] = CommentedSeq()
    with writing:
        write_checked(path, editor_line(folder, "plan") + dumped(document), check)
    return key


def take(folder: Path, text: str) -> str:
    """Put a plan that was made elsewhere among the others, under a name that is free, and return its key."""
    first = key_of(str(parsed(text, folder, "plan")["name"]))
    with writing:
        keys = (first if number == 1 else f"{first}-{number}" for number in itertools.count(1))
        path = next(path for path in (folder / f"{key}.yaml" for key in keys) if not path.exists())
        write_text(path, editor_line(folder, "plan") + text)
    return path.stem


def remove(path: Path, tag: str, removed: Path) -> None:
    """Move a plan's file into a folder of those that were removed.

    Raises
    ------
    ChangedMeanwhileError
        The file isn't what whoever removes it has seen.
    """
    with writing:
        require_unchanged(path, tag)
        removed.mkdir(parents=True, exist_ok=True)
        number = sum(1 for _ in removed.glob(f"{path.stem}*.yaml"))
        path.replace(removed / f"{path.stem}{f'-{number}' if number else ''}.yaml")


def rename(path: Path, tag: str, name: str, check: Check) -> str:
    """Give a plan another name, and its file with it; return its new key.

    Raises
    ------
    ChangedMeanwhileError
        The file isn't what whoever renames it has seen.
    UserError
        The name is none, or there is such a plan already.
    """
    title = " ".join(name.split())
    key = key_of(title)
    target = path.with_name(f"{key}.yaml")
    with writing:
        text = require_unchanged(path, tag)
        if target != path:
            _require_free(target)
        renamed = {"do": "describe", "name": title}
        write_checked(target, as_it_ends_lines(text, lambda now: _edited(now, renamed, path)), check)
        if target != path:
            path.unlink()
    return key


def _require_free(path: Path) -> None:
    if path.exists() or path.stem == _BASELINE:
        raise UserError(Problem("the plan's name", f"there is a plan '{path.stem}' already", "give it another name"))


def change(path: Path, tag: str, edit: Mapping[str, Any], check: Check) -> str:
    """Change a plan's file, and return its text.

    Parameters
    ----------
    path
        The file.
    tag
        Of the text that the change was made on.
    edit
        `do`: `add` (an `action`), `replace` (the action `at` a place by an `action`), `remove` (the one `at` a place),
        `describe` (`name` and `note`) or `text` (all of it).
    check
        Whether the result is a plan.

    Raises
    ------
    ChangedMeanwhileError
        The file isn't what it was.
    UserError
        The result is no plan; the file is as it was.
    """
    with writing:
        text = require_unchanged(path, tag)
        is_whole = edit.get("do") == "text"
        new = str(edit.get("text", "")) if is_whole else as_it_ends_lines(text, lambda now: _edited(now, edit, path))
        if new != text:
            write_checked(path, new, check)
        return new


def _edited(text: str, edit: Mapping[str, Any], path: Path) -> str:
    document = parsed(text, path, "plan")
    actions = document.get("actions") or CommentedSeq()
    match edit.get("do"):
        case "add":
            return with_added(text, _ACTIONS, _block(edit.get("action")))
        case "replace":
            action = _block(edit.get("action"))
            return with_changed(text, _ACTIONS, _place_in(actions, edit), lambda items, at: _replace(items, at, action))
        case "remove":
            return without(text, _ACTIONS, _place_in(actions, edit))
        case "describe":
            for key in ("name", "note"):
                if key in edit and str(edit[key]) != str(document.get(key, "")):
                    text = under(text, key, partial(_say, key=key, words=str(edit[key])), after="name")
            return text
        case other:
            raise UserError(Problem("the change", f"'{other}' is none", "add, replace, remove, describe or text"))


def _say(document: CommentedMap, key: str, words: str) -> None:
    document[key] = words


def _place_in(actions: CommentedSeq, edit: Mapping[str, Any]) -> int:
    at = edit.get("at")
    if type(at) is not int or not 0 <= at < len(actions):
        raise UserError(Problem("the change", f"there is no action {at}", "load the page again"))
    return at


def _replace(actions: CommentedSeq, at: int, action: CommentedMap) -> None:
    """Put another action in the place of one; keys that stay keep their place and their comments."""
    old = actions[at]
    if not isinstance(old, CommentedMap) or old.get("do") != action.get("do"):
        actions[at] = action
        return
    for key in [key for key in old if key not in action]:
        del old[key]
    for key, value in action.items():
        if key not in old or plain(old[key]) != plain(value):
            old[key] = value


def _block(action: Any) -> CommentedMap:
    """Return an action as plans have it: a key a line, what belongs to a key in one line where it is short."""
    if not isinstance(action, Mapping):
        raise UserError(Problem("the action", "expected keys and values", "load the page again"))
    return CommentedMap({str(key): in_a_line(value) for key, value in action.items()})


def actions_of(text: str) -> list[Any]:
    """Return a plan's own actions as its file has them; none where it can't be read."""
    try:
        document = yaml().load(text)
    except YAMLError:
        return []
    actions = document.get("actions") if isinstance(document, Mapping) else None
    return [plain(item) for item in actions] if isinstance(actions, list) else []


def require_a_file(path: Path, key: str) -> None:
    """Refuse to change the baseline, or a plan that isn't there.

    Raises
    ------
    ScenarioError
        It can't be changed.
    """
    if key == _BASELINE:
        raise ScenarioError(Problem(key, "changes nothing, all plans are compared with it", "make a plan of your own"))
    if not path.is_file():
        raise ScenarioError(Problem(key, "there is no such plan any more", "load the page again"))
