"""Places that aren't there yet: the extracts that they are drawn on, the areas, and what a place is made from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evac.errors import Problem, UserError
from evac.plans import BASELINE
from evac.studio import at_place, plan_file
from evac.studio.bench import Benches, Tell, tell_nobody
from evac.studio.making import Making, Makings
from evac.studio.uploads import Uploads
from evac.studio.workspace import Workspace, stamp_of

_USUAL_VEHICLES = "1.5"
"""Per household: the middle case of a scenario that is made (`evac.new.writing`), which is run first."""


@dataclass(frozen=True)
class NewPlaces:
    """What is asked about places that aren't there yet, in a process of its own.

    Parameters
    ----------
    workspace
        Where they will be.
    benches, makings
        The processes, and what they make.
    uploads
        The files that were sent.
    """

    workspace: Workspace
    benches: Benches
    makings: Makings
    uploads: Uploads

    def checked(self, asked: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return what a new place will be called, and what is asked for, complete.

        Raises
        ------
        UserError
            A name is none, is taken, or something that was sent isn't there.
        """
        title = " ".join(str(asked.get("name", "")).split())
        households, extract = asked.get("households"), asked.get("extract")
        problems: list[Problem] = []

        def looked(look: Callable[[], Any]) -> Any:
            try:
                return look()
            except UserError as error:
                problems.extend(error.problems)

        key = looked(lambda: self._free_key(title))
        paths = {
            "area": looked(lambda: str(self._area(asked.get("area")))),
            "extract": looked(lambda: str(self.uploads.path("extract", str(extract)))) if extract else None,
            "households": looked(lambda: self._households(households)),
        }
        if problems:
            raise UserError(problems)
        shown = {"plans": [BASELINE], "names": [title], "vehicles": _USUAL_VEHICLES}
        return key, {"kind": "new", "name": title, **paths, "count": asked.get("count") or None, **shown}

    def _free_key(self, title: str) -> str:
        if not title:
            raise UserError(Problem("the place's name", "is empty", "say what to call it"))
        key = plan_file.key_of(title, "the place's name")
        if key in self.workspace.place_names():
            raise UserError(Problem("the place's name", f"there is a place '{key}' already", "give it another name"))
        return key

    def _area(self, area: Any) -> Path:
        if not area:
            raise UserError(
                Problem("the area", "there is none yet", "draw it, send a file with it, or find it by name")
            )
        return self.uploads.path("area", self.uploads.drawn(area) if isinstance(area, Mapping) else str(area))

    def _households(self, households: Any) -> str | int | None:
        if isinstance(households, str):
            return str(self.uploads.path("households", households))
        if households is not None and (type(households) is not int or households < 1):
            what = f"found {households}, expected a whole number, 1 or more"
            raise UserError(Problem("the households", what, "give their total, or leave it out"))
        return households

    async def area(self, area: Any) -> dict[str, Any]:
        """Return an area that was drawn or sent as it will be understood: `area`, `bounds`, `km2`, `crossings`."""
        path = await asyncio.to_thread(self._area, area)
        bench = await self.benches.of(self.workspace.own)
        found: dict[str, Any] = await bench.ask("area", tell_nobody, path=str(path))
        return found

    async def extract(self, name: str) -> Making:
        """Begin to draw an extract, if that hasn't been done."""
        path = await asyncio.to_thread(self.uploads.path, "extract", name)
        kept = self.workspace.kept("extract", stamp_of([path], {"picture": at_place.PICTURE_VERSION}))
        scenario = self.workspace.own  # a process of its own: there is no place yet

        async def ask(tell: Tell) -> Any:
            bench = await self.benches.of(scenario)
            return await bench.ask("extract", tell, path=str(path))

        return self.makings.make(kept, ask)

    async def find(self, title: str) -> dict[str, Any]:
        """Return the area that a name means, as OpenStreetMap knows it: `name`, `area`, `bounds`."""
        bench = await self.benches.of(self.workspace.own)  # a process of its own: there is no place yet
        found: dict[str, Any] = await bench.ask("find", tell_nobody, name=" ".join(title.split()))
        return found
