"""What takes long is made once and kept in the studio's folder, compressed; who asks meanwhile waits for the same."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from evac.files import is_file, write_bytes
from evac.studio.bench import Tell

_COMPRESSION = 5


@dataclass
class Making:
    """Something that is being made, or has been.

    Parameters
    ----------
    task
        Gives the file, in the end.
    step
        What is being done.
    """

    task: asyncio.Task[Path] = field(init=False)
    step: str = ""

    def tell(self, step: str) -> None:
        """Take note of what is being done."""
        self.step = step


@dataclass
class Makings:
    """What is being made, by where it will be kept."""

    _known: dict[Path, Making] = field(default_factory=dict)

    def make(self, path: Path, ask: Callable[[Tell], Awaitable[Any]]) -> Making:
        """Begin to make what is kept at a path, unless somebody has."""
        making = self._known.get(path)
        if making is None:
            making = self._known[path] = Making()
            making.task = asyncio.create_task(_keep(path, partial(ask, making.tell)))
            making.task.add_done_callback(partial(self._made, path))
        return making

    def _made(self, path: Path, task: asyncio.Task[Path]) -> None:
        """Forget that something is being made; that it failed is no news when nobody waits for it any more."""
        self._known.pop(path, None)
        if not task.cancelled():
            task.exception()


async def _keep(path: Path, ask: Callable[[], Awaitable[Any]]) -> Path:
    """Return the file in which an answer is kept, made if it isn't there."""
    if is_file(path):
        await asyncio.to_thread(path.touch)  # what is looked at is kept
    else:
        content = json.dumps(await ask(), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        await asyncio.to_thread(write_bytes, path, await asyncio.to_thread(gzip.compress, content, _COMPRESSION))
    return path
