"""The page's words: all come from one catalogue, and a workspace's `studio.yaml` says them otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evac.errors import UserError
from evac.studio.assets import PAGE
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


def test_no_element_has_words_that_nobody_can_say_otherwise() -> None:
    """Text nodes of elements are said, but for names, numbers and signs."""
    loose = re.compile(r'\bh\("[a-z0-9]+", \{[^{}]*\}, "([^"]*[A-Za-z]{2}[^"]*)"')
    found = {text for path in PAGE.glob("*.js") for text in loose.findall(path.read_text())}
    assert found == {"evac studio"}


def test_other_words_are_said(tmp_path: Path) -> None:
    assert client_of(tmp_path).get("/api/words").json() == {"language": "en", "words": {}}
    (tmp_path / "studio.yaml").write_text("language: de\n" + GERMAN)
    told = client_of(tmp_path).get("/api/words").json()
    assert told == {"language": "de", "words": {"Ways out": "Auswege", "{n} lanes": "{n} Spuren"}}


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
