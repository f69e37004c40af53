"""What all models share: unknown keys are refused, a loaded model never changes, docstrings are documentation."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """A frozen section of a scenario that refuses keys it doesn't know."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)


Share = Annotated[float, Field(ge=0.0, le=1.0)]
"""A fraction from 0 to 1."""

Name = Annotated[str, Field(min_length=1, max_length=120)]
"""A name that people read. Files are named after a safe form of it."""
