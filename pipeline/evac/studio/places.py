"""The places of a workspace as the server answers about them: what takes long is made once, by the place's own process.

What was made is kept in the studio's folder, compressed, under the stamp of all files that it was made from.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import evac
from evac.errors import EvacError, Problem, UserError
from evac.files import is_file, write_bytes
from evac.fingerprint import fingerprint
from evac.studio import at_place
from evac.studio.bench import Benches
from evac.studio.workspace import Workspace, stamp_of

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
class Places:
    """The places.

    Parameters
    ----------
    workspace
        The workspace.
    """

    workspace: Workspace
    benches: Benches = field(init=False)
    _makings: dict[Path, Making] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Have no process yet."""
        self.benches = Benches(self.workspace.folder)

    async def end(self) -> None:
        """End the places' processes."""
        await self.benches.end()

    def listed(self) -> list[dict[str, Any]]:
        """Return the places: `place` (its folder), `name`, `note`, and `problems` where its file is wrong."""
        return [self._listed(name) for name in self.workspace.place_names()]

    def _listed(self, name: str) -> dict[str, Any]:
        try:
            place = self._open(name)
        except EvacError as error:
            return {"place": name, "name": name, "note": "", "problem": str(error)}
        return {"place": name, "name": place.name, "note": " ".join(place.scenario.note.split()), "problem": ""}

    def plans(self, name: str) -> list[dict[str, Any]]:
        """Return the plans of a place."""
        return at_place.plans(self.workspace.scenario(name), self.workspace.folder)

    def runs(self, name: str) -> list[dict[str, Any]]:
        """Return the finished runs of a place, the newest first."""
        return at_place.runs(self._open(name))

    def run(self, name: str, job: str) -> dict[str, Any]:
        """Return what a finished run says."""
        return at_place.run(self._open(name), job)

    def checked(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is to be run, complete: `plans`, `vehicles`, `departure`, `seeds`, `fidelity`.

        Raises
        ------
        UserError
            There is no such plan or case, or a plan's file is wrong.
        """
        return at_place.checked(self._open(name), asked)

    async def make_picture(self, name: str) -> Making:
        """Begin to make the picture of a place, if it isn't there."""
        return await self._begin(name, "picture", ())

    async def make_findings(self, name: str) -> Making:
        """Begin to check a place, if that hasn't been done."""
        return await self._begin(name, "findings", ())

    async def make_diff(self, name: str, plan: str) -> Making:
        """Begin to lay a plan over the network of a place, if that hasn't been done."""
        place = await asyncio.to_thread(self._open, name)
        if plan not in place.plan_names:
            known = ", ".join(place.plan_names)
            raise UserError(Problem(f"the plans of {name}", f"there is no plan '{plan}'", f"known: {known}"))
        files = [path for path in place.loaded.plans_folder.rglob("*") if path.is_file()]
        return await self._begin(name, "diff", files, plan=plan)

    async def _begin(self, name: str, call: str, files: Any, **arguments: Any) -> Making:
        place = await asyncio.to_thread(self._open, name)
        stamp = stamp_of(list(place.input_files), {"code": fingerprint(), "picture": at_place.PICTURE_VERSION})
        about = {"call": call, "place": stamp, **arguments}
        path = self.workspace.kept(call, stamp_of(list(files), about))
        making = self._makings.get(path)
        if making is None or (making.task.done() and not path.is_file()):
            making = self._makings[path] = Making()
            scenario = self.workspace.scenario(name)

            async def ask() -> Any:
                bench = await self.benches.of(scenario)
                return await bench.ask(call, making.tell, stamp=stamp, **arguments)

            making.task = asyncio.create_task(_keep(path, ask))
        return making

    def _open(self, name: str) -> evac.Place:
        return evac.open(self.workspace.scenario(name), workspace=self.workspace.folder)


async def _keep(path: Path, ask: Callable[[], Awaitable[Any]]) -> Path:
    """Return the file in which an answer is kept, made if it isn't there."""
    if not is_file(path):
        content = json.dumps(await ask(), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        await asyncio.to_thread(write_bytes, path, await asyncio.to_thread(gzip.compress, content, _COMPRESSION))
    return path
