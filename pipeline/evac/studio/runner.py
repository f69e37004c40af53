"""Runs the jobs of the journal, each in a process of its own, a few side by side, and tells how far they are."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from evac.errors import EvacError, Problem, UserError, readable
from evac.studio.frames import Newest
from evac.studio.job_child import CANCELLED_CODE
from evac.studio.journal import Job, Journal
from evac.studio.news import News
from evac.studio.workspace import Workspace

_CHILD = [sys.executable, "-m", "evac.studio.job_child"]
_SIDE_BY_SIDE = 2
_GRACE_S = 5.0
"""How long a job that is called off may take to end by itself (s): it looks at each step and each simulated minute."""
_LONGEST_LINE = 1 << 24
_MINUTE = ("time_s", "out", "driving", "waiting")


@dataclass
class Live:
    """How far a job is that was begun: the last that it told, and each run's minutes so far.

    Parameters
    ----------
    off
        Set when it is called off.
    progress
        The last that it told (`evac.Progress`).
    minutes
        By run: simulated time, vehicles out, driving and waiting, minute by minute.
    """

    off: asyncio.Event = field(default_factory=asyncio.Event)
    progress: dict[str, Any] = field(default_factory=dict)
    minutes: dict[str, list[list[float]]] = field(default_factory=dict)
    planned: dict[str, int] = field(default_factory=dict)

    def hear(self, progress: dict[str, Any]) -> None:
        """Take note of how far it is."""
        self.progress = progress
        run = progress["run"]
        if run and progress["planned"]:
            self.planned[run] = progress["planned"]
        if run and progress["time_s"]:
            self.minutes.setdefault(run, []).append([progress[name] for name in _MINUTE])


@dataclass
class Runner:
    """Runs jobs.

    Parameters
    ----------
    workspace
        Where their places are.
    journal
        Where they are written down.
    news
        Who hears how far they are.
    """

    workspace: Workspace
    journal: Journal
    news: News
    _live: dict[int, Live] = field(default_factory=dict)
    _tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _frames: dict[int, Newest] = field(default_factory=dict)
    _unwritten: set[int] = field(default_factory=set)

    def begin(self) -> None:
        """Take up what an earlier server has left."""
        self.journal.take_up_again()
        self._fill()

    async def end(self) -> None:
        """End all processes; what was running is taken up at the next start."""
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def ask(self, place: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Write a job down, and begin with it as soon as there is room; one that waits or runs isn't begun twice.

        Raises
        ------
        UserError
            A new place would have the name of one that is being made.
        """
        going = [job for job in self.journal.unfinished(place) if not self._is_called_off(job)]
        for job in going:
            if job.asked == asked:
                return self.shown(job)
        if asked.get("kind") == "new" and going:
            what = f"a place '{place}' is being made, from another area or map"
            raise UserError(Problem("the place's name", what, "give it another name"))
        job = self.journal.add(place, asked)
        self.news.tell("job", self.shown(job))
        self._fill()
        return self.shown(job)

    def cancel(self, number: int) -> None:
        """Call a job off; nothing happens when it has ended already.

        Raises
        ------
        KeyError
            There is no such job.
        """
        job = self.journal.of(number)
        if (live := self._live.get(number)) is not None:
            live.off.set()
            self.news.tell("job", self.shown(job))
        elif job.state == "waiting":
            self.news.tell("job", self.shown(self.journal.put(number, "cancelled")))

    def frames(self, number: int) -> AsyncIterator[str]:
        """Return where the cars of a running job are, as JSON, as long as it runs.

        Raises
        ------
        KeyError
            It doesn't run.
        """
        return self._frames[number].heard()

    def listed(self) -> list[dict[str, Any]]:
        """Return the last jobs, the last first."""
        return [self.shown(job) for job in self.journal.last()]

    def _is_called_off(self, job: Job) -> bool:
        live = self._live.get(job.id)
        return live is not None and live.off.is_set()

    def shown(self, job: Job) -> dict[str, Any]:
        """Return a job as the page shows it."""
        live = self._live.get(job.id)
        if live is None or job.state != "running":
            return asdict(job)
        how_far = {"progress": live.progress, "minutes": live.minutes, "planned": live.planned}
        return {**asdict(job), **how_far, "ending": live.off.is_set()}

    def _fill(self) -> None:
        """Begin with the jobs that wait, as far as there is room."""
        for job in self.journal.waiting():
            if len(self._tasks) < _SIDE_BY_SIDE and job.id not in self._tasks and job.id not in self._unwritten:
                self._live[job.id], self._frames[job.id] = Live(), Newest()
                self._tasks[job.id] = asyncio.create_task(self._perform(job))

    async def _perform(self, job: Job) -> None:
        try:
            job = self.journal.put(job.id, "running")
            self.news.tell("job", self.shown(job))
            ended = await self._run(job, self._live[job.id])
        except asyncio.CancelledError:
            raise  # the server ends: the job stays `running` in the journal, and is taken up again
        except (EvacError, OSError, ValueError, sqlite3.Error) as error:
            ended = self._failed(job, readable(error))
        finally:
            self._live.pop(job.id, None)
            self._frames.pop(job.id).end()
            self._tasks.pop(job.id, None)
        self.news.tell("job", self.shown(ended))
        if ended.told and ended.told.get("plan"):
            self.news.tell("plan", {"place": job.place, "plan": ended.told["plan"], "tag": None})
        self._fill()

    def _failed(self, job: Job, why: str) -> Job:
        """Return a job that has failed; where that can't be written down, the next start takes it up again."""
        try:
            return self.journal.put(job.id, "failed", {"error": why})
        except sqlite3.Error:
            self._unwritten.add(job.id)
            return replace(job, state="failed", told={"error": why})

    async def _run(self, job: Job, live: Live) -> Job:
        scenario = self.workspace.folder / "scenarios" / job.place  # of a place that is known, or will be made
        process = await _started(scenario, self.workspace.folder)
        watcher = asyncio.create_task(_call_off(live.off, process))
        try:
            told = await self._hear(job, process, live)
            code = await process.wait()
        finally:
            watcher.cancel()
            await _end(process)
        if live.off.is_set() or code == CANCELLED_CODE:
            return self.journal.put(job.id, "cancelled")
        if told is None:
            words = f"the process has ended before its work was done ({_why(code)}); start it again"
            return self.journal.put(job.id, "failed", {"error": words})
        return self.journal.put(job.id, "done" if "runs" in told else "failed", told)

    async def _hear(self, job: Job, process: asyncio.subprocess.Process, live: Live) -> dict[str, Any] | None:
        """Ask for the work, hand on how far it is, and return how it ended; None when it never said."""
        told = None
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
        process.stdin.write(json.dumps(job.asked).encode() + b"\n")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            await process.stdin.drain()
        while line := await process.stdout.readline():
            heard = json.loads(line)
            told = heard.get("told", told)
            if "frame" in heard:
                self._frames[job.id].put(json.dumps(heard["frame"], separators=(",", ":")))
            if "progress" in heard:
                live.hear(heard["progress"])
                self.news.tell("progress", {"id": job.id, "progress": heard["progress"]})
        return told


async def _call_off(off: asyncio.Event, process: asyncio.subprocess.Process) -> None:
    """Wait until a job is called off; then ask its process to end, and end it."""
    await off.wait()
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    process.stdin.close()
    await asyncio.sleep(_GRACE_S)
    with contextlib.suppress(ProcessLookupError):
        process.kill()


async def _started(scenario: Path, workspace: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *_CHILD,
        str(scenario),
        str(workspace),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _why(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"
