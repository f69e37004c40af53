"""The server: the page's files, and under `/api/` what the page asks. All of it behind `guard`."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from evac.errors import EvacError, UserError, readable
from evac.studio import assets, words
from evac.studio.guard import MOST_JSON_BYTES, Guard, Refusal, limited
from evac.studio.journal import Journal
from evac.studio.news import News
from evac.studio.places import REPORT_PAGE, Places
from evac.studio.runner import Runner
from evac.studio.sessions import Sessions
from evac.studio.workspace import Workspace
from evac.studio.yaml_text import ChangedMeanwhileError

_APART = "sandbox allow-scripts allow-popups allow-downloads; frame-ancestors 'none'"
"""For a report, which brings a stricter policy of its own for all else: it can't reach the studio's key."""
_LOOK_S = 0.2
"""How often a stream looks for news (s)."""


@dataclass(frozen=True)
class Studio:
    """What the answers need.

    Parameters
    ----------
    workspace
        The workspace.
    sessions
        Who may ask.
    places
        The places, with what was made of them.
    runner, news
        What is being run, and who hears of it.
    """

    workspace: Workspace
    sessions: Sessions
    places: Places
    runner: Runner
    news: News


def build_app(workspace: Workspace, sessions: Sessions, hosts: Iterable[str]) -> Starlette:
    """Return the server's application.

    Parameters
    ----------
    workspace
        The workspace.
    sessions
        Who may ask.
    hosts
        What `Host` may say.
    """
    news, journal = News(), Journal(workspace.own / "studio.sqlite")
    studio = Studio(workspace, sessions, Places(workspace), Runner(workspace, journal, news), news)

    @contextlib.asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        studio.runner.begin()
        yield
        await studio.runner.end()
        await studio.places.end()
        journal.close()

    app = Starlette(
        routes=[
            Route("/", _page),
            Route("/api/session", _session, methods=["POST"]),
            Route("/api/words", _words),
            Route("/api/places", _places),
            Route("/api/places/{place}/prepare", _prepare),
            Route("/api/places/{place}/picture", _picture),
            Route("/api/places/{place}/findings", _findings),
            Route("/api/places/{place}/scenario", _scenario),
            Route("/api/places/{place}/scenario", _change_scenario, methods=["PATCH"]),
            Route("/api/places/{place}/ways", _ways, methods=["POST"]),
            Route("/api/places/{place}/plans", _plans),
            Route("/api/places/{place}/plans", _create_plan, methods=["POST"]),
            Route("/api/places/{place}/plans/{plan}", _plan),
            Route("/api/places/{place}/plans/{plan}", _change_plan, methods=["PATCH"]),
            Route("/api/places/{place}/plans/{plan}", _remove_plan, methods=["DELETE"]),
            Route("/api/places/{place}/plans/{plan}/name", _rename_plan, methods=["PUT"]),
            Route("/api/places/{place}/plans/{plan}/diff", _diff),
            Route("/api/places/{place}/runs", _runs),
            Route("/api/places/{place}/runs/{job}", _run),
            Route("/api/places/{place}/runs/{job}/queues", _queues),
            Route("/api/places/{place}/runs/{job}/bound", _bound),
            Route("/api/places/{place}/report", _report),
            Route("/api/places/{place}/report", _open_report, methods=["POST"]),
            Route("/api/places/{place}/folder", _folder),
            Route("/api/places/{place}/jobs", _run_plans, methods=["POST"]),
            Route("/api/find", _find, methods=["POST"]),
            Route("/api/new", _new_place, methods=["POST"]),
            Route("/api/uploads/{kind}/{name}", _upload, methods=["PUT"]),
            Route("/api/extracts", _extracts),
            Route("/api/extracts/{name}/picture", _extract),
            Route("/api/jobs", _jobs),
            Route("/api/jobs/{number:int}", _cancel, methods=["DELETE"]),
            Route("/api/jobs/{number:int}/frames", _frames),
            Route("/api/events", _events),
            Route("/report/{ticket}/{path:path}", _report_file),
            Mount("/page", StaticFiles(directory=assets.PAGE)),
            Mount("/vendor", StaticFiles(directory=assets.VENDOR)),
        ],
        exception_handlers={
            ChangedMeanwhileError: _told_changed,
            UserError: _told_problems,
            EvacError: _told_error,
            Refusal: _told_refusal,
        },
        middleware=[Middleware(Guard, sessions=sessions, hosts=hosts)],
        lifespan=life,
    )
    app.state.studio = studio
    return app


def _of(request: Request) -> Studio:
    studio: Studio = request.app.state.studio
    return studio


async def _page(_request: Request) -> Response:
    return FileResponse(assets.PAGE / "index.html")


async def _session(request: Request) -> Response:
    given = await _json(request)
    key = _of(request).sessions.key_for(str(given.get("token", "")))
    if key is None:
        raise Refusal(401, "this address has been used, or is of another start of the studio")
    return JSONResponse({"key": key})


async def _words(request: Request) -> Response:
    settings = await asyncio.to_thread(words.settings_of, _of(request).workspace.folder)
    return JSONResponse({"language": settings.language, "words": settings.words})


async def _places(request: Request) -> Response:
    studio = _of(request)
    found = await asyncio.to_thread(studio.places.listed)
    return JSONResponse({"workspace": studio.workspace.folder.name, "places": found})


async def _prepare(request: Request) -> Response:
    """Stream how far the preparation of a place is; the last event says that its picture is there, or what is wrong."""
    making = await _of(request).places.make_picture(request.path_params["place"])

    async def events() -> AsyncIterator[dict[str, str]]:
        told = ""
        while True:
            await asyncio.wait({making.task}, timeout=_LOOK_S)
            if making.step != told:
                told = making.step
                yield _event("step", {"text": told})
            if making.task.done():
                yield _event(*_outcome(making.task))
                return

    return EventSourceResponse(events())


def _event(kind: str, content: Any) -> dict[str, str]:
    return {"event": kind, "data": json.dumps(content)}


def _outcome(task: asyncio.Task[Any]) -> tuple[str, Any]:
    error = task.exception()
    if error is None:
        return "ready", {}
    return "failed", in_words(error)


def in_words(error: BaseException) -> dict[str, Any]:
    """Return an error as the page shows it: the problems with their places, or a sentence."""
    if isinstance(error, UserError):
        return {"problems": [_problem(item) for item in error.problems]}
    return {"error": readable(error) if isinstance(error, EvacError) else f"{type(error).__name__}: {readable(error)}"}


def _problem(problem: Any) -> dict[str, str]:
    return {name: readable(getattr(problem, name)) for name in ("where", "what", "remedy")}


async def _picture(request: Request) -> Response:
    return await _kept(request, (await _of(request).places.make_picture(request.path_params["place"])).task)


async def _findings(request: Request) -> Response:
    return await _kept(request, (await _of(request).places.make_findings(request.path_params["place"])).task)


async def _diff(request: Request) -> Response:
    place, plan = request.path_params["place"], request.path_params["plan"]
    return await _kept(request, (await _of(request).places.make_diff(place, plan)).task)


async def _kept(request: Request, task: asyncio.Task[Any]) -> Response:
    """Answer with a file that is kept compressed; a browser that has it already is told so."""
    path = await asyncio.shield(task)
    tag = f'"{path.name}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type="application/json", headers={**headers, "Content-Encoding": "gzip"})


async def _scenario(request: Request) -> Response:
    found, tag = await asyncio.to_thread(_of(request).places.scenario, request.path_params["place"])
    return JSONResponse(found, headers={"ETag": f'"{tag}"'})


async def _change_scenario(request: Request) -> Response:
    """Change a scenario's file that is as the one who changes it has seen it, as `_change_plan`."""
    studio, place = _of(request), request.path_params["place"]
    found, tag = await studio.places.change_scenario(place, _seen(request), await _json(request))
    studio.news.tell("scenario", {"place": place, "tag": f'"{tag}"'})
    return JSONResponse(found, headers={"ETag": f'"{tag}"'})


