"""Start the server on a port of this machine, and open the page in a browser."""

from __future__ import annotations

import asyncio
import html
import logging
import os
import socket
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from evac.errors import Problem, UserError
from evac.studio.answers.common import Studio
from evac.studio.app import build_app
from evac.studio.sessions import Sessions
from evac.studio.workspace import Workspace

_LOOPBACK = "127.0.0.1"
_USUAL_PORT = 8765
_LOCAL_NAMES = (_LOOPBACK, "localhost")
_EVERY_ADDRESS = ("", "0.0.0.0", "0")  # noqa: S104 - these are refused
_PRIVATE = 0o600
_KEPT_OPEN_S = 75
"""How long a connection stays open between two questions (s): longer than who reads a page pauses, for a question that
comes just as it is closed is lost."""
_PATIENCE_S = 2
"""How long pages that listen are waited for at the end (s)."""


def serve(
    workspace: Workspace, *, host: str = _LOOPBACK, port: int | None = None, browser: bool, tell: Callable[[str], None]
) -> None:
    """Serve the studio until it is interrupted.

    Parameters
    ----------
    workspace
        The workspace.
    host
        The address of this machine that is listened on.
    port
        The port; when None the usual one, or any that is free.
    browser
        Whether to open the page in a browser.
    tell
        Takes the address of the page: whoever has it may use the studio, once.
    """
    with workspace.alone(), _listening(host, port) as listener:
        port = listener.getsockname()[1]
        sessions = Sessions()
        app = build_app(workspace, sessions, [f"{name}:{port}" for name in (*_LOCAL_NAMES, host)])
        url = f"http://{host}:{port}/#token={sessions.new_token()}"
        tell(url)
        with _door(workspace, url) as door:
            if browser:
                webbrowser.open(door.as_uri())
            config = uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                server_header=False,
                ws="none",
                timeout_graceful_shutdown=_PATIENCE_S,
                timeout_keep_alive=_KEPT_OPEN_S,
            )
            _Server(config, app.state.studio).run(sockets=[listener])


class _Server(uvicorn.Server):
    """A server that ends the studio's processes first, so that nobody who waits for one is cut off without a word.

    Parameters
    ----------
    config
        What is served, and how.
    studio
        The studio.
    """

    def __init__(self, config: uvicorn.Config, studio: Studio) -> None:
        super().__init__(config)
        self._studio = studio

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, as uvicorn does; what is still being sent after a while is cut off, which is no error of anybody's."""
        await self._studio.end()
        logging.getLogger("uvicorn.error").addFilter(_is_no_cut)
        await super().shutdown(sockets)


def _is_no_cut(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


@contextmanager
def _listening(host: str, port: int | None) -> Iterator[socket.socket]:
    # asyncio sends small packets at once only where the protocol is named: else each answer waits 40 ms for its second
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        _bind(listener, host, port)
        yield listener
    finally:
        listener.close()


def _bind(listener: socket.socket, host: str, port: int | None) -> None:
    if host in _EVERY_ADDRESS:
        what = f"'{host}' means every address of the machine, and is none that a browser can open"
        raise UserError(Problem("--host", what, "give the one address by which the others reach this machine"))
    for tried in (_USUAL_PORT, 0) if port is None else (port,):
        try:
            listener.bind((host, tried))
            listener.listen()
        except OSError as error:
            why = error
        else:
            return
    what = f"can't listen on {host}:{port or _USUAL_PORT} ({why.strerror})"
    raise UserError(Problem("evac studio", what, "give another --port, or as --host an address of this machine"))


@contextmanager
def _door(workspace: Workspace, url: str) -> Iterator[Path]:
    """Give a file of this user alone that leads to the page: a browser's arguments can be read by every user."""
    path = workspace.own / f"open-{os.getpid()}.html"
    target = html.escape(url, quote=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={target}"><a href="{target}">evac</a>\n')
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
