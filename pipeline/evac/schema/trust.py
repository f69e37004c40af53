"""The limits beyond which a run's headline number is shown as not trustworthy."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evac.schema.base import Model, Share


class Trust(Model):
    """Limits of trust. A scenario may tighten them; loosening is shown in the report."""

    teleports: Annotated[int, Field(ge=0)] = 0
    """Vehicles that SUMO moved out of a jam."""
    gridlock_share: Share = 0.005
    """Gridlock interventions as a share of all vehicles."""
    unconnected_share: Share = 0.005
    """Households that no street takes, as a share of all households; and those given without a place (in zones without
    a polygon, over water, without a street), as a share of them and of all households."""
    counted_twice_share: Share = 0.05
    """Households that two zones which lie over each other may both have given, as a share of all households. Borders
    that don't fit each other exactly make few; a zone that is given twice makes as many as it has."""
    collisions_share: Share = 0.001
    """Collisions as a share of all vehicles."""
