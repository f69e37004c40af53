"""What every question to the server must pass: the right Host, no foreign Origin, a key for data, a body of some size.

The page's files hold no data and are given to whoever asks, so that a browser can load them before it has a key. All
data is under `/api/`. Nothing answers another site: there are no CORS headers, and a foreign Origin is refused.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evac.studio.sessions import Sessions

_API = "/api/"
_LIBRARIES, _OK = "/vendor/", 200
"""Files whose names have their version: a browser need not ask again whether one has changed."""
_OPENING = "/api/session"
"""Where a token is given for a key: the only question that needs no key."""
MOST_JSON_BYTES = 1 << 20
_BEARER = "Bearer "
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
}


class Refusal(Exception):  # noqa: N818 - nothing has failed
    """Why a question is refused, with HTTP's number for it."""

    def __init__(self, status: int, why: str) -> None:
        self.status = status
        self.why = why
        super().__init__(why)


class Guard:
    """Let through what the page itself asks, with its key, and give every answer the headers that keep others out.

    Parameters
    ----------
    app
        What answers.
    sessions
        The keys that were given.
    hosts
        What `Host` may say: address and port, as a browser writes them.
    """

    def __init__(self, app: ASGIApp, *, sessions: Sessions, hosts: Iterable[str]) -> None:
        self._app = app
        self._sessions = sessions
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a question, or say why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith(_API):
                    headers.setdefault("Cache-Control", "no-store")
                elif scope["path"].startswith(_LIBRARIES) and message["status"] == _OK:
                    headers.setdefault("Cache-Control", "public, max-age=31536000, immutable")
            await send(message)

        try:
            self._check(scope)
        except Refusal as refusal:
            answer = JSONResponse({"error": refusal.why}, status_code=refusal.status)
            await answer(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if host not in self._hosts:
            raise Refusal(421, "this server answers to the address that it was opened by, and to no other name")
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"{scope['scheme']}://{host}":
            raise Refusal(403, "this server answers its own page only, not that of another site")
        if not scope["path"].startswith(_API):
            if scope["method"] not in ("GET", "HEAD"):
                raise Refusal(405, "the page's files can only be read")
            return
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Refusal(403, "this server answers its own page only, not that of another site")
        if scope["path"] != _OPENING and not self._sessions.knows(_key(headers)):
            raise Refusal(401, "open the page by the address that `evac studio` has shown")


def _key(headers: Headers) -> str:
    """Return the key that a question brings; empty when it brings none."""
    given = headers.get("authorization", "")
    return given.removeprefix(_BEARER) if given.startswith(_BEARER) else ""


async def limited(stream: AsyncIterator[bytes], most_bytes: int) -> AsyncIterator[bytes]:
    """Yield a question's body, part by part.

    Raises
    ------
    Refusal
        It is larger than it may be; the rest isn't read.
    """
    size = 0
    async for part in stream:
        size += len(part)
        if size > most_bytes:
            raise Refusal(413, f"more than the {most_bytes:,} bytes that are taken here")
        yield part
