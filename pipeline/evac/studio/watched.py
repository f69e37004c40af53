"""Scenarios and plans that others change while the studio is open, in an editor or by a command: all pages are told.

What the studio changes it tells at once (`news`); here is found what differs from that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evac.files import state_of
from evac.studio.news import News
from evac.studio.workspace import FILE_NAME, Workspace
from evac.studio.yaml_text import tag_of

_EVERY_S = 1.0
_GONE = "gone"
_State = tuple[int, ...]
"""Of a file (`files.state_of`)."""


@dataclass
class Watched:
    """The files of scenarios and plans, as they were at the last look.

    Parameters
    ----------
    workspace
        Where they are.
    news
        Who is told.
    """

    workspace: Workspace
    news: News
    _seen: dict[Path, _State] | None = None

    async def watch(self) -> None:
        """Look again and again, until this is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_EVERY_S)

    async def look(self) -> None:
        """Tell what has changed since the last look; the first one tells nothing."""
        before, self._seen = self._seen, await asyncio.to_thread(lambda: dict(self._files()))
        if before is None:
            return
        for path in sorted({path for path, _ in before.items() ^ self._seen.items()}):
            kind, about = _named(path)
            known = self.news.told(kind, about)
            tag = await asyncio.to_thread(_tag, path)
            if self.news.told(kind, about) != known:
                continue  # the studio itself has just changed it, and told that
            if known not in (tag, None):  # None: it was told, without what it is now
                self.news.tell(kind, {**about, "tag": tag})
            self.news.note(kind, about, tag or _GONE)

    def _files(self) -> Iterator[tuple[Path, _State]]:
        folder = self.workspace.folder
        for path in (*folder.glob(f"scenarios/*/{FILE_NAME}"), *folder.glob("plans/*/*.yaml")):
            try:
                state = state_of(path)
            except OSError:  # it is gone by now
                continue
            yield path, state


def _named(path: Path) -> tuple[str, dict[str, str]]:
    """Return what news of a file are called, and what they are about."""
    place = path.parent.name
    return ("scenario", {"place": place}) if path.name == FILE_NAME else ("plan", {"place": place, "plan": path.stem})


def _tag(path: Path) -> str | None:
    """Return the tag of a file as answers have it; None where it is gone."""
    try:
        return f'"{tag_of(path.read_bytes().decode(errors="replace"))}"'
    except OSError:
        return None
