"""The places of a workspace as the server answers about them: what takes long is made once, by the place's own process.

What was made is kept in the studio's folder, compressed, under the stamp of all files that it was made from.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import evac
from evac.errors import EvacError, Problem, UserError
from evac.fingerprint import fingerprint
from evac.kept_run import KeptRun
from evac.report.from_cache import read_asked
from evac.studio import at_place, finished, plan_file, scenario_file
from evac.studio.bench import Benches, Tell, tell_nobody
from evac.studio.handing_on import pack
from evac.studio.making import Making, Makings
from evac.studio.remembered import Answer, Remembered
from evac.studio.told import line_of
from evac.studio.workspace import FILE_NAME, PACKED, Workspace, stamp_of
from evac.studio.yaml_text import read, require_right, tag_of

REPORT_PAGE = "index.html"


@dataclass(frozen=True)
class _KnownPlan:
    """A plan of the list as it was read, and what stood for the files that it was read from."""

    plan: dict[str, Any]
    stamp: str


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
    makings: Makings = field(default_factory=Makings)
    _opened: dict[str, tuple[str, evac.Place]] = field(default_factory=dict)
    _remembered: Remembered = field(default_factory=Remembered)
    _plans: dict[tuple[str, str], _KnownPlan] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Have no process yet."""
        self.benches = Benches(self.workspace.folder)
        self.workspace.prune()

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
            return {"place": name, "name": name, "note": "", "problem": line_of(error, self.workspace.folder)}
        return {"place": name, "name": place.name, "note": " ".join(place.scenario.note.split()), "problem": ""}

    def plans(self, name: str) -> Answer:
        """Return the plans of a place."""
        place = self._open(name)

        def make() -> list[dict[str, Any]]:
            return [self._plan(name, place, key) for key in place.plan_names]

        return self._remembered.answer(("plans", name), _stamp_of_plans(place), make)

    def _plan(self, name: str, place: evac.Place, key: str) -> dict[str, Any]:
        """Return a plan of the list: read again only when one of its own files has changed, whatever others did."""
        known = self._plans.get((name, key))
        if known is not None and known.stamp == _stamp_of_plan(place, known.plan):
            return known.plan
        before, plan = _stamp_of_plans(place), at_place.plan(place, key)
        if before == _stamp_of_plans(place):
            self._plans[name, key] = _KnownPlan(plan, _stamp_of_plan(place, plan))
        return plan

    def plan(self, name: str, key: str) -> tuple[dict[str, Any], str]:
        """Return a plan as the page edits it, and the tag of its file."""
        place = self._open(name)
        path, stamp = self._plan_path(place, key), _stamp_of_plans(place)
        text = read(path)
        tag, make = tag_of(text), partial(at_place.editable, place, key, text)
        return self._remembered.answer(("plan", name, key), stamp + tag, make).content, tag

    def create_plan(self, name: str, asked: Mapping[str, Any]) -> str:
        """Make a plan without actions, and return its key."""
        place = self._open(name)
        extends = asked.get("extends") or None
        if extends is not None:
            self._require_plan(place, str(extends))
        title = " ".join(str(asked.get("name", "")).split())
        return plan_file.create(place.loaded.plans_folder, title, extends, partial(at_place.check_plan, place))

    def remove_plan(self, name: str, key: str, tag: str) -> None:
        """Move a plan's file aside, if it is as whoever removes it has seen it and no other plan builds on it."""
        place = self._open(name)
        path = self._plan_path(place, key)
        _require_no_other_on(place, key)
        plan_file.remove(path, tag, self.workspace.own / "removed" / name)

    def rename_plan(self, name: str, key: str, tag: str, title: str) -> str:
        """Give a plan another name, and its file with it; return its new key."""
        place = self._open(name)
        path = self._plan_path(place, key)
        _require_no_other_on(place, key)
        return plan_file.rename(path, tag, title, partial(at_place.check_plan, place))

    def change_plan(self, name: str, key: str, tag: str, edit: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Change a plan, and return it as `plan` does."""
        place = self._open(name)
        path = self._plan_path(place, key)
        text = plan_file.change(path, tag, edit, partial(at_place.check_plan, place))
        return at_place.editable(place, key, text), tag_of(text)

    def scenario(self, name: str) -> tuple[dict[str, Any], str]:
        """Return what of a scenario's file can be changed here, and the file's tag.

        `text`, `exits` (None where they are found), and `corrections`.
        """
        path = self._open(name).loaded.path
        text = read(path)
        tag, make = tag_of(text), partial(scenario_file.shown, text, path)
        return self._remembered.answer(("scenario", name), tag, make).content, tag

    async def change_scenario(self, name: str, tag: str, edit: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Change a scenario's file, and return it as `scenario` does.

        Parameters
        ----------
        name
            The place.
        tag
            Of the file that the change was made on.
        edit
            As for `scenario_file.edited`, but for what only the network knows: `add exit` has `name`, `where` and
            `veh_per_h` (`evac.amending.exit_in_words`), `correct` has `ways` (their ids) and what
            `scenario_file.corrections_for` takes.
        """
        path = self.workspace.scenario(name) / FILE_NAME
        edit = await self._on_the_network(name, edit)
        text = await asyncio.to_thread(scenario_file.edited, path, tag, edit)
        if edit.get("do") in scenario_file.LISTS_EXITS:
            await asyncio.to_thread(require_right, path, text, _check_scenario)
            await self._ask(name, "require_exits", exits=scenario_file.exits_of(text, path))
        await asyncio.to_thread(scenario_file.write, path, tag, text, _check_scenario)
        return await asyncio.to_thread(self.scenario, name)

    async def _on_the_network(self, name: str, edit: Mapping[str, Any]) -> dict[str, Any]:
        """Return a change of a scenario's file with what the network knows of it."""
        asked = dict(edit)
        if asked.get("do") in scenario_file.LISTS_EXITS:
            asked["listed"] = await self._ask(name, "exits_in_words")
        if asked.get("do") == "add exit":
            title = " ".join(str(asked.get("name", "")).split())
            if not title:
                raise UserError(Problem("the way out", "has no name", "say what people call it"))
            where, most = dict(asked.get("where") or {}), asked.get("veh_per_h")
            asked["exit"] = await self._ask(name, "exit_in_words", name=title, where=where, veh_per_h=most)
        if asked.get("do") == "correct":
            asked["corrections"] = scenario_file.corrections_for(await self.ways(name, asked.get("ways", [])), asked)
        return asked

    async def ways(self, name: str, ids: Any) -> list[dict[str, Any]]:
        """Return what the map says of ways, by their ids."""
        if not isinstance(ids, list) or not all(type(item) is int for item in ids):
            raise UserError(Problem("ways", "expected their ids", "load the page again"))
        found: list[dict[str, Any]] = await self._ask(name, "ways", ids=ids)
        return found

    async def _ask(self, name: str, call: str, /, **arguments: Any) -> Any:
        """Ask the place's process."""
        place = await asyncio.to_thread(self._open, name)
        bench = await self.benches.of(self.workspace.scenario(name))
        return await bench.ask(call, tell_nobody, stamp=_stamp(place), **arguments)

    def _plan_path(self, place: evac.Place, key: str) -> Path:
        self._require_plan(place, key)
        path = place.loaded.plans_folder / f"{key}.yaml"
        plan_file.require_a_file(path, key)
        return path

    def _require_plan(self, place: evac.Place, key: str) -> None:
        if key not in place.plan_names:
            known = ", ".join(place.plan_names)
            raise UserError(Problem(f"the plans of {place.name}", f"there is no plan '{key}'", f"known: {known}"))

    def runs(self, name: str) -> Answer:
        """Return the finished runs of a place, the newest first.

        With what people call their plans (`plan_name`), and the range of those of their plan (`finished.with_ranges`).
        """
        place, names = self._open(name), _names_of(self.plans(name))
        about = {"runs": _names_in(place.cache / "runs"), "place": _stamp(place), "plans": _stamp_of_plans(place)}
        stamp = stamp_of(list((place.cache / "studies").glob("*.json")), about)

        def make() -> list[dict[str, Any]]:
            rows = finished.with_ranges(finished.runs(place))
            return [{**run, "plan_name": names.get(run["plan"], run["plan"])} for run in rows]

        return self._remembered.answer(("runs", name), stamp, make)

    def run(self, name: str, job: str) -> Answer:
        """Return what a finished run says."""
        run = self._open(name).kept_run(job)
        return self._remembered.answer(("run", name, job), _stamp_of_run(run), partial(at_place.run, run))

    def queues(self, name: str, job: str) -> Answer:
        """Return where vehicles queue in a finished run."""
        run = self._open(name).kept_run(job)
        return self._remembered.answer(("queues", name, job), _stamp_of_run(run), partial(at_place.queues, run))

    def report(self, name: str) -> dict[str, Any]:
        """Return the report of a place: the names of the `plans` that it is of, its `folder`, and when it was made.

        Empty where there is none.
        """
        folder = self._open(name).report_folder
        page, asked = folder / REPORT_PAGE, read_asked(folder)
        if asked is None or not page.is_file():
            return {}
        made = datetime.fromtimestamp(page.stat().st_mtime, UTC).isoformat()
        names = _names_of(self.plans(name))
        plans = [names.get(plan, plan) for plan in asked.plans]
        return {"plans": plans, "folder": str(folder.relative_to(self.workspace.folder.resolve())), "made": made}

    def report_folder(self, name: str) -> Path:
        """Return the folder of a place's report."""
        return self._open(name).report_folder

    def packed(self, name: str) -> Path:
        """Write what is handed on of a place (`handing_on`), and return the file, which whoever asks removes."""
        handle, path = tempfile.mkstemp(dir=self.workspace.own, prefix=PACKED)
        os.close(handle)
        try:
            pack(self._open(name), Path(path))
        except BaseException:
            Path(path).unlink()
            raise
        return Path(path)

    def checked(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is to be run, complete: `plans`, `vehicles`, `departure`, `seeds`, `fidelity`.

        Raises
        ------
        UserError
            There is no such plan or case, or a plan's file is wrong.
        """
        return at_place.checked(self._open(name), asked)

    def checked_search(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a plan is searched with, complete (`at_place.checked_search`)."""
        return at_place.checked_search(self._open(name), asked)

    async def make_picture(self, name: str) -> Making:
        """Begin to make the picture of a place, if it isn't there."""
        return await self._begin(name, "picture", ())

    async def make_bound(self, name: str, job: str) -> Making:
        """Begin to work out what no plan can beat, beside a finished run."""
        place = await asyncio.to_thread(self._open, name)
        await asyncio.to_thread(place.kept_run, job)  # told here when there is none
        files = [path for path in place.loaded.plans_folder.rglob("*") if path.is_file()]
        return await self._begin(name, "bound", files, job=job)

    async def make_findings(self, name: str) -> Making:
        """Begin to check a place, if that hasn't been done."""
        return await self._begin(name, "findings", ())

    async def make_diff(self, name: str, plan: str) -> Making:
        """Begin to lay a plan over the network of a place, if that hasn't been done."""
        place = await asyncio.to_thread(self._open, name)
        self._require_plan(place, plan)
        files = [path for path in place.loaded.plans_folder.rglob("*") if path.is_file()]
        return await self._begin(name, "diff", files, plan=plan)

    async def _begin(self, name: str, call: str, files: Any, **arguments: Any) -> Making:
        place = await asyncio.to_thread(self._open, name)
        stamp = _stamp(place)
        about = {"call": call, "place": stamp, **arguments}
        path = self.workspace.kept(call, stamp_of(list(files), about))
        scenario = self.workspace.scenario(name)

        async def ask(tell: Tell) -> Any:
            bench = await self.benches.of(scenario)
            return await bench.ask(call, tell, stamp=stamp, **arguments)

        return self.makings.make(path, ask)

    def _open(self, name: str) -> evac.Place:
        """Return a place as its files are now; they are read again only when they have changed."""
        known = self._opened.get(name)
        if known is None or stamp_of(list(known[1].input_files), {}) != known[0]:
            folder = self.workspace.scenario(name)
            before = stamp_of([folder / FILE_NAME], {})
            place = evac.open(folder, workspace=self.workspace.folder)
            known = stamp_of(list(place.input_files), {}), place
            if before == stamp_of([folder / FILE_NAME], {}):
                self._opened[name] = known
        return known[1]


def _require_no_other_on(place: evac.Place, key: str) -> None:
    plans = place.plans()
    others = plans.loc[plans["extends"] == key, "plan"].tolist()
    if others:
        what = f"other plans build on it: {', '.join(others)}"
        raise UserError(Problem(f"the plan '{key}'", what, "remove these first, or let them build on another"))


def _names_of(plans: Answer) -> dict[str, str]:
    """Return what people call plans, by their keys."""
    return {plan["plan"]: plan["name"] for plan in plans.content}


def _names_in(folder: Path) -> list[str]:
    return sorted(os.listdir(folder)) if folder.is_dir() else []  # noqa: PTH208 - there may be many


def _stamp_of_plans(place: evac.Place) -> str:
    files = [path for path in place.loaded.plans_folder.rglob("*") if path.is_file()]
    return stamp_of([place.loaded.path, *files], {})


def _stamp_of_plan(place: evac.Place, plan: Mapping[str, Any]) -> str:
    """Return what stands for the files of one plan: its own alone, where it is right and builds on no other."""
    if plan["problems"] or plan["extends"]:
        return _stamp_of_plans(place)
    return stamp_of([place.loaded.path, place.loaded.plans_folder / f"{plan['plan']}.yaml"], {})


def _stamp_of_run(run: KeptRun) -> str:
    return stamp_of([run.folder / "manifest.json"], {})


def _stamp(place: evac.Place) -> str:
    return stamp_of(list(place.input_files), {"code": fingerprint(), "picture": at_place.PICTURE_VERSION})


def _check_scenario(path: Path) -> None:
    evac.open(path)
