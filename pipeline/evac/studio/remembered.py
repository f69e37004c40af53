"""Answers that are worked out once, and given again as long as what they are made of is as it was."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

_MOST = 200
"""Answers; the largest, a country's queues, has some hundred kilobytes."""


@dataclass(frozen=True)
class Answer:
    """An answer as it is sent.

    Parameters
    ----------
    content
        The data.
    """

    content: Any
    body: bytes = field(init=False)
    tag: str = field(init=False)

    def __post_init__(self) -> None:
        """Write it as JSON, and tag that."""
        body = json.dumps(self.content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        object.__setattr__(self, "body", body)
        object.__setattr__(self, "tag", f'"{hashlib.sha256(body).hexdigest()[:32]}"')


@dataclass
class _Known:
    """The last answer to a question, and what it was made of; whoever asks meanwhile waits for the same."""

    lock: Lock = field(default_factory=Lock)
    stamp: str | None = None
    answer: Answer | None = None


@dataclass
class Remembered:
    """The answers that were asked for last. Safe to use from several threads."""

    _known: OrderedDict[Hashable, _Known] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def answer(self, question: Hashable, stamp: str, make: Callable[[], Any]) -> Answer:
        """Return the answer to a question, worked out anew when its stamp is another than the last time.

        Parameters
        ----------
        question
            What is asked.
        stamp
            Stands for what the answer is made of, and was taken before.
        make
            Works it out.
        """
        with self._lock:
            known = self._known.setdefault(question, _Known())
            self._known.move_to_end(question)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        with known.lock:
            if known.answer is None or known.stamp != stamp:
                known.answer = Answer(make())
                known.stamp = stamp
            return known.answer
