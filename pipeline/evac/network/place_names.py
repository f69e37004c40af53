"""Street names: when two are the same, and which ones somebody may have meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher

# USPS Publication 28, appendices C1 (street suffixes) and B (directionals): the common ones.
_ABBREVIATIONS = {
    "av": "avenue",
    "ave": "avenue",
    "blvd": "boulevard",
    "cir": "circle",
    "ct": "court",
    "cyn": "canyon",
    "dr": "drive",
    "e": "east",
    "expy": "expressway",
    "fwy": "freeway",
    "hwy": "highway",
    "ln": "lane",
    "mt": "mount",
    "n": "north",
    "pkwy": "parkway",
    "pl": "place",
    "rd": "road",
    "s": "south",
    "sq": "square",
    "st": "street",
    "ter": "terrace",
    "tr": "trail",
    "w": "west",
}
_ALIKE = 0.6  # difflib's own cutoff for a close match
_LISTED = 5


def normal_name(name: str) -> str:
    """Return the name for comparison: upper and lower case and the amount of space don't matter."""
    return " ".join(name.casefold().split())


def split_names(names: object) -> list[str]:
    """Return the names in a `name` or `ref` tag: OpenStreetMap separates several by a semicolon."""
    if not isinstance(names, str):
        return []
    return [part.strip() for part in names.split(";") if part.strip()]


def near_names(wanted: str, names: Iterable[str]) -> list[str]:
    """Return the names that are most like the wanted one, the likeliest first, at most five.

    `E Main St` is like `East Main Street`, `Main` like both, `Muhlegass` like `Mühlegass`.
    """
    asked = spelled_out(wanted)
    alike = [(_likeness(asked, spelled_out(name)), name) for name in set(names)]
    best = sorted((-share, name) for share, name in alike if share >= _ALIKE)
    return [name for _, name in best[:_LISTED]]


def _likeness(asked: str, name: str) -> float:
    if asked == name:
        return 1.0
    in_other = set(asked.split()) <= set(name.split()) or set(name.split()) <= set(asked.split())
    letters = SequenceMatcher(None, asked, name, autojunk=False)
    if not in_other and letters.real_quick_ratio() < _ALIKE:
        return 0.0
    return max(letters.ratio(), 0.9 if in_other else 0.0)


def spelled_out(name: str) -> str:
    """Return the name in lower case without accents and abbreviations: `E Main St.` is `east main street`."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    words = re.findall(r"[^\W_]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))
    return " ".join(_ABBREVIATIONS.get(word, word) for word in words)
