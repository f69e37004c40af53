"""The commands that the documentation shows are those that there are, with the options that they take."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from evac.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "findings/README.md")),
        *(ROOT / "docs").glob("**/*.md"),
        *(ROOT / "scenarios").glob("**/*.md"),
        *(ROOT / "benchmarks").glob("**/*.md"),
    ]
)
_NO_VALUE = "requires an argument"
COMMAND = typer.main.get_command(app)

_BLOCK = re.compile(r"^```.*?^```|^ {4}[^\n]*(?:\n {4}[^\n]*)*", re.MULTILINE | re.DOTALL)
_IN_BLOCK = re.compile(
    r"(?:^|&& ) *(?:\$ )?(?:[\w./]+/bin/)?(?P<line>(?:evac|make) [a-z-][^\n\\]*(?:\\\n[^\n\\]*)*)", re.MULTILINE
)
_IN_TEXT = re.compile(r"`(?P<line>(?:evac|make) [a-z-][^`]*)`")
_SCRIPT = re.compile(r"\b(?:python3?|sh) (?P<file>(?:scenarios|benchmarks|findings|setup)/[\w./-]+\.(?:py|sh))")


def _lines(page: Path) -> Iterator[tuple[str, bool]]:
    """Yield the command lines of a page, as a shell would read them, and whether each stands in a sentence."""
    text = page.read_text(encoding="utf-8")
    for block in _BLOCK.findall(text):
        for found in _IN_BLOCK.finditer(block):
            yield " ".join(found["line"].replace("\\\n", " ").split()), False
    for found in _IN_TEXT.finditer(_BLOCK.sub("", text)):
        yield " ".join(found["line"].split()), True


def _words(line: str) -> list[str]:
    """Return the words of a command line, without its comment and what a shell does with its output."""
    words = shlex.split(line, comments=True)
    ends = [number for number, word in enumerate(words) if word in {"&&", "|", ">", ";"}]
    return words[: ends[0]] if ends else words


def complaint(words: list[str]) -> str:
    """Return what is wrong with the words of a command; empty when they can be given so."""
    command = COMMAND
    words = words[1:]
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return f"there is no command {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    context = command.context_class(command)
    try:
        _, extra, _ = command.make_parser(context).parse_args(list(words))
    except TyperException as error:
        return str(error)
    return f"nothing takes {' '.join(extra)}" if extra else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_take_the_options_that_a_page_gives_them(page: Path) -> None:
    said = {line: complaint(_words(line)) for line, _ in _lines(page) if line.startswith("evac ")}
    in_sentences = {line for line, in_sentence in _lines(page) if in_sentence}  # which may name an option alone
    wrong = {line: why for line, why in said.items() if why and not (line in in_sentences and _NO_VALUE in why)}
    assert wrong == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_targets_and_scripts_that_a_page_names_are_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {_words(line)[1] for line, _ in _lines(page) if line.startswith("make ")}
    assert named <= targets
    scripts = _SCRIPT.findall(page.read_text(encoding="utf-8"))
    assert [name for name in scripts if not (ROOT / name).is_file()] == []


def test_there_are_commands_to_check() -> None:
    assert sum(len(list(_lines(page))) for page in PAGES) > 100


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("evac runs scenarios/x", "no command runs"),
        ("evac run scenarios/x --planes flood", "No such option"),
        ("evac run scenarios/x --plan", _NO_VALUE),
        ("evac plan shown x", "no command shown"),
        ("evac check scenarios/x scenarios/y scenarios/z", "nothing takes"),
    ],
)
def test_a_command_that_there_is_not_is_seen(line: str, why: str) -> None:
    assert why in complaint(_words(line))
