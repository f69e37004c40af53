"""What all answers use: the studio that they are of, what a question brings, and files that are kept."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from evac.errors import EvacError, UserError
from evac.studio.guard import MOST_JSON_BYTES, Refusal, limited
from evac.studio.journal import Journal
from evac.studio.new_places import NewPlaces
from evac.studio.news import News
from evac.studio.places import Places
from evac.studio.remembered import Answer
from evac.studio.runner import Runner
from evac.studio.sessions import Sessions
from evac.studio.told import line_of, problem_of
from evac.studio.workspace import Workspace


@dataclass(frozen=True)
class Studio:
    """What the answers need.

    Parameters
    ----------
    workspace
        The workspace.
    sessions
        Who may ask.
    places, new
        The places, with what was made of them, and those that aren't there yet.
    journal, runner, news
        What is to be run, what runs it, and who hears of it.
    """

    workspace: Workspace
    sessions: Sessions
    places: Places
    new: NewPlaces
    journal: Journal
    runner: Runner
    news: News

    async def end(self) -> None:
        """End all processes, so that whoever waits for one is told; what was running goes on at the next start."""
        await self.places.end()
        await self.runner.end()


def studio_of(request: Request) -> Studio:
    """Return the studio that a question is put to."""
    studio: Studio = request.app.state.studio
    return studio


def in_words(error: BaseException, workspace: Path) -> dict[str, Any]:
    """Return an error as the page shows it: the problems with their places, or a sentence."""
    if isinstance(error, UserError):
        return {"problems": [problem_of(item, workspace) for item in error.problems]}
    line = line_of(error, workspace)
    return {"error": line if isinstance(error, EvacError) else f"{type(error).__name__}: {line}"}


_TEXTS = frozenset(
    [
        "name",
        "extends",
        "page",
        "vehicles",
        "departure",
        "fidelity",
        "extract",
        "count",
        "token",
        "do",
        "exit",
        "text",
        "note",
        "because",
        "direction",
        "cars",
    ]
)
"""Keys of questions whose values are texts; what else is asked is looked at where it is used."""
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""Half of a character outside of Unicode's first plane, as JSON may write it: browsers do so only where it is alone."""
_DEEPEST = 40
"""Objects and lists within each other: a plan's action or an area needs a dozen."""


async def json_of(request: Request) -> dict[str, Any]:
    """Return the JSON object that a question brings; what the page never sends is refused."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Refusal(415, "expected JSON")
    body = b"".join([part async for part in limited(request.stream(), MOST_JSON_BYTES)])
    try:
        content = json.loads(body.decode(), parse_constant=_no_number, parse_float=_finite)
        if _HALF.search(body):
            json.dumps(content, ensure_ascii=False).encode()  # refuses a half that is alone
    except (ValueError, RecursionError) as error:  # none at all, or brackets within brackets without end
        raise Refusal(400, "expected JSON") from error
    if not isinstance(content, dict):
        raise Refusal(400, "expected a JSON object")
    if not _is_flatter_than(_DEEPEST, content):
        raise Refusal(400, "expected JSON that is nested less deeply")
    for key in _TEXTS & content.keys():
        if not isinstance(content[key], str | None):
            raise Refusal(400, f"expected a text as '{key}'")
    return content


def _no_number(name: str) -> None:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):  # 1e999
        raise ValueError(text)
    return number


def _is_flatter_than(deepest: int, value: dict[str, Any] | list[Any]) -> bool:
    items = value.values() if isinstance(value, dict) else value
    inner = (item for item in items if isinstance(item, dict | list))
    return deepest > 0 and all(_is_flatter_than(deepest - 1, item) for item in inner)


def seen_by(request: Request) -> str:
    """Return the tag of what a change was made on."""
    seen = request.headers.get("if-match", "").strip('"')
    if not seen:
        raise Refusal(428, "a change must name what it was made on (If-Match)")
    return seen


def given(request: Request, answer: Answer) -> Response:
    """Give an answer; a browser that has it already is told so."""
    headers = _with_tag(answer.tag)
    if _has(request, headers):
        return Response(status_code=304, headers=headers)
    return Response(answer.body, media_type="application/json", headers=headers)


async def kept(request: Request, task: asyncio.Task[Any]) -> Response:
    """Answer with a file that is kept compressed; a browser that has it already is told so."""
    path = await asyncio.shield(task)
    headers = _with_tag(f'"{path.name}"')
    if _has(request, headers):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type="application/json", headers={**headers, "Content-Encoding": "gzip"})


def _with_tag(tag: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": "private, no-cache"}


def _has(request: Request, headers: Mapping[str, str]) -> bool:
    return request.headers.get("if-none-match") == headers["ETag"]


def event(kind: str, content: Any) -> dict[str, str]:
    """Return an event of a stream, as the page hears it."""
    return {"event": kind, "data": json.dumps(content)}
