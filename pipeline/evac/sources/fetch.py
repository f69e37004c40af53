"""One way to ask a service: with time limits, retries and a cache that holds only whole and valid answers."""

from __future__ import annotations

from dataclasses import dataclass


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
    backoff_s
        Pause before the first retry; each one after doubles it. A server's `Retry-After` goes before.
    between_s
        Least time between two questions to Nominatim, whose rules allow one a second.
    """

    connect_s: float = 10.0
    read_s: float = 200.0
    total_s: float = 900.0
    retries: int = 5
    backoff_s: float = 2.0
    between_s: float = 1.0


PATIENCE = Patience()
"""What people have; tests have less."""
