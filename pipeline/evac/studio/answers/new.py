"""Answers for a place that isn't there yet: extracts, what is sent, an area by its name, and making it."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from evac.studio.answers.common import json_of, kept, studio_of


async def _find(request: Request) -> Response:
    return JSONResponse(await studio_of(request).new.find(str((await json_of(request)).get("name", ""))))


async def _new_place(request: Request) -> Response:
    studio = studio_of(request)
    name, asked = await asyncio.to_thread(studio.new.checked, await json_of(request))
    return JSONResponse(studio.runner.ask(name, asked), status_code=202)


async def _area(request: Request) -> Response:
    return JSONResponse(await studio_of(request).new.area((await json_of(request)).get("area")))


async def _upload(request: Request) -> Response:
    kind, name = request.path_params["kind"], request.path_params["name"]
    taken = await studio_of(request).new.uploads.take(kind, name, request.stream())
    return JSONResponse({"name": taken}, status_code=201)


async def _extracts(request: Request) -> Response:
    return JSONResponse(await asyncio.to_thread(studio_of(request).new.uploads.names, "extract"))


async def _extract(request: Request) -> Response:
    return await kept(request, (await studio_of(request).new.extract(request.path_params["name"])).task)


ROUTES = [
    Route("/api/find", _find, methods=["POST"]),
    Route("/api/new", _new_place, methods=["POST"]),
    Route("/api/areas", _area, methods=["POST"]),
    Route("/api/uploads/{kind}/{name}", _upload, methods=["PUT"]),
    Route("/api/extracts", _extracts),
    Route("/api/extracts/{name}/picture", _extract),
]
