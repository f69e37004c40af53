"""The server: the page's files, and under `/api/` what the page asks (`answers`). All of it behind `guard`."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from evac.errors import EvacError, UserError
from evac.studio import assets, words
from evac.studio.answers import new, places, plans, reports, runs
from evac.studio.answers.common import Studio, in_words, json_of, studio_of
from evac.studio.guard import Guard, Refusal
from evac.studio.journal import Journal
from evac.studio.new_places import NewPlaces
from evac.studio.news import News
from evac.studio.places import Places
from evac.studio.runner import Runner
from evac.studio.sentences import sentences
from evac.studio.sessions import Sessions
from evac.studio.told import disk_words
from evac.studio.uploads import Uploads
from evac.studio.watched import Watched
from evac.studio.workspace import Workspace
from evac.studio.yaml_text import ChangedMeanwhileError


def build_app(workspace: Workspace, sessions: Sessions, hosts: Iterable[str]) -> Starlette:
    """Return the server's application; `app.state.studio` is what it answers for.

    Parameters
    ----------
    workspace
        The workspace.
    sessions
        Who may ask.
    hosts
        What `Host` may say.
    """
    news, journal, known = News(), Journal(workspace.own / "studio.sqlite"), Places(workspace)
    unmade = NewPlaces(workspace, known.benches, known.makings, Uploads(workspace))
    studio = Studio(workspace, sessions, known, unmade, journal, Runner(workspace, journal, news), news)

    @contextlib.asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        studio.runner.begin()
        watching = asyncio.create_task(Watched(workspace, news).watch())
        yield
        watching.cancel()
        await studio.end()
        journal.close()

    app = Starlette(
        routes=[
            Route("/", _page),
            Route("/api/session", _session, methods=["POST"]),
            Route("/api/words", _words),
            *places.ROUTES,
            *plans.ROUTES,
            *runs.ROUTES,
            *reports.ROUTES,
            *new.ROUTES,
            Mount("/page", StaticFiles(directory=assets.PAGE)),
            Mount("/vendor", StaticFiles(directory=assets.VENDOR)),
        ],
        exception_handlers={
            ChangedMeanwhileError: _told_changed,
            UserError: _told_problems,
            EvacError: _told_error,
            Refusal: _told_refusal,
            ClientDisconnect: _told_nobody,
            OSError: _told_disk,
            sqlite3.OperationalError: _told_disk,
        },
        middleware=[Middleware(Guard, sessions=sessions, hosts=hosts)],
        lifespan=life,
    )
    app.state.studio = studio
    return app


async def _page(_request: Request) -> Response:
    return FileResponse(assets.PAGE / "index.html")


async def _session(request: Request) -> Response:
    given = await json_of(request)
    key = studio_of(request).sessions.key_for(str(given.get("token", "")))
    if key is None:
        raise Refusal(401, "this address has been used, or is of another start of the studio")
    return JSONResponse({"key": key})


async def _words(request: Request) -> Response:
    settings = await asyncio.to_thread(words.settings_of, studio_of(request).workspace.folder)
    told = await asyncio.to_thread(sentences) if settings.words else ()
    return JSONResponse({"language": settings.language, "words": settings.words, "told": told})


async def _told_problems(request: Request, error: Exception) -> Response:
    return JSONResponse(in_words(error, studio_of(request).workspace.folder), status_code=422)


async def _told_changed(request: Request, error: Exception) -> Response:
    return JSONResponse(in_words(error, studio_of(request).workspace.folder), status_code=412)


async def _told_error(request: Request, error: Exception) -> Response:
    return JSONResponse(in_words(error, studio_of(request).workspace.folder), status_code=500)


async def _told_disk(_request: Request, error: Exception) -> Response:
    """Say that a file can't be read or written, mostly because the disk is full: it is nobody's fault in here."""
    return JSONResponse({"error": disk_words(error)}, status_code=507)


async def _told_nobody(_request: Request, _error: Exception) -> Response:
    """Answer whoever has gone in the middle of a question: nobody hears it, and it is no error of ours."""
    return Response(status_code=400)


async def _told_refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - it is registered for nothing else
    return JSONResponse({"error": error.why}, status_code=error.status)
