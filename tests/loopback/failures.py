"""What goes wrong with the real services, one function each: it gets the good answer and sends a bad one."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

Failure = Callable[[BaseHTTPRequestHandler, str, bytes], None]
"""Takes the connection, the content type and the body of the good answer."""

PAGE = b"""<!DOCTYPE html>
<html><head><title>Sign in</title><style>p {color: red}</style></head>
<body><p>Please sign in to the guest network.</p></body></html>
"""


def send(handler: BaseHTTPRequestHandler, status: int, content_type: str, body: bytes, **headers: str) -> None:
    """Send a whole answer."""
    handler.send_response(status)
    handler.send_header("Content-Type", content_type)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def busy(retry_after: str | None = None) -> Failure:
    """429; Overpass doesn't send Retry-After, others do."""

    def answer(handler: BaseHTTPRequestHandler, _type: str, _body: bytes) -> None:
        headers = {"Retry_After": retry_after} if retry_after else {}
        send(handler, 429, "text/html", b"<html><body>Too Many Requests</body></html>", **headers)

    return answer


def gateway_timeout(handler: BaseHTTPRequestHandler, _type: str, _body: bytes) -> None:
    """504, as Overpass has it when it is overloaded."""
    text = b"<html><body><p><strong>Error</strong>: runtime error: The server is probably too busy.</p></body></html>"
    send(handler, 504, "text/html", text)


def breaks_off(handler: BaseHTTPRequestHandler, content_type: str, body: bytes) -> None:
    """Send half of the promised body."""
    handler.send_response(200)
    handler.send_header("Content-Type", content_type)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])


def breaks_off_unnoticed(handler: BaseHTTPRequestHandler, content_type: str, body: bytes) -> None:
    """Send half of a body whose length wasn't promised."""
    handler.send_response(200)
    handler.send_header("Content-Type", content_type)
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])


def breaks_off_compressed(handler: BaseHTTPRequestHandler, content_type: str, body: bytes) -> None:
    """Send half of a compressed body whose length wasn't promised."""
    handler.send_response(200)
    handler.send_header("Content-Type", content_type)
    handler.send_header("Content-Encoding", "gzip")
    handler.end_headers()
    packed = gzip.compress(body)
    handler.wfile.write(packed[: len(packed) // 2])


def empty(handler: BaseHTTPRequestHandler, content_type: str, _body: bytes) -> None:
    """Send nothing, with status 200."""
    send(handler, 200, content_type, b"")


def web_page(handler: BaseHTTPRequestHandler, _type: str, _body: bytes) -> None:
    """Send a page for people with status 200, as guest networks and proxies do."""
    send(handler, 200, "text/html; charset=utf-8", PAGE)


def gives_up(handler: BaseHTTPRequestHandler, content_type: str, body: bytes) -> None:
    """Send what Overpass sends when it runs out of time: status 200, some elements, a remark."""
    remark = b'<remark> runtime error: Query timed out in "query" at line 1 after 181 seconds. </remark>\n\n</osm>\n'
    head = body[: body.index(b"<node")] if b"<node" in body else body[: body.index(b"</osm>")]
    send(handler, 200, content_type, head + remark)


def reports_error(code: int) -> Failure:
    """Send what ArcGIS sends when something is wrong: status 200, and an object with the error."""

    def answer(handler: BaseHTTPRequestHandler, content_type: str, _body: bytes) -> None:
        text = b'{"error":{"code":%d,"message":"Error performing query operation","details":[]}}' % code
        send(handler, 200, content_type, text)

    return answer


def slow(seconds: float, pieces: int = 20) -> Failure:
    """Send the body in pieces, `seconds` in all; each piece comes soon enough for a read timeout."""

    def answer(handler: BaseHTTPRequestHandler, content_type: str, body: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        size = len(body) // pieces + 1
        for start in range(0, len(body), size):
            handler.wfile.write(body[start : start + size])
            handler.wfile.flush()
            time.sleep(seconds / pieces)

    return answer
