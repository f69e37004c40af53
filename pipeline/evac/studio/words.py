"""The page's words: every sentence stands in its scripts in English, in `say("…")`, and may be said otherwise.

What the toolkit tells while it works stands there in `heard("…")`, and what it says of plans is read from its own code
(`sentences`).

docs/studio-words.yaml has them all, written by `make docs`; a workspace's `studio.yaml` has what it says otherwise.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field

from evac.errors import Problem, ScenarioError
from evac.schema.base import Model
from evac.studio.assets import PAGE
from evac.studio.sentences import sentences
from evac.validation import read_model

FILE_NAME = "studio.yaml"
_SAID = re.compile(r'\b(?:say|heard)\(("(?:[^"\\]|\\.)*")')
_PLACE = re.compile(r"\{(\w+)\}")
_HEAD = """\
# Every text of the studio's page, written from its scripts by `make docs`. To have the page in another language, copy
# what you translate into `words` of the workspace's studio.yaml and change the right side (docs/studio.md). What stands
# in braces is filled in by the page: it may move, and may be left out.
"""
_HEAD_OF_SENTENCES = """\

# What the page has from the toolkit, of a plan that is laid over the network: what it does, and what is wrong with it.
# A part that stands in another sentence has a line of its own.
"""


class StudioSettings(Model):
    """How the page of a workspace speaks."""

    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")] = "en"
    """The language of `words` (BCP 47, such as `de` or `es-US`): what a screen reader reads the page in."""
    words: dict[str, str] = {}
    """Other words for the page's texts, from the English ones; what isn't given is in English."""


@cache
def catalogue() -> tuple[str, ...]:
    """Return every text of the page's own, in English and in alphabetical order."""
    scripts = [path.read_text(encoding="utf-8") for path in PAGE.glob("*.js")]
    return tuple(sorted({json.loads(match[1]) for script in scripts for match in _SAID.finditer(script)}))


@cache
def _all_texts() -> tuple[str, ...]:
    return tuple(dict.fromkeys([*catalogue(), *sorted(sentences())]))


def catalogue_text() -> str:
    """Return docs/studio-words.yaml."""
    own, told = catalogue(), _all_texts()[len(catalogue()) :]
    return f"{_HEAD}{_as_yaml(own)}{_HEAD_OF_SENTENCES}{_as_yaml(told)}"


def _as_yaml(texts: Sequence[str]) -> str:
    words = {english: english for english in texts}
    return yaml.safe_dump(words, allow_unicode=True, width=1_000_000, sort_keys=False)


def settings_of(workspace: Path) -> StudioSettings:
    """Read the `studio.yaml` of a workspace; English where there is none.

    Raises
    ------
    ScenarioError
        With a `Problem` for every key that is wrong, and for words of no text.
    """
    path = workspace / FILE_NAME
    if not path.is_file():
        return StudioSettings()
    _, settings = read_model(path, StudioSettings)
    if problems := list(_problems(path, settings)):
        raise ScenarioError(problems)
    return settings


def _problems(path: Path, settings: StudioSettings) -> Iterator[Problem]:
    for english, words in settings.words.items():
        where = f"{path}: words: {english}"
        if english not in _all_texts():
            near = get_close_matches(english, _all_texts(), n=1, cutoff=0.5)
            yield Problem(
                where,
                "is no text of the page",
                f"'{near[0]}' is" if near else "docs/studio-words.yaml has those that are",
            )
        elif not set(_PLACE.findall(words)) <= set(_PLACE.findall(english)):
            named = ", ".join(sorted(_PLACE.findall(english))) or "none"
            yield Problem(where, f"'{words}' has braces that aren't places of this text", f"its places are: {named}")


if __name__ == "__main__":
    sys.stdout.write(catalogue_text())
