"""Answers about a place: its picture, its findings, its scenario's file, and its folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sse_starlette.sse import EventSourceResponse
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from evac.studio.answers.common import event, in_words, json_of, kept, seen_by, studio_of

_LOOK_S = 0.2
"""How often a stream looks for news (s)."""


async def _places(request: Request) -> Response:
    studio = studio_of(request)
    found = await asyncio.to_thread(studio.places.listed)
    return JSONResponse({"workspace": studio.workspace.folder.name, "places": found})


async def _prepare(request: Request) -> Response:
    """Stream how far the preparation of a place is; the last event says that its picture is there, or what is wrong."""
    studio = studio_of(request)
    making = await studio.places.make_picture(request.path_params["place"])

    async def events() -> AsyncIterator[dict[str, str]]:
        told = ""
        while True:
            await asyncio.wait({making.task}, timeout=_LOOK_S)
            if making.step != told:
                told = making.step
                yield event("step", {"text": told})
            if making.task.done():
                yield event(*_outcome(making.task, studio.workspace.folder))
                return

    return EventSourceResponse(events())


def _outcome(task: asyncio.Task[Any], workspace: Path) -> tuple[str, Any]:
    error = task.exception()
    if error is None:
        return "ready", {}
    return "failed", in_words(error, workspace)


async def _picture(request: Request) -> Response:
    return await kept(request, (await studio_of(request).places.make_picture(request.path_params["place"])).task)


async def _findings(request: Request) -> Response:
    return await kept(request, (await studio_of(request).places.make_findings(request.path_params["place"])).task)


async def _scenario(request: Request) -> Response:
    found, tag = await asyncio.to_thread(studio_of(request).places.scenario, request.path_params["place"])
    return JSONResponse(found, headers={"ETag": f'"{tag}"'})


async def _change_scenario(request: Request) -> Response:
    """Change a scenario's file that is as the one who changes it has seen it, as `_change_plan`."""
    studio, place = studio_of(request), request.path_params["place"]
    found, tag = await studio.places.change_scenario(place, seen_by(request), await json_of(request))
    studio.news.tell("scenario", {"place": place, "tag": f'"{tag}"'})
    return JSONResponse(found, headers={"ETag": f'"{tag}"'})


async def _ways(request: Request) -> Response:
    asked = await json_of(request)
    return JSONResponse(await studio_of(request).places.ways(request.path_params["place"], asked.get("ways")))


async def _folder(request: Request) -> Response:
    packed = await asyncio.to_thread(studio_of(request).places.packed, request.path_params["place"])
    return FileResponse(packed, media_type="application/zip", background=BackgroundTask(packed.unlink))


ROUTES = [
    Route("/api/places", _places),
    Route("/api/places/{place}/prepare", _prepare),
    Route("/api/places/{place}/picture", _picture),
    Route("/api/places/{place}/findings", _findings),
    Route("/api/places/{place}/scenario", _scenario),
    Route("/api/places/{place}/scenario", _change_scenario, methods=["PATCH"]),
    Route("/api/places/{place}/ways", _ways, methods=["POST"]),
    Route("/api/places/{place}/folder", _folder),
]
