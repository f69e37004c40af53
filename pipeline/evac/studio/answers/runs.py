"""Answers about runs: finished ones, those that are asked for, and what happens meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from sse_starlette.sse import EventSourceResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from evac.studio.answers.common import event, given, json_of, kept, studio_of
from evac.studio.guard import Refusal


async def _runs(request: Request) -> Response:
    return given(request, await asyncio.to_thread(studio_of(request).places.runs, request.path_params["place"]))


async def _run(request: Request) -> Response:
    place, job = request.path_params["place"], request.path_params["job"]
    return given(request, await asyncio.to_thread(studio_of(request).places.run, place, job))


async def _queues(request: Request) -> Response:
    place, job = request.path_params["place"], request.path_params["job"]
    return given(request, await asyncio.to_thread(studio_of(request).places.queues, place, job))


async def _bound(request: Request) -> Response:
    place, job = request.path_params["place"], request.path_params["job"]
    return await kept(request, (await studio_of(request).places.make_bound(place, job)).task)


async def _run_plans(request: Request) -> Response:
    studio, place = studio_of(request), request.path_params["place"]
    asked = await asyncio.to_thread(studio.places.checked, place, await json_of(request))
    return JSONResponse(studio.runner.ask(place, asked), status_code=202)


async def _search(request: Request) -> Response:
    studio, place = studio_of(request), request.path_params["place"]
    asked = await asyncio.to_thread(studio.places.checked_search, place, await json_of(request))
    return JSONResponse(studio.runner.ask(place, asked), status_code=202)


async def _jobs(request: Request) -> Response:
    return JSONResponse(studio_of(request).runner.listed())


async def _cancel(request: Request) -> Response:
    try:
        studio_of(request).runner.cancel(request.path_params["number"])
    except KeyError as error:
        raise Refusal(404, "there is no such run") from error
    return Response(status_code=204)


async def _frames(request: Request) -> Response:
    """Stream where the cars of a running job are."""
    try:
        heard = studio_of(request).runner.frames(request.path_params["number"])
    except KeyError as error:
        raise Refusal(404, "there is no such run, or it has ended") from error

    async def events() -> AsyncIterator[dict[str, str]]:
        async for frame in heard:
            yield {"event": "frame", "data": frame}

    return EventSourceResponse(events())


async def _events(request: Request) -> Response:
    """Stream what happens: first all jobs as they are, then each change."""
    studio = studio_of(request)

    async def events() -> AsyncIterator[dict[str, str]]:
        news = studio.news.hear()
        yield event("jobs", studio.runner.listed())
        async for kind, text in news:
            yield {"event": kind, "data": text}

    return EventSourceResponse(events())


ROUTES = [
    Route("/api/places/{place}/runs", _runs),
    Route("/api/places/{place}/runs/{job}", _run),
    Route("/api/places/{place}/runs/{job}/queues", _queues),
    Route("/api/places/{place}/runs/{job}/bound", _bound),
    Route("/api/places/{place}/jobs", _run_plans, methods=["POST"]),
    Route("/api/places/{place}/search", _search, methods=["POST"]),
    Route("/api/jobs", _jobs),
    Route("/api/jobs/{number:int}", _cancel, methods=["DELETE"]),
    Route("/api/jobs/{number:int}/frames", _frames),
    Route("/api/events", _events),
]
