"""One way to ask a service: with time limits, retries and a cache that holds only whole and valid answers.

An answer is kept in `fetched/<hash of the question>/` of the cache: the body as it came, and `about.json` (who was
asked what, and when). It appears there when all of it has come and has passed its check, or not at all. So a second
start goes on where the first one broke off. To fetch something anew, remove its folder, or all of `fetched/`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from urllib3.exceptions import MaxRetryError
from urllib3.util.retry import Retry

from evac.errors import Problem, SourceError
from evac.files import write_text
from evac.seals import has_entry, sealed_directory
from evac.sources.endpoints import variable
from evac.sources.transfer import Question, Unusable, download

_LONGEST_PAUSE_S = 120.0
_ATTEMPTS_TO_CONNECT = 3  # who has no internet needn't wait a minute to hear it


@dataclass(frozen=True)
class Patience:
    """How long to wait for a service, and how often to ask again.

    Parameters
    ----------
    connect_s
        For a connection.
    read_s
        For the next piece of an answer; longer than the 180 s that Overpass may think.
    total_s
        For one answer in all, with every retry and pause.
    retries
        How often to ask again after a failure that may pass.
    pause_s
        Least pause before asking again. From the third time on it doubles, to two minutes at most. When the server says
        how long to wait (`Retry-After`), that is the pause.
    """

    connect_s: float = 10.0
    read_s: float = 200.0
    total_s: float = 900.0
    retries: int = 5
    pause_s: float = 2.0


PATIENCE = Patience()
"""What people have; tests have less."""


@dataclass(frozen=True)
class Answer:
    """An answer that is whole and valid.

    Parameters
    ----------
    file
        The body.
    retrieved
        When it came, ISO 8601 in UTC.
    from_cache
        It wasn't asked again.
    """

    file: Path
    retrieved: str
    from_cache: bool

    def json(self) -> Any:
        """Return the body of a JSON answer."""
        return json.loads(self.file.read_bytes())


Check = Callable[[Path], None]
"""Looks at a body before it is kept; raises `Unusable`, or an error of its own that ends the matter."""


def ask(
    question: Question,
    cache: Path,
    check: Check,
    *,
    patience: Patience = PATIENCE,
    tell: Callable[[str], None] = lambda _: None,
    busy_for: Callable[[], float | None] = lambda: None,
) -> Answer:
    """Return the answer to a question: the one in the cache, or a new one, which is then kept.

    Parameters
    ----------
    question
        What is asked of whom.
    cache
        The cache's folder.
    check
        Looks at the body before it is kept.
    patience
        How long to wait and how often to ask again.
    tell
        Is given a line when it waits.
    busy_for
        Returns the seconds to wait when the server is busy (429) and doesn't say for how long.

    Raises
    ------
    SourceError
        There is no usable answer; says who was asked for what, what came, and what to try.
    """
    folder = cache / "fetched" / question.digest()
    from_cache = has_entry(folder)
    if not from_cache:
        attempts = _Attempts(question, patience, tell, busy_for)
        with sealed_directory(folder) as temporary:
            attempts.until_answered(temporary / f"answer.{question.suffix}", check)
            about = {**question.public(), "retrieved": datetime.now(UTC).isoformat(timespec="seconds")}
            write_text(temporary / "about.json", json.dumps(about, indent=1, ensure_ascii=False) + "\n")
    retrieved = json.loads((folder / "about.json").read_text(encoding="utf-8"))["retrieved"]
    return Answer(folder / f"answer.{question.suffix}", retrieved, from_cache)


class _Attempts:
    """The attempts at one question, and the pauses between them."""

    def __init__(
        self,
        question: Question,
        patience: Patience,
        tell: Callable[[str], None],
        busy_for: Callable[[], float | None],
    ) -> None:
        self._question, self._patience, self._tell, self._busy_for = question, patience, tell, busy_for
        self._made = 0
        self._started = time.monotonic()
        # The library counts and spaces the attempts; it doesn't make them, because it can't ask again for a body that
        # breaks off or isn't what was asked for.
        self._retry = Retry(patience.retries, backoff_factor=patience.pause_s, backoff_max=_LONGEST_PAUSE_S)

    def until_answered(self, file: Path, check: Check) -> None:
        """Ask until `file` holds an answer that passes its check."""
        patience = self._patience
        while True:
            self._made += 1
            try:
                download(self._question, file, patience.connect_s, patience.read_s, self._started + patience.total_s)
                check(file)
            except Unusable as failure:
                self._pause_after(failure)
            else:
                return

    def _pause_after(self, failure: Unusable) -> None:
        if not failure.may_pass or (failure.unreachable and self._made >= _ATTEMPTS_TO_CONNECT):
            raise self._last_word(str(failure)) from failure
        try:
            self._retry = self._retry.increment(error=failure)
        except MaxRetryError:
            raise self._last_word(f"the last time {failure}") from failure
        wait_s = self._wait_s(failure)
        total_s = self._patience.total_s
        if time.monotonic() + wait_s > self._started + total_s:
            what = f"{failure}, and the next try, in {wait_s:.0f} s, would be beyond the {total_s:.0f} s it may take"
            raise self._last_word(what) from failure
        reason = self._question.without_secrets(str(failure))
        self._tell(f"{self._question.service}: {reason}; asking again in {wait_s:.0f} s")
        time.sleep(wait_s)

    def _wait_s(self, failure: Unusable) -> float:
        told = failure.wait_s
        if told is None and failure.busy:
            told = self._busy_for()
        return max(told if told is not None else self._retry.get_backoff_time(), self._patience.pause_s)

    def _last_word(self, what: str) -> SourceError:
        question, seconds = self._question, time.monotonic() - self._started
        times = "once" if self._made == 1 else f"{self._made} times"
        remedy = f"again later (what has come is kept), or another server by {variable(question.service)}=https://…"
        return SourceError(
            Problem(
                f"{question.service} ({question.url})",
                f"asked for {question.what} {times} in {seconds:.0f} s: {question.without_secrets(what)}",
                f"{remedy}, or {question.otherwise}" if question.otherwise else remedy,
            )
        )
