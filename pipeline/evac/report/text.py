"""Other people's text and our numbers, made fit for a page, a figure, a spreadsheet and a file name.

Street and zone names come from OpenStreetMap and from files: they are shown as text, never as markup, formula or path.
Every time, count and rate of the report is formatted here, so that one number looks the same everywhere.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata

from markupsafe import Markup, escape

from evac.clock import NO_BREAK, clock, hours_minutes
from evac.report.words import say
from evac.statistics import Interval

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters, also in full width, that make a spreadsheet run a cell (OWASP, CSV injection:
https://owasp.org/www-community/attacks/CSV_Injection)."""

_DIRECTION_CONTROLS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that reverse the text around them (Unicode Standard Annex 9)."""

NONE = "\u2013"
"""A dash: there is no such number."""
_FILE_NAME_LENGTH = 60
_DIGEST_LENGTH = 6


def plain(text: object, limit: int = 200) -> str:
    """Return text in one line, without control characters, shortened to `limit` characters."""
    visible = _DIRECTION_CONTROLS.sub("", str(text))
    if not visible.isprintable():  # most text is, and a look at each character takes long
        controls = {"Cc", "Cs", "Co", "Zl", "Zp"}
        visible = "".join(" " if unicodedata.category(char) in controls else char for char in visible)
    line = " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def unbroken(value: object) -> object:
    r"""Return what a page shows: in plain text no line ends within a percentage, and all are written alike.

    Examples
    --------
    >>> unbroken("85% of them, 90 % out") == "85\u00a0% of them, 90\u00a0% out"
    True
    """
    return re.sub(r"(?<=\d) ?%", f"{NO_BREAK}%", value) if type(value) is str else value


def code(words: str) -> Markup:
    """Return plain text for a page, with what stands between backticks as code."""
    parts = enumerate(words.split("`"))
    return Markup("").join(Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in parts)


def csv_cell(text: object) -> str:
    """Return text that a spreadsheet shows and doesn't run: a leading `'` where it would be taken for a formula."""
    cell = str(text)
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(_FORMULA_STARTS) else cell


def file_name(text: str) -> str:
    """Return a file name (without extension) of `a-z`, `0-9` and `-` that stands for `text`.

    Where something of the text is lost, some digits of its SHA-256 keep two names apart.
    """
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub("[^a-z0-9]+", "-", ascii_text).strip("-")[:_FILE_NAME_LENGTH].strip("-")
    if name and name == text:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
    return f"{name}-{digest}" if name else digest


def page_json(content: object) -> str:
    """Return JSON that is safe inside a page's script element."""
    packed = json.dumps(content, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return packed.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def web_link(url: str | None) -> str | None:
    """Return the address if it is one of the web (http, https), else None: a page must not run a `javascript:` link."""
    return url if url is not None and re.match("https?://", url) else None


def clearance(seconds: float | None, end_h: float) -> str:
    """Return a clearance time as people read it; `not cleared by 24 h` where the simulation ended before it."""
    return say("not cleared by {time}", time=f"{end_h:g}{NO_BREAK}h") if seconds is None else clock(seconds)


def estimated(found: Interval, end_h: float) -> str:
    """Return a mean clearance time with its 95 % interval: `2:10 h (2:02 to 2:18 h)`."""
    if found.mean is None or found.low is None or found.high is None:
        return clearance(found.mean, end_h)
    return f"{clock(found.mean)} ({time_range(found.low, found.high)})"


def time_range(low_s: float, high_s: float) -> str:
    """Return a range of times after the order: `2:02 to 2:18 h`."""
    return say("{low} to {high}", low=hours_minutes(max(low_s, 0.0)), high=clock(high_s))


def count(number: float) -> str:
    """Return a whole number with a comma for each thousand."""
    return f"{number:,.0f}"


def percent(share: float) -> str:
    """Return a share from 0 to 1 as a percentage with one decimal; only a whole is `100 %`, only nothing `0 %`."""
    if share in {0.0, 1.0}:
        return f"{share * 100:.0f}{NO_BREAK}%"
    return f"{min(max(share * 100, 0.1), 99.9):.1f}{NO_BREAK}%"


def rate(veh_per_min: float | None) -> str:
    """Return a flow in vehicles per minute with one decimal, a dash where there is none."""
    return NONE if veh_per_min is None or math.isnan(veh_per_min) else f"{veh_per_min:.1f}"


def listing(items: list[str]) -> str:
    """Return items as a sentence has them: `a, b and c`."""
    if len(items) < 2:  # noqa: PLR2004 - a list of one has no "and"
        return items[0] if items else ""
    return say("{items} and {last}", items=", ".join(items[:-1]), last=items[-1])
