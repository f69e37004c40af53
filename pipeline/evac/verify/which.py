"""Which vehicles of a run, and which span of it, a measure is about."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evac.schema.base import Model, Name, Share


class Which(Model):
    """What narrows a measure down; what is left out narrows nothing."""

    share: Share | None = None
    """With quantiles: the share of the vehicles."""
    exit: Name | None = None
    """Only vehicles that took this exit."""
    zone: Name | None = None
    """Only vehicles of this zone."""
    street: Name | None = None
    """Only vehicles that start on this street."""
    from_min: Annotated[float, Field(ge=0)] | None = None
    """With counts: only what happens from this minute after the order on."""
    until_min: Annotated[float, Field(ge=0)] | None = None
    """With counts: only what happens before this minute."""
