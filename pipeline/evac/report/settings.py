"""`report.yaml` beside a scenario: what a city's own report has on its cover, its units, and its words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from evac.errors import Problem, ScenarioError
from evac.report.catalogue import catalogue
from evac.report.words import places
from evac.schema.base import Model
from evac.validation import missing_files, read_model

FILE_NAME = "report.yaml"
_LOGO_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml"}
_LARGEST_LOGO_BYTES = 1_000_000


class Signature(Model):
    """Somebody who signs the report."""

    role: Annotated[str, Field(max_length=60)]
    """As what: `approved`, `Fire Chief`."""
    name: Annotated[str, Field(max_length=120)] = ""
    """The name; left out, it is written by hand."""


class ReportSettings(Model):
    """What a report looks like. Nothing in here changes a number."""

    title: Annotated[str, Field(max_length=200)] = ""
    """The report's title; when left out, the scenario's name and the question that the report answers."""
    logo: Path | None = None
    """A picture for the head of the report: PNG, JPEG or SVG, at most 1 MB."""
    contact: Annotated[str, Field(max_length=500)] = ""
    """Who answers questions: office, telephone, address."""
    issued: date | None = None
    """The date of issue, `2026-11-28`. Without one, the report says that it is a draft."""
    version: Annotated[str, Field(max_length=40)] = ""
    """The report's version, such as `1.0`."""
    authors: Annotated[tuple[Annotated[str, Field(max_length=120)], ...], Field(max_length=6)] = ()
    """Who made the report."""
    signatures: Annotated[tuple[Signature, ...], Field(max_length=4)] = ()
    """Who signs it: each gets a line on the first page. Without any, there are two empty lines."""
    units: Literal["km", "miles"] = "km"
    """Whether speeds and lengths are shown in kilometres or in miles. Result files keep SI units."""
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")] = "en"
    """The language of `words` (BCP 47, such as `de` or `es-US`): what a screen reader reads the page in."""
    words: dict[str, str] = {}
    """Other words for the report's texts, from the English ones: `The answer: Die Antwort`. docs/report-words.yaml has
    all of them; what isn't given is in English."""


def load_settings(scenario_folder: Path) -> ReportSettings:
    """Read `report.yaml` in a scenario's folder; the defaults where there is none.

    Raises
    ------
    ScenarioError
        With a `Problem` for every key that is wrong, and for a logo that can't be shown.
    """
    path = scenario_folder / FILE_NAME
    if not path.is_file():
        return ReportSettings()
    document, settings = read_model(path, ReportSettings)
    problems = [*missing_files(document, settings), *_logo_problems(path, settings), *_word_problems(path, settings)]
    if problems:
        raise ScenarioError(problems)
    return settings


def logo_type(path: Path) -> str:
    """Return the MIME type of a logo, from its file name."""
    return _LOGO_TYPES[path.suffix.lower()]


def _logo_problems(path: Path, settings: ReportSettings) -> list[Problem]:
    logo = settings.logo
    if logo is None or not logo.is_file():
        return []
    if logo.suffix.lower() not in _LOGO_TYPES:
        return [Problem(f"{path}: logo", f"{logo.name} is no picture for a page", "use PNG, JPEG or SVG")]
    if logo.stat().st_size > _LARGEST_LOGO_BYTES:
        return [Problem(f"{path}: logo", f"{logo.name} has {logo.stat().st_size:,} bytes", "use one of 1 MB at most")]
    return []


def _word_problems(path: Path, settings: ReportSettings) -> Iterator[Problem]:
    """Yield words for a text that the report doesn't have, and words that want a value which the text hasn't."""
    for english, words in settings.words.items():
        where = f"{path}: words: {english}"
        if english not in catalogue():
            near = get_close_matches(english, catalogue(), n=1, cutoff=0.5)
            hint = f"'{near[0]}' is" if near else "docs/report-words.yaml has those that are"
            yield Problem(where, "is no text of the report", hint)
        elif not _fits(english, words):
            named = ", ".join(f"{{{name}}}" for name in sorted(places(english))) or "none"
            yield Problem(where, f"'{words}' has braces that aren't places of this text", f"its places are: {named}")


def _fits(english: str, words: str) -> bool:
    try:
        return places(words) <= places(english)
    except ValueError:
        return False
