"""People who leave without being told, because they see fire or smoke."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evac.schema.base import Model, Share
from evac.schema.demand import DepartureForm, Rayleigh


class Unasked(Model):
    """Households that leave when they see the hazard, whether they have been ordered by then or not.

    After the Kincade fire of 2019 over half of those who left had not been ordered to (Zhao et al., arXiv 2109.07745).
    """

    share: Share
    """Share of the households that would."""
    front_within_m: Annotated[float, Field(ge=0.0, le=20_000.0)] = 1_000.0
    """They see the front when it is this near to their home (m)."""
    optical_density_per_m: Annotated[float, Field(gt=0.0, le=5.0)] = 0.02
    """Or when the smoke at their home is this dense (1/m), where the hazard has smoke."""
    curve: DepartureForm = Rayleigh(form="rayleigh", p90_min=30.0)
    """When they leave, in minutes after they have seen it; earlier where their order lets them leave earlier."""
