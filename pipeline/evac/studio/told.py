"""What is wrong, as the page is told it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from evac.errors import Problem, readable

_TEXTS = ("where", "what", "remedy", "told")


def problem_of(problem: Problem, workspace: Path) -> dict[str, Any]:
    """Return a problem as plain values: its texts in a line each, and what they are about."""
    return {**asdict(problem), **{name: line_of(getattr(problem, name), workspace) for name in _TEXTS}}


def line_of(text: object, workspace: Path) -> str:
    """Return a text in a line, with the files of a workspace named from its folder on: where that lies is known."""
    line = str(text)
    for folder in (workspace.resolve(), workspace.absolute()):
        line = line.replace(f"{folder}/", "")
    return readable(line)


def disk_words(error: Exception) -> str:
    """Say that a file of the workspace can't be read or written, and why, without where on the machine it lies."""
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    remedy = "see that its folder may be written and the disk has room, and try again"
    return f"a file of the workspace can't be read or written ({why}): {remedy}"
