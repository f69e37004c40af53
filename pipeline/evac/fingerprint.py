"""What the toolkit is, as far as results depend on it: its version and the content of its own stages.

Cached maps, nets and runs carry it in their address, so a result of other code is never taken for one of this code.
The modules that only show results, or that only write a scenario's files (whose content is hashed), are left out: a
better report doesn't make runs old.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from evac import __version__
from evac.files import digest_file, digest_json

_PACKAGE = Path(__file__).parent
_SHOWN_ONLY = {
    "acquire.py",
    "archive",
    "audit",
    "cli",
    "new",
    "progress.py",
    "reference.py",
    "report",
    "sources",
    "statistics.py",
    "verify",
}
_SUFFIXES = (".py", ".csv", ".parquet", ".xml")


@cache
def fingerprint() -> str:
    """Return the toolkit's version and a digest of its stages, such as `0.1.0+3f2a…` (16 hex digits)."""
    files = sorted(path for path in _PACKAGE.rglob("*") if path.suffix in _SUFFIXES)
    relative = {path.relative_to(_PACKAGE): path for path in files}
    content = {
        name.as_posix(): digest_file(path) for name, path in relative.items() if name.parts[0] not in _SHOWN_ONLY
    }
    return f"{__version__}+{digest_json(content)[:16]}"
