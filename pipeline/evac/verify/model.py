"""What a verification test's file, `test.yaml`, may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evac.plans import BASELINE
from evac.schema.base import Model, Name
from evac.verify.measures import MEASURES, NEEDS
from evac.verify.which import Which

COMPONENTS = (
    "population",
    "pre-evacuation",
    "movement",
    "route and destination choice",
    "flow constraints",
    "events",
    "interaction with the hazard",
)
"""The components of an evacuation model's traffic, after Ronchi et al. 2023."""


class KnownMiss(Model):
    """Where the simulation misses theory for a reason that is known and told; it is counted apart, and never passes."""

    because: str
    """What misses it, and what follows for results."""
    up_to: Annotated[float, Field(gt=0)]
    """How far off it is at most, as a share of the value; farther off is a failure like any other."""
    clearance_is: Literal["too short", "too long"]
    """What follows for clearance times where it matters: `too short` flatters, `too long` is too careful."""


class Expectation(Which):
    """One measure, the value that theory gives it, and how far off it may be."""

    measure: str
    """What is measured; `evac.verify.measures` has the list."""
    plan: Name = BASELINE
    """The plan whose run is measured."""
    over: Name | None = None
    """A plan whose run the measure is divided by: `value` is the ratio then."""
    value: float
    """What theory says."""
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    """How far off it may be, as a share of `value`."""
    within: Annotated[float, Field(ge=0)] = 0.0
    """How far off it may be, in the measure's own unit; the larger of both counts."""
    known_miss: KnownMiss | None = None
    """Why it is farther off than that, where it is known to be."""

    @model_validator(mode="after")
    def _is_known(self) -> Expectation:
        if self.measure not in MEASURES:
            raise ValueError(f"there is no measure '{self.measure}'; known: {', '.join(sorted(MEASURES))}")
        missing = [name for name in NEEDS.get(self.measure, ()) if getattr(self, name) is None]
        if missing:
            raise ValueError(f"'{self.measure}' needs {' and '.join(repr(name) for name in missing)}")
        return self

    @property
    def words(self) -> str:
        """The measure with what narrows it down, such as `clearance_min (share 0.9, plan closed over baseline)`."""
        named = {name: getattr(self, name) for name in Which.model_fields}
        parts = [
            f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in named.items()
            if value is not None
        ]
        parts += [f"plan {self.plan}"] if self.plan != BASELINE else []
        parts += [f"over {self.over}"] if self.over else []
        return f"{self.measure} ({', '.join(parts)})" if parts else self.measure

    def is_known_to_miss(self, got: float) -> bool:
        """Tell whether a measured value is too far from the expected one, and as far as it is known to be."""
        miss = self.known_miss
        return miss is not None and not self.allows(got) and abs(got - self.value) <= miss.up_to * abs(self.value)

    def allows(self, got: float) -> bool:
        """Tell whether a measured value is near enough to the expected one."""
        return abs(got - self.value) <= max(self.within, self.tolerance * abs(self.value)) + 1e-9


class Verification(Model):
    """A verification test: what is tested, against which theory, and what must come out."""

    title: Name
    """What must hold, in a sentence."""
    component: Literal[COMPONENTS]  # type: ignore[valid-type]
    """The component of the model that it tests."""
    theory: str
    """Why the values are what they are, with the arithmetic."""
    source: str
    """Where the theory is written down."""
    vehicles: str | None = None
    """The vehicles-per-household case; the scenario's first when left out."""
    expect: Annotated[list[Expectation], Field(min_length=1)]
    """What must come out."""

    @property
    def plans(self) -> list[str]:
        """The plans that have to be run, the baseline first."""
        named = {name for item in self.expect for name in (item.plan, item.over) if name is not None}
        return sorted(named, key=lambda name: (name != BASELINE, name))
