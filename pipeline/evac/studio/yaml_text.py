"""YAML files changed as a person would: comments, order and words stay, and what can't be read isn't written.

A change names the state that it was made on (the tag of the file's bytes). When the file is another by now, because
somebody else has changed it, in another tab or in an editor, the change is refused and nothing is lost.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from evac.errors import Problem, UserError
from evac.files import write_text

_MOST_BYTES = 1 << 20
_FLOW_CHARACTERS = 96
"""Parts that are no longer than this stand in one line, as in files that are written by hand."""
LIST_COLUMN = 2
"""Where the dashes of a list stand, from its key on."""
writing = RLock()
"""Held while a file is looked at and written."""

Check = Callable[[Path], None]
"""Raises a `UserError` when a file isn't what it should be."""


class ChangedMeanwhileError(UserError):
    """The file isn't what the change was made on."""


def tag_of(text: str) -> str:
    """Return what stands for a file's text."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def read(path: Path) -> str:
    """Return a file's text."""
    return path.read_bytes().decode("utf-8")


def require_unchanged(path: Path, tag: str) -> str:
    """Return a file's text, if it is the one that a change was made on.

    Raises
    ------
    ChangedMeanwhileError
        It isn't.
    """
    text = read(path)
    if tag_of(text) != tag:
        what = "somebody has changed it since, in another tab or in its file"
        raise ChangedMeanwhileError(Problem(path.stem, what, "look at what it is now, and make your change again"))
    return text


def parsed(text: str, path: Path, what: str) -> CommentedMap:
    """Return the document in a text.

    Raises
    ------
    UserError
        It has no keys and values, or can't be read.
    """
    try:
        document = yaml().load(text)
    except YAMLError as error:
        raise UserError(Problem(str(path), f"can't be read ({error})", "mend its file")) from error
    if not isinstance(document, CommentedMap):
        raise UserError(Problem(str(path), f"is no {what}", "mend its file"))
    return document


def as_it_ends_lines(text: str, edit: Callable[[str], str]) -> str:
    """Return a text after a change that is made on lines which end in a line feed alone, with the ends that it has."""
    end = "\r\n" if "\r\n" in text else "\n"
    return edit(text.replace("\r\n", "\n")).replace("\n", end)


def dumped(document: CommentedMap) -> str:
    """Return a document as text."""
    out = io.StringIO()
    yaml().dump(document, out)
    return out.getvalue()


def yaml() -> YAML:
    """Return what reads and writes files as people write them."""
    found = YAML()
    found.indent(mapping=2, sequence=LIST_COLUMN + 2, offset=LIST_COLUMN)
    found.preserve_quotes = True
    found.width = 120
    found.allow_duplicate_keys = False
    return found


def in_a_line(value: Any) -> Any:
    """Return a value for a document: what is short stands in one line."""
    if isinstance(value, Mapping):
        found: Any = CommentedMap({str(key): in_a_line(item) for key, item in value.items()})
    elif isinstance(value, list):
        found = CommentedSeq([in_a_line(item) for item in value])
    else:
        return value
    if len(str(value)) <= _FLOW_CHARACTERS:
        found.fa.set_flow_style()
    return found


def plain(value: Any) -> Any:
    """Return a value of a document without its comments and layout."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def require_right(path: Path, text: str, check: Check) -> None:
    """Refuse a text that is no such file, beside the others of its folder.

    Raises
    ------
    UserError
        It isn't.
    """
    if len(text.encode()) > _MOST_BYTES:
        raise UserError(Problem(path.stem, f"is larger than {_MOST_BYTES:,} bytes", "make it smaller"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with _beside_its_like(path, text) as candidate:
        try:
            check(candidate)
        except UserError as error:
            raise _as_in(path.parent, candidate.parent, error) from error


def write_checked(path: Path, text: str, check: Check) -> None:
    """Write a file, if `require_right` has nothing against it."""
    require_right(path, text, check)
    write_text(path, text)


def _as_in(folder: Path, tried_in: Path, error: UserError) -> UserError:
    """Return an error as if a file had been tried in its own folder."""

    def told(words: str) -> str:
        return words.replace(str(tried_in), str(folder))

    return UserError(
        [
            replace(item, where=told(item.where), what=told(item.what), remedy=told(item.remedy), told=told(item.told))
            for item in error.problems
        ]
    )


@contextmanager
def _beside_its_like(path: Path, text: str) -> Iterator[Path]:
    """Give a folder that looks like the file's own, with another text in its place: what it names is found there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for item in path.parent.iterdir():
            if item.name != path.name:
                (folder / item.name).symlink_to(item.resolve())
        candidate = folder / path.name
        candidate.write_text(text, encoding="utf-8")
        yield candidate
