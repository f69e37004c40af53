"""One attempt: a question goes out by HTTP, and the answer's body into a file. Whatever goes wrong is `Unusable`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util.retry import Retry

from evac import __version__
from evac.files import digest_json

USER_AGENT = f"evac/{__version__} (evacuation traffic simulation toolkit)"
"""The usage policies of Nominatim and Overpass ask for the application's name."""

_MAY_PASS = {408, 425, 429, 500, 502, 503, 504}
"""Statuses after which it is worth asking again (RFC 9110, RFC 6585); Overpass has 429 and 504 when it is busy."""

_CHUNK_BYTES = 1 << 18
_WORDS = 160  # characters of an answer that a message shows


@dataclass(frozen=True)
class Question:
    """What is asked of whom.

    Parameters
    ----------
    service
        `nominatim`, `overpass`, `census` or `tigerweb`.
    what
        What is asked for, in words for messages: `the roads of tile 3 of 8`.
    url
        The address, without parameters.
    params
        Parameters of the address.
    form
        What is posted; without it the question is a GET.
    secret
        Parameters that neither the cache nor a message may show: a key.
    suffix
        Of the file that keeps the answer: `json` or `osm`.
    otherwise
        What else to try when the service can't be had.
    """

    service: str
    what: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict)
    suffix: str = "json"
    otherwise: str = ""

    def digest(self) -> str:
        """Return 64 hex digits that stand for the question."""
        return digest_json({"url": self.url, "params": dict(self.params), "form": dict(self.form)})

    def without_secrets(self, text: str) -> str:
        """Return a text, such as an error page that repeats the question, without the secret parameters."""
        for value in self.secret.values():
            text = text.replace(value, "…")
        return text

    def public(self) -> dict[str, Any]:
        """Return what may be written down about the question."""
        return {
            "service": self.service,
            "asked for": self.what,
            "url": self.url,
            "params": dict(self.params),
            "form": dict(self.form),
        }


@dataclass(frozen=True)
class Unusable(Exception):  # noqa: N818  a verdict on one answer, turned into a SourceError before a user sees it
    """An answer can't be used.

    Parameters
    ----------
    reason
        What is wrong with it.
    may_pass
        It is worth asking again.
    unreachable
        There was no connection at all.
    busy
        The server wants fewer questions.
    wait_s
        How long it says to wait.
    """

    reason: str
    may_pass: bool = True
    unreachable: bool = False
    busy: bool = False
    wait_s: float | None = None

    def __str__(self) -> str:
        """Return the reason."""
        return self.reason


def download(question: Question, file: Path, connect_s: float, read_s: float, deadline: float) -> None:
    """Ask once, and write the body of the answer.

    Parameters
    ----------
    question
        What is asked of whom.
    file
        Where the body goes.
    connect_s, read_s
        How long to wait for a connection, and for the next piece of the answer.
    deadline
        When the last byte must have come (`time.monotonic`).

    Raises
    ------
    Unusable
        No connection, another status than 200, or a body that breaks off or comes too slowly.
    """
    read_s = min(read_s, max(deadline - time.monotonic(), connect_s))
    try:
        with requests.request(
            "POST" if question.form else "GET",
            question.url,
            params={**question.params, **question.secret},
            data=question.form or None,
            headers={"User-Agent": USER_AGENT},
            timeout=(connect_s, read_s),
            stream=True,
        ) as response:
            if response.status_code != requests.codes.ok:
                raise _refused(response)
            _save_body(response, file, deadline)
    except requests.ConnectTimeout as error:
        raise Unusable(f"no connection within {connect_s:g} s", unreachable=True) from error
    except requests.ReadTimeout as error:
        raise Unusable(f"no answer within {read_s:g} s") from error
    except requests.ConnectionError as error:
        raise Unusable(f"no connection ({_innermost(error)})", unreachable=True) from error
    except requests.RequestException as error:
        raise Unusable(f"no answer ({_innermost(error)})") from error


def first_words(text: str) -> str:
    """Return the beginning of a text in a line."""
    words = " ".join(text.split())
    return f"{words[:_WORDS]}…" if len(words) > _WORDS else words


def _refused(response: requests.Response) -> Unusable:
    status = response.status_code
    with_words = f"status {status} {response.reason}"
    try:
        words = first_words(response.raw.read(4 * _WORDS, decode_content=True).decode("utf-8", errors="replace"))
    except HTTPError:
        words = ""
    return Unusable(
        f"{with_words} ('{words}')" if words else with_words,
        may_pass=status in _MAY_PASS,
        busy=status == requests.codes.too_many_requests,
        wait_s=_retry_after_s(response),
    )


def _retry_after_s(response: requests.Response) -> float | None:
    given = response.headers.get("Retry-After")
    try:
        return Retry().parse_retry_after(given) if given else None
    except InvalidHeader:
        return None


def _save_body(response: requests.Response, file: Path, deadline: float) -> None:
    """Write the body piece by piece; `read1` returns what has come, so that the deadline is looked at in time."""
    size = 0
    try:
        with file.open("wb") as target:
            while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
                size += target.write(chunk)
                if time.monotonic() > deadline:
                    raise Unusable(f"the answer came too slowly: {size:,} bytes when time was up")
    except HTTPError as error:
        raise Unusable(f"the answer broke off after {size:,} bytes ({_innermost(error)})") from error
    if size == 0:
        raise Unusable("the answer is empty")


def _innermost(error: BaseException) -> str:
    """Return the words of the cause of a library's error, without the library's wrapping."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return first_words(str(error)) or type(error).__name__
