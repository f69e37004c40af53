"""What happens in the studio, told to all pages that are open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_MOST_WAITING = 1000
"""News that wait for a page which doesn't read them; then it is let go, and asks for all of it again."""

_NEVER = ""
Item = tuple[str, str]
"""What happened: its kind, and the rest as JSON, which is written once for all pages."""


@dataclass
class News:
    """Who hears what happens."""

    _hearers: set[asyncio.Queue[Item | None]] = field(default_factory=set)
    _tags: dict[tuple[str, str, str], str | None] = field(default_factory=dict)

    def tell(self, kind: str, content: Any) -> None:
        """Tell all pages."""
        if "tag" in content:
            self.note(kind, content, content["tag"])
        text = json.dumps(content)
        for hearer in list(self._hearers):
            if hearer.qsize() >= _MOST_WAITING:
                self._hearers.discard(hearer)
                hearer.put_nowait(None)
            else:
                hearer.put_nowait((kind, text))

    def note(self, kind: str, about: Mapping[str, Any], tag: str | None) -> None:
        """Take note of what a file is now that all know of."""
        self._tags[_key(kind, about)] = tag

    def told(self, kind: str, about: Mapping[str, Any]) -> str | None:
        """Return the tag of a file that all were told last; None where they were told without one, empty if never."""
        return self._tags.get(_key(kind, about), _NEVER)

    def hear(self) -> AsyncIterator[Item]:
        """Return an iterator over what happens from this call on."""
        hearer: asyncio.Queue[Item | None] = asyncio.Queue()
        self._hearers.add(hearer)
        return self._heard(hearer)

    async def _heard(self, hearer: asyncio.Queue[Item | None]) -> AsyncIterator[Item]:
        try:
            while (item := await hearer.get()) is not None:
                yield item
        finally:
            self._hearers.discard(hearer)


def _key(kind: str, about: Mapping[str, Any]) -> tuple[str, str, str]:
    return kind, about["place"], about.get("plan", "")