async def _ways(request: Request) -> Response:
    asked = await _json(request)
    return JSONResponse(await _of(request).places.ways(request.path_params["place"], asked.get("ways")))


async def _plans(request: Request) -> Response:
    return JSONResponse(await asyncio.to_thread(_of(request).places.plans, request.path_params["place"]))


async def _plan(request: Request) -> Response:
    place, plan = request.path_params["place"], request.path_params["plan"]
    found, tag = await asyncio.to_thread(_of(request).places.plan, place, plan)
    return JSONResponse(found, headers={"ETag": f'"{tag}"'})


async def _create_plan(request: Request) -> Response:
    studio, place = _of(request), request.path_params["place"]
    key = await asyncio.to_thread(studio.places.create_plan, place, await _json(request))
    studio.news.tell("plan", {"place": place, "plan": key, "tag": None})
    return JSONResponse({"plan": key}, status_code=201)


async def _change_plan(request: Request) -> Response:
    """Change a plan that is as the one who changes it has seen it; `If-Match` names what that was."""
    studio, place, plan = _of(request), request.path_params["place"], request.path_params["plan"]
    edit = await _json(request)
    found, tag = await asyncio.to_thread(studio.places.change_plan, place, plan, _seen(request), edit)
    studio.news.tell("plan", {"place": place, "plan": plan, "tag": f'"{tag}"'})
    return JSONResponse(found, headers={"ETag": f'"{tag}"'})


