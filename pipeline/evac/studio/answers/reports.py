"""Answers about the report of a place, and its pages, which run apart from the studio's own."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from evac.searching import PAGE as SEARCH_PAGE
from evac.studio.answers.common import json_of, studio_of
from evac.studio.guard import Refusal
from evac.studio.places import REPORT_PAGE

_APART = "sandbox allow-scripts allow-popups allow-downloads; frame-ancestors 'none'"
"""For a report, which brings a stricter policy of its own for all else: it can't reach the studio's key."""
_PAGES = {"report": REPORT_PAGE, "search": f"search/{SEARCH_PAGE}"}


async def _report(request: Request) -> Response:
    return JSONResponse(await asyncio.to_thread(studio_of(request).places.report, request.path_params["place"]))


async def _open_report(request: Request) -> Response:
    """Give an address at which the browser reads a report: it can't send a key when it opens a page."""
    studio, place = studio_of(request), request.path_params["place"]
    page = _PAGES.get(str((await json_of(request)).get("page", "report")), REPORT_PAGE)
    folder = await asyncio.to_thread(studio.places.report_folder, place)
    if not (folder / page).is_file():
        raise Refusal(404, "there is no report yet")
    return JSONResponse({"url": f"/report/{studio.sessions.ticket_for(place)}/{page}"})


async def _report_file(request: Request) -> Response:
    """Answer with a file of a report, to whoever has its address; the page runs apart from the studio's own."""
    studio, place = studio_of(request), studio_of(request).sessions.place_of(request.path_params["ticket"])
    if place is None:
        raise Refusal(404, "open the report from the studio")
    folder = (await asyncio.to_thread(studio.places.report_folder, place)).resolve()
    path = (folder / request.path_params["path"]).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise Refusal(404, "the report has no such file")
    return FileResponse(path, headers={"Content-Security-Policy": _APART, "Cache-Control": "no-store"})


ROUTES = [
    Route("/api/places/{place}/report", _report),
    Route("/api/places/{place}/report", _open_report, methods=["POST"]),
    Route("/report/{ticket}/{path:path}", _report_file),
]
