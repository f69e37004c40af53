"""The server: which service a question is for, its answer or the failure that is due, and a record of all questions."""

from __future__ import annotations

import gzip
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from evac.sources import Endpoints
from loopback import census_api, nominatim, overpass, tigerweb
from loopback.failures import Failure, send

_SMALL_BYTES = 1000  # not worth compressing
SERVICES = ("nominatim", "overpass", "census", "tigerweb")


@dataclass(frozen=True)
class World:
    """What the services know.

    Parameters
    ----------
    map_file
        The map that Overpass answers from, any file that osmium reads.
    canned
        Overpass answers as they are, by `roads` and `settlement`, instead of from the map: for answers too large to be
        worked out in Python.
    places
        Nominatim's places (`town.place`).
    census
        Blocks with their counts (`census_grid`), or None: no block anywhere.
    census_key
        The one key that the Census Data API takes; None: it wants none.
    page
        The most features that TIGERweb sends at once.
    """

    map_file: Path | None = None
    canned: Mapping[str, Path] = field(default_factory=dict)
    places: Sequence[Mapping[str, Any]] = ()
    census: census_api.CensusGrid | None = None
    census_key: str | None = None
    page: int = 1000


@dataclass
class Server:
    """A running server."""

    world: World
    url: str
    questions: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Every question: service, path, parameters or form."""
    user_agents: set[str] = field(default_factory=set)
    _due: dict[str, deque[Failure | None]] = field(default_factory=lambda: defaultdict(deque))
    _always: dict[str, Failure] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def endpoints(self) -> Endpoints:
        """Return the addresses that a user would set."""
        return Endpoints(**{name: f"{self.url}/{name}" for name in SERVICES})

    def environment(self) -> dict[str, str]:
        """Return the same as environment variables."""
        return {f"EVAC_{name.upper()}_URL": f"{self.url}/{name}" for name in SERVICES}

    def fails(self, service: str, *failures: Failure | None) -> None:
        """Let the next questions to a service fail, one each; None: this one is answered."""
        with self._lock:
            self._due[service].extend(failures)

    def always_fails(self, service: str, failure: Failure) -> None:
        """Let every question to a service fail, until `recovers`."""
        self._always[service] = failure

    def recovers(self) -> None:
        """Let all services answer again."""
        self._always.clear()
        self._due.clear()

    def asked(self, service: str, path: str = "") -> int:
        """Return how many questions a service got (whose path ends so)."""
        return sum(name == service and where.endswith(path) for name, where, _ in self.questions)

    def repeated(self, service: str) -> int:
        """Return how many questions a service got more than once."""
        texts = Counter(str((where, what)) for name, where, what in self.questions if name == service)
        return sum(count > 1 for count in texts.values())

    def note(self, service: str, path: str, params: dict[str, str], agent: str) -> Failure | None:
        """Record a question, and return the failure that is due."""
        with self._lock:
            self.questions.append((service, path, params))
            self.user_agents.add(agent)
            if path.endswith("/status"):
                return None
            due = self._due[service].popleft() if self._due[service] else None
            return due or self._always.get(service)


@contextmanager
def serve(world: World) -> Iterator[Server]:
    """Serve a world on a free port of 127.0.0.1."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    httpd.daemon_threads = True
    server = Server(world, f"http://127.0.0.1:{httpd.server_port}")
    httpd.evac = server  # type: ignore[attr-defined]
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        self._serve(dict(parse_qsl(body)))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is http.server's
        pass

    def _serve(self, form: dict[str, str]) -> None:
        server: Server = self.server.evac  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        service, _, path = parts.path.strip("/").partition("/")
        params = {**dict(parse_qsl(parts.query)), **form}
        failure = server.note(service, f"/{path}", params, self.headers.get("User-Agent", ""))
        status, content_type, body, headers = _answer(server, service, path, params)
        with suppress(BrokenPipeError, ConnectionResetError):  # a client that has had enough
            if failure is not None and status == 200:
                failure(self, content_type, body)
            elif "gzip" in self.headers.get("Accept-Encoding", "") and len(body) > _SMALL_BYTES:
                send(self, status, content_type, gzip.compress(body, 1), Content_Encoding="gzip", **headers)
            else:
                send(self, status, content_type, body, **headers)


Reply = tuple[int, str, bytes, dict[str, str]]


def _answer(server: Server, service: str, path: str, params: dict[str, str]) -> Reply:
    world = server.world
    if service == "overpass":
        return overpass.answer(world.map_file, world.canned, path, params)
    if service == "nominatim":
        return nominatim.answer(world.places, path, params)
    if service == "census":
        return census_api.answer(world.census, world.census_key, path, params, f"{server.url}/census")
    if service == "tigerweb":
        return tigerweb.answer(world.census, world.page, path, params)
    return 404, "text/plain", b"no such service", {}