async def _remove_plan(request: Request) -> Response:
    studio, place, plan = _of(request), request.path_params["place"], request.path_params["plan"]
    await asyncio.to_thread(studio.places.remove_plan, place, plan, _seen(request))
    studio.news.tell("plan", {"place": place, "plan": plan, "tag": None})
    return Response(status_code=204)


async def _rename_plan(request: Request) -> Response:
    studio, place, plan = _of(request), request.path_params["place"], request.path_params["plan"]
    title = str((await _json(request)).get("name", ""))
    key = await asyncio.to_thread(studio.places.rename_plan, place, plan, _seen(request), title)
    studio.news.tell("plan", {"place": place, "plan": key, "tag": None})
    return JSONResponse({"plan": key})


async def _find(request: Request) -> Response:
    return JSONResponse(await _of(request).places.find(str((await _json(request)).get("name", ""))))


def _seen(request: Request) -> str:
    """Return the tag of what a change was made on."""
    seen = request.headers.get("if-match", "").strip('"')
    if not seen:
        raise Refusal(428, "a change must name what it was made on (If-Match)")
    return seen


async def _runs(request: Request) -> Response:
    return JSONResponse(await asyncio.to_thread(_of(request).places.runs, request.path_params["place"]))


async def _run(request: Request) -> Response:
    place, job = request.path_params["place"], request.path_params["job"]
    return JSONResponse(await asyncio.to_thread(_of(request).places.run, place, job))


async def _queues(request: Request) -> Response:
    place, job = request.path_params["place"], request.path_params["job"]
    return JSONResponse(await asyncio.to_thread(_of(request).places.queues, place, job))


async def _bound(request: Request) -> Response:
    place, job = request.path_params["place"], request.path_params["job"]
    return await _kept(request, (await _of(request).places.make_bound(place, job)).task)


async def _report(request: Request) -> Response:
    return JSONResponse(await asyncio.to_thread(_of(request).places.report, request.path_params["place"]))


