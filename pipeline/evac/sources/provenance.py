"""Where data come from: source, date and licence of everything that was fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evac.files import write_text

OPENSTREETMAP = "OpenStreetMap"
ODBL = "[ODbL 1.0](https://opendatacommons.org/licenses/odbl/1-0/), © OpenStreetMap contributors"
PUBLIC_DOMAIN = "[public domain](https://www.usa.gov/government-copyright), US Census Bureau"

_COLUMNS = "| what | source | fetched from | on | licence |"


@dataclass(frozen=True)
class Provenance:
    """Where one thing comes from.

    Parameters
    ----------
    what
        The thing, such as `map.osm.pbf: roads`.
    source
        Who publishes it, and which edition.
    url
        Where it was fetched; empty for what wasn't.
    retrieved
        The day it was fetched, as ISO date; of something in parts the earliest.
    licence
        Name and address of its licence, and the attribution that it asks for.
    note
        What to know before using it.
    """

    what: str
    source: str
    url: str
    retrieved: str
    licence: str
    note: str = ""


def write_provenance(file: Path, items: Sequence[Provenance]) -> None:
    """Write PROVENANCE as a Markdown page: a table of sources, and the notes below it."""
    rows = [
        f"| {_cell(item.what)} | {_cell(item.source)} | {_link(item.url)} | {item.retrieved} | {_cell(item.licence)} |"
        for item in items
    ]
    head = [
        "# Where this data comes from",
        "",
        "| what | source | fetched from | on | licence |",
        "|---|---|---|---|---|",
    ]
    notes = [f"- **{item.what}**: {item.note}" for item in items if item.note]
    lines = [*head, *rows, *(["", "## What to know before using it", "", *notes] if notes else [])]
    write_text(file, "\n".join(lines) + "\n")


def _link(url: str) -> str:
    return f"<{url}>" if url else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
