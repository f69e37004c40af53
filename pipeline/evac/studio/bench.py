"""A process of a place's own, which has the place prepared and answers questions about it.

The server asks in lines of JSON and hears lines of JSON (`bench_child` is the other end). The child ends when its input
does, so none outlives the server; one that has died is started again at the next question.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evac.errors import EvacError, Problem, UserError

Tell = Callable[[str], None]
_CHILD = [sys.executable, "-m", "evac.studio.bench_child"]
_LONGEST_LINE = 1 << 28
"""Bytes of the longest answer: the picture of a country is some tens of megabytes."""
_MOST_PLACES = 2
"""Places that are kept prepared side by side; each takes some hundreds of megabytes."""


@dataclass
class Bench:
    """The process of a place.

    Parameters
    ----------
    scenario
        The place's folder.
    workspace
        Where the cache is.
    """

    scenario: Path
    workspace: Path
    _process: asyncio.subprocess.Process | None = None
    _is_over: bool = False
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def ask(self, call: str, tell: Tell, /, **arguments: Any) -> Any:
        """Ask a question, and return the answer.

        Parameters
        ----------
        call
            What is asked: a function of `bench_child`.
        tell
            Takes a line of progress now and then.
        **arguments
            The function's.

        Raises
        ------
        UserError
            An input is wrong.
        EvacError
            It can't be answered.
        """
        async with self._turn:
            if self._is_over:
                raise _ended()
            process = await self._running()
            question = {"number": next(self._numbers), "call": call, "arguments": arguments}
            assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
            try:
                process.stdin.write(json.dumps(question).encode() + b"\n")
                await process.stdin.drain()
                while line := await process.stdout.readline():
                    heard = json.loads(line)
                    if heard["number"] != question["number"]:
                        continue  # of a question that nobody waits for any more
                    if "step" in heard:
                        tell(heard["step"])
                        continue
                    return _result(heard)
            except (BrokenPipeError, ConnectionResetError):
                pass
            await self._end()
            raise _ended()

    @property
    def is_asked(self) -> bool:
        """Whether somebody waits for an answer."""
        return self._turn.locked()

    async def end(self) -> None:
        """End the process for good; whoever waits for an answer is told."""
        self._is_over = True
        await self._end()

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *_CHILD,
                str(self.scenario),
                str(self.workspace),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LONGEST_LINE,
            )
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def tell_nobody(_step: str) -> None:
    """Take no note of what is being done: the answer comes soon."""


def _ended() -> EvacError:
    return EvacError("the process that prepares the place has ended; try again")


def _result(heard: Mapping[str, Any]) -> Any:
    if "problems" in heard:
        raise UserError([Problem(**item) for item in heard["problems"]])
    if "error" in heard:
        raise EvacError(heard["error"])
    return heard["result"]


@dataclass
class Benches:
    """The processes of the places that were asked about last.

    Parameters
    ----------
    workspace
        Where the cache is.
    """

    workspace: Path
    _known: dict[Path, Bench] = field(default_factory=dict)
    _is_over: bool = False

    async def of(self, scenario: Path) -> Bench:
        """Return the process of a place; that of the place which nobody asked about for longest ends for it.

        Raises
        ------
        EvacError
            All have been ended.
        """
        if self._is_over:
            raise _ended()
        bench = self._known.pop(scenario, None) or Bench(scenario, self.workspace)
        idle = [path for path, other in self._known.items() if not other.is_asked]
        for path in idle[: len(self._known) + 1 - _MOST_PLACES]:
            await self._known.pop(path).end()
        self._known[scenario] = bench
        return bench

    async def end(self) -> None:
        """End all of them for good."""
        self._is_over = True
        while self._known:
            await self._known.popitem()[1].end()