async def _open_report(request: Request) -> Response:
    """Give an address at which the browser reads a report: it can't send a key when it opens a page."""
    studio, place = _of(request), request.path_params["place"]
    if not await asyncio.to_thread(studio.places.report, place):
        raise Refusal(404, "there is no report yet")
    return JSONResponse({"url": f"/report/{studio.sessions.ticket_for(place)}/{REPORT_PAGE}"})


async def _report_file(request: Request) -> Response:
    """Answer with a file of a report, to whoever has its address; the page runs apart from the studio's own."""
    studio, place = _of(request), _of(request).sessions.place_of(request.path_params["ticket"])
    if place is None:
        raise Refusal(404, "open the report from the studio")
    folder = (await asyncio.to_thread(studio.places.report_folder, place)).resolve()
    path = (folder / request.path_params["path"]).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise Refusal(404, "the report has no such file")
    return FileResponse(path, headers={"Content-Security-Policy": _APART, "Cache-Control": "no-store"})


async def _folder(request: Request) -> Response:
    packed = await asyncio.to_thread(_of(request).places.packed, request.path_params["place"])
    return Response(packed, media_type="application/zip")


async def _run_plans(request: Request) -> Response:
    studio, place = _of(request), request.path_params["place"]
    asked = await asyncio.to_thread(studio.places.checked, place, await _json(request))
    return JSONResponse(studio.runner.ask(place, asked), status_code=202)


async def _new_place(request: Request) -> Response:
    studio = _of(request)
    name, asked = await asyncio.to_thread(studio.places.checked_new, await _json(request))
    return JSONResponse(studio.runner.ask(name, asked), status_code=202)


async def _upload(request: Request) -> Response:
    kind, name = request.path_params["kind"], request.path_params["name"]
    return JSONResponse({"name": await _of(request).places.uploads.take(kind, name, request.stream())}, status_code=201)


async def _extracts(request: Request) -> Response:
    return JSONResponse(await asyncio.to_thread(_of(request).places.uploads.names, "extract"))


async def _extract(request: Request) -> Response:
    return await _kept(request, (await _of(request).places.make_extract(request.path_params["name"])).task)


async def _jobs(request: Request) -> Response:
    return JSONResponse(_of(request).runner.listed())


async def _cancel(request: Request) -> Response:
    try:
        _of(request).runner.cancel(request.path_params["number"])
    except KeyError as error:
        raise Refusal(404, "there is no such run") from error
    return Response(status_code=204)


async def _frames(request: Request) -> Response:
    """Stream where the cars of a running job are."""
    try:
        heard = _of(request).runner.frames(request.path_params["number"])
    except KeyError as error:
        raise Refusal(404, "there is no such run, or it has ended") from error

    async def events() -> AsyncIterator[dict[str, str]]:
        async for frame in heard:
            yield {"event": "frame", "data": frame}

    return EventSourceResponse(events())


async def _events(request: Request) -> Response:
    """Stream what happens: first all jobs as they are, then each change."""
    studio = _of(request)

    async def events() -> AsyncIterator[dict[str, str]]:
        news = studio.news.hear()
        yield _event("jobs", studio.runner.listed())
        async for kind, content in news:
            yield _event(kind, content)

    return EventSourceResponse(events())


async def _json(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Refusal(415, "expected JSON")
    body = b"".join([part async for part in limited(request.stream(), MOST_JSON_BYTES)])
    try:
        content = json.loads(body)
    except ValueError as error:
        raise Refusal(400, "expected JSON") from error
    if not isinstance(content, dict):
        raise Refusal(400, "expected a JSON object")
    return content


async def _told_problems(_request: Request, error: Exception) -> Response:
    return JSONResponse(in_words(error), status_code=422)


async def _told_changed(_request: Request, error: Exception) -> Response:
    return JSONResponse(in_words(error), status_code=412)


async def _told_error(_request: Request, error: Exception) -> Response:
    return JSONResponse(in_words(error), status_code=500)


async def _told_refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - it is registered for nothing else
    return JSONResponse({"error": error.why}, status_code=error.status)
