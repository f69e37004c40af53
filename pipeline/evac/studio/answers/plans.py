"""Answers about the plans of a place: what they are and change, and changes of them."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from evac.studio.answers.common import given, json_of, kept, seen_by, studio_of


async def _plans(request: Request) -> Response:
    return given(request, await asyncio.to_thread(studio_of(request).places.plans, request.path_params["place"]))


async def _plan(request: Request) -> Response:
    place, plan = request.path_params["place"], request.path_params["plan"]
    found, tag = await asyncio.to_thread(studio_of(request).places.plan, place, plan)
    return JSONResponse(found, headers={"ETag": f'"{tag}"'})


async def _create_plan(request: Request) -> Response:
    studio, place = studio_of(request), request.path_params["place"]
    key = await asyncio.to_thread(studio.places.create_plan, place, await json_of(request))
    studio.news.tell("plan", {"place": place, "plan": key, "tag": None})
    return JSONResponse({"plan": key}, status_code=201)


async def _change_plan(request: Request) -> Response:
    """Change a plan that is as the one who changes it has seen it; `If-Match` names what that was."""
    studio, place, plan = studio_of(request), request.path_params["place"], request.path_params["plan"]
    edit = await json_of(request)
    found, tag = await asyncio.to_thread(studio.places.change_plan, place, plan, seen_by(request), edit)
    studio.news.tell("plan", {"place": place, "plan": plan, "tag": f'"{tag}"'})
    return JSONResponse(found, headers={"ETag": f'"{tag}"'})


async def _remove_plan(request: Request) -> Response:
    studio, place, plan = studio_of(request), request.path_params["place"], request.path_params["plan"]
    await asyncio.to_thread(studio.places.remove_plan, place, plan, seen_by(request))
    studio.news.tell("plan", {"place": place, "plan": plan, "tag": None})
    return Response(status_code=204)


async def _rename_plan(request: Request) -> Response:
    studio, place, plan = studio_of(request), request.path_params["place"], request.path_params["plan"]
    title = str((await json_of(request)).get("name", ""))
    key = await asyncio.to_thread(studio.places.rename_plan, place, plan, seen_by(request), title)
    studio.news.tell("plan", {"place": place, "plan": key, "tag": None})
    return JSONResponse({"plan": key})


async def _diff(request: Request) -> Response:
    place, plan = request.path_params["place"], request.path_params["plan"]
    return await kept(request, (await studio_of(request).places.make_diff(place, plan)).task)


ROUTES = [
    Route("/api/places/{place}/plans", _plans),
    Route("/api/places/{place}/plans", _create_plan, methods=["POST"]),
    Route("/api/places/{place}/plans/{plan}", _plan),
    Route("/api/places/{place}/plans/{plan}", _change_plan, methods=["PATCH"]),
    Route("/api/places/{place}/plans/{plan}", _remove_plan, methods=["DELETE"]),
    Route("/api/places/{place}/plans/{plan}/name", _rename_plan, methods=["PUT"]),
    Route("/api/places/{place}/plans/{plan}/diff", _diff),
]
