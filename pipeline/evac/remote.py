"""The functions that a Dask cluster calls by name. The scheduler imports them too, so they bring nothing along.

Their arguments are bytes and plain values for the same reason. A scheduler that imported the stages would not answer
for seconds, and a worker that imports them in its first run goes on answering.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evac.study.worker import Delivery


def same(content: bytes) -> bytes:
    """Return content: a task that the scheduler can give to any worker again."""
    return content


def run(parcel: bytes, folders: Sequence[tuple[str, bytes]], asked: Mapping[str, Any], topic: str) -> Delivery:
    """Run a case on a worker (`study.worker.run_parcel`)."""
    from evac.study.worker import run_parcel  # noqa: PLC0415

    return run_parcel(parcel, folders, asked, topic)
