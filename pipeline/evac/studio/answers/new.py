"""Answers for a place that isn't there yet: extracts, what is sent, an area by its name, and making it."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from evac.studio.answers.common import json_of, kept, studio_of


async def _find(request: Request) -> Response:
    return JSONResponse(await studio_of(request).places.find(str((await json_of(request)).get("name", ""))))


async def _new_place(request: Request) -> Response:
    studio = studio_of(request)
    name, asked = await asyncio.to_thread(studio.places.checked_new, await json_of(request))
    return JSONResponse(studio.runner.ask(name, asked), status_code=202)


async def _upload(request: Request) -> Response:
    kind, name = request.path_params["kind"], request.path_params["name"]
    return JSONResponse(
        {"name": await studio_of(request).places.uploads.take(kind, name, request.stream())}, status_code=201
    )


async def _extracts(request: Request) -> Response:
    return JSONResponse(await asyncio.to_thread(studio_of(request).places.uploads.names, "extract"))


async def _extract(request: Request) -> Response:
    return await kept(request, (await studio_of(request).places.make_extract(request.path_params["name"])).task)


ROUTES = [
    Route("/api/find", _find, methods=["POST"]),
    Route("/api/new", _new_place, methods=["POST"]),
    Route("/api/uploads/{kind}/{name}", _upload, methods=["PUT"]),
    Route("/api/extracts", _extracts),
    Route("/api/extracts/{name}/picture", _extract),
]
