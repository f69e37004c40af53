"""A plan's YAML, changed as a person would: comments, order and words stay; what doesn't make a plan isn't written.

A change names the state that it was made on (the tag of the file's bytes). When the file is another by now, because
somebody else has changed it, in another tab or in an editor, the change is refused and nothing is lost.
"""

from __future__ import annotations

import hashlib
import io
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from evac.errors import Problem, ScenarioError, UserError
from evac.files import write_text

_HEAD = "# yaml-language-server: $schema=../../docs/plan.schema.json\n"
_BASELINE = "baseline"
_LONGEST_KEY = 60
_MOST_BYTES = 1 << 20
_FLOW_CHARACTERS = 96
"""Parts of an action that are no longer than this stand in one line, as in plans that are written by hand."""
_writing = RLock()

Check = Callable[[Path], None]
"""Raises a `UserError` when a file is no plan."""


class ChangedMeanwhileError(UserError):
    """The plan isn't what the change was made on."""


def tag_of(text: str) -> str:
    """Return what stands for a plan's text."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def read(path: Path) -> str:
    """Return a plan's text."""
    return path.read_bytes().decode("utf-8")


def key_of(name: str) -> str:
    """Return a file's name for a plan's name: lower case, letters, digits and hyphens.

    Raises
    ------
    UserError
        The name has none of these.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_KEY].strip("-")
    if not key:
        raise UserError(Problem("the plan's name", f"'{name}' has no letter or digit", "give it another name"))
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
    if path.exists() or key == _BASELINE:
        raise UserError(Problem("the plan's name", f"there is a plan '{key}' already", "give it another name"))
    document = CommentedMap(name=name)
    if extends:
        document["extends"] = extends
    document["actions"] = CommentedSeq()
    with _writing:
        _write(path, _HEAD + _dumped(document), check)
    return key


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
    with _writing:
        text = read(path)
        if tag_of(text) != tag:
            what = "somebody has changed it since, in another tab or in its file"
            raise ChangedMeanwhileError(Problem(path.stem, what, "look at what it is now, and make your change again"))
        new = str(edit.get("text", "")) if edit.get("do") == "text" else _edited(text, edit, path)
        if new != text:
            _write(path, new, check)
        return new


def _edited(text: str, edit: Mapping[str, Any], path: Path) -> str:
    document = _yaml().load(text)
    if not isinstance(document, CommentedMap):
        raise UserError(Problem(str(path), "is no plan", "mend its file"))
    if document.get("actions") is None:
        document["actions"] = CommentedSeq()
    actions = document["actions"]
    match edit.get("do"):
        case "add":
            if not actions:
                actions.fa.set_block_style()
            actions.append(_block(edit.get("action")))
        case "replace":
            _replace(actions, _place_in(actions, edit), _block(edit.get("action")))
        case "remove":
            del actions[_place_in(actions, edit)]
        case "describe":
            _describe(document, edit)
        case other:
            raise UserError(Problem("the change", f"'{other}' is none", "add, replace, remove, describe or text"))
    return _dumped(document)


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
        if key not in old or _plain(old[key]) != _plain(value):
            old[key] = value


def _describe(document: CommentedMap, edit: Mapping[str, Any]) -> None:
    for key in ("name", "note"):
        if key in edit and str(edit[key]) != str(document.get(key, "")):
            if key not in document:
                document.insert(1, key, str(edit[key]))
            else:
                document[key] = str(edit[key])


def _block(action: Any) -> CommentedMap:
    """Return an action as plans have it: a key a line, what belongs to a key in one line where it is short."""
    if not isinstance(action, Mapping):
        raise UserError(Problem("the action", "expected keys and values", "load the page again"))
    return CommentedMap({str(key): _flow(value) for key, value in action.items()})


def _flow(value: Any) -> Any:
    if isinstance(value, Mapping):
        found: Any = CommentedMap({str(key): _flow(item) for key, item in value.items()})
    elif isinstance(value, list):
        found = CommentedSeq([_flow(item) for item in value])
    else:
        return value
    if len(str(value)) <= _FLOW_CHARACTERS:
        found.fa.set_flow_style()
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def actions_of(text: str) -> list[Any]:
    """Return a plan's own actions as its file has them; none where it can't be read."""
    try:
        document = _yaml().load(text)
    except YAMLError:
        return []
    actions = document.get("actions") if isinstance(document, Mapping) else None
    return [_plain(item) for item in actions] if isinstance(actions, list) else []


def _write(path: Path, text: str, check: Check) -> None:
    """Write a plan's file, if it is one with those that it extends."""
    if len(text.encode()) > _MOST_BYTES:
        raise UserError(Problem(path.stem, f"is larger than {_MOST_BYTES:,} bytes", "make it smaller"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with _beside_its_like(path, text) as candidate:
        try:
            check(candidate)
        except UserError as error:
            raise _as_in(path.parent, candidate.parent, error) from error
    write_text(path, text)


def _as_in(folder: Path, tried_in: Path, error: UserError) -> UserError:
    """Return an error as if a plan had been tried in its own folder."""

    def told(words: str) -> str:
        return words.replace(str(tried_in), str(folder))

    return UserError([Problem(told(item.where), told(item.what), told(item.remedy)) for item in error.problems])


@contextmanager
def _beside_its_like(path: Path, text: str) -> Iterator[Path]:
    """Give a folder that looks like the plan's own, with another text in its place: what it extends is found there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for item in path.parent.iterdir():
            if item.name != path.name:
                (folder / item.name).symlink_to(item.resolve())
        candidate = folder / path.name
        candidate.write_text(text, encoding="utf-8")
        yield candidate


def _yaml() -> YAML:
    found = YAML()
    found.indent(mapping=2, sequence=4, offset=2)
    found.preserve_quotes = True
    found.width = 120
    found.allow_duplicate_keys = False
    return found


def _dumped(document: CommentedMap) -> str:
    out = io.StringIO()
    _yaml().dump(document, out)
    return out.getvalue()


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
