"""What happens in the studio, told to all pages that are open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

_MOST_WAITING = 1000
"""News that wait for a page which doesn't read them; then it is let go, and asks for all of it again."""

Item = tuple[str, str]
"""What happened: its kind, and the rest as JSON, which is written once for all pages."""


@dataclass
class News:
    """Who hears what happens."""

    _hearers: set[asyncio.Queue[Item | None]] = field(default_factory=set)

    def tell(self, kind: str, content: Any) -> None:
        """Tell all pages."""
        text = json.dumps(content)
        for hearer in list(self._hearers):
            if hearer.qsize() >= _MOST_WAITING:
                self._hearers.discard(hearer)
                hearer.put_nowait(None)
            else:
                hearer.put_nowait((kind, text))

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
