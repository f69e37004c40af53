"""The page's words: all come from one catalogue, and a workspace's `studio.yaml` says them otherwise."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import evac
from evac.errors import UserError
from evac.plans.reading import load_plan
from evac.studio.assets import PAGE
from evac.studio.sentences import sentences
from evac.studio.words import catalogue, catalogue_text, settings_of
from studio_workspace import ROOT, client_of

GERMAN = "words:\n  Ways out: Auswege\n  '{n} lanes': '{n} Spuren'\n"


def test_the_committed_catalogue_is_that_of_the_page() -> None:
    assert (ROOT / "docs" / "studio-words.yaml").read_text() == catalogue_text(), "run `make docs`"


@pytest.mark.parametrize("path", sorted(PAGE.glob("*.js")), ids=lambda path: path.stem)
def test_every_text_can_be_found(path: Path) -> None:
    """A text that is put together before it is said would be in no catalogue."""
    script = path.read_text()
    assert re.findall(r"(?<!function )\bsay\((?!\"|english)", script) == []


_TELLING = ("tell", "_tell", "Progress")
_NOT_SHOWN = {"cluster.py", "roster.py", "trials.py", "progress.py", "controller.py"}
"""Of what the studio doesn't do: runs on other machines, trials of orders; the terminal's own lines; a run's files."""
_NO_TEXTS = {"preparing", "laying plans", "simulating", "reporting", "plan", "scenario", "job", "progress", ""}
"""Names of phases, and of news."""


def _told() -> Iterator[str]:
    """Yield what the toolkit tells while it works, with an X in each of its places."""
    for path in Path(evac.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())) if path.name not in _NOT_SHOWN else ():
            if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in _TELLING:
                yield from (_with_places(text) for text in call.args if isinstance(text, ast.JoinedStr | ast.Constant))


def _with_places(text: ast.JoinedStr | ast.Constant) -> str:
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in parts)


def test_what_is_told_while_it_works_can_be_said_otherwise() -> None:
    told = {text for text in _told() if not text.replace(".", "").isdigit()} - _NO_TEXTS
    assert {"Building the network", "Laying X over the network"} <= told
    heard = re.findall(r'heard\("([^"]+)"\)', (PAGE / "steps.js").read_text())
    patterns = [re.sub(r"\\{\w+\\}", ".+", re.escape(text)) for text in heard]
    assert {text for text in told if not any(re.fullmatch(pattern, text) for pattern in patterns)} == set()
    assert set(heard) <= set(catalogue())


def test_no_element_has_words_that_nobody_can_say_otherwise() -> None:
    """Text nodes of elements are said, but for names, numbers and signs."""
    loose = re.compile(r'\bh\("[a-z0-9]+", \{[^{}]*\}, "([^"]*[A-Za-z]{2}[^"]*)"')
    found = {text for path in PAGE.glob("*.js") for text in loose.findall(path.read_text())}
    assert found == {"evac studio"}


def test_other_words_are_said(tmp_path: Path) -> None:
    assert client_of(tmp_path).get("/api/words").json() == {"language": "en", "words": {}, "told": []}
    (tmp_path / "studio.yaml").write_text("language: de\n" + GERMAN)
    told = client_of(tmp_path).get("/api/words").json()
    assert (told["language"], told["words"]) == ("de", {"Ways out": "Auswege", "{n} lanes": "{n} Spuren"})
    assert told["told"] == list(sentences())


def test_what_is_said_of_plans_is_read_from_the_code_that_says_it(tmp_path: Path) -> None:
    """A problem as it is told is one of the sentences, filled in; the longest that fits is the first."""
    (tmp_path / "plan.yaml").write_text("name: P\nactions: [{do: close, exit: E, lanes: [0]}]\n")
    with pytest.raises(UserError) as told:
        load_plan(str(tmp_path / "plan.yaml"), tmp_path)
    (problem,) = told.value.problems
    patterns = {text: re.sub(r"\\{\w+\\}", ".*", re.escape(text)) for text in sentences()}
    found = [text for text, pattern in patterns.items() if re.fullmatch(pattern, problem.told.partition(" (")[0])]
    assert found[0] == "'lanes' belongs to 'where': an exit closes with all of its lanes"
    assert not any("<" in text or "\n" in text for text in sentences())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("words: {Way out: Ausweg}\n", "'Ways out' is"),
        ("words: {'{n} lanes': '{m} Spuren'}\n", "its places are: n"),
        ("word: {}\n", "unknown key 'word'"),
    ],
)
def test_words_of_no_text_are_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "studio.yaml").write_text(text)
    with pytest.raises(UserError) as told:
        settings_of(tmp_path)
    assert words in str(told.value)
    assert "Ways out" in catalogue()
