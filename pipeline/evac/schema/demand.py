"""How many vehicles leave, when, and by which exit."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evac.inputs import read_input
from evac.schema.background import Background
from evac.schema.base import Model, Name, Share
from evac.schema.places import Point

Minutes = Annotated[float, Field(gt=0.0, le=10_080.0)]
"""A positive time in minutes (a week at most)."""


ROUNDING = 1e-6
"""By how much shares that add up to 1 may miss it."""

Distribution = dict[Annotated[int, Field(ge=0, le=9)], Share]
"""Share of households by number of vehicles."""

_LOGISTIC_RATIO = (1.01, 3.3)  # at log 10 / log 2 = 3.32 the curve's peak is infinitely far before the order


class VehiclesPerHousehold(Model):
    """A named distribution of households over the number of vehicles that they take (census table B25044).

    Households without a vehicle get none, and are reported: they need a bus.
    """

    name: Name
    """What results and report call this case."""
    distribution: Distribution
    """Share of households by number of vehicles; the shares add up to 1."""
    by_zone: dict[str, Distribution] = {}
    """Zones with a distribution of their own, such as census block groups; all others take `distribution`."""

    @model_validator(mode="after")
    def _shares_add_up(self) -> Self:
        for where, shares in {"": self.distribution, **{f" of zone '{k}'": v for k, v in self.by_zone.items()}}.items():
            total = sum(shares.values())
            if abs(total - 1.0) > ROUNDING:
                raise ValueError(f"the shares{where} add up to {total:g}, expected 1")
        return self


class Rayleigh(Model):
    """Rayleigh departures (TRR 2376: with the logit the best fit for Hurricane Irene)."""

    form: Literal["rayleigh"]
    """The curve's form."""
    p90_min: Minutes = 60.0
    """Minutes after the order by which 90 % have left."""


class Gamma(Model):
    """Gamma departures (arXiv 2002.06198)."""

    form: Literal["gamma"]
    """The curve's form."""
    mean_min: Minutes
    """Mean departure (minutes after the order)."""
    sd_min: Minutes
    """Standard deviation (minutes)."""


class Lognormal(Model):
    """Log-normal departures."""

    form: Literal["lognormal"]
    """The curve's form."""
    median_min: Minutes
    """Minutes after the order by which half have left."""
    p90_min: Minutes
    """Minutes after the order by which 90 % have left."""

    @model_validator(mode="after")
    def _median_before_p90(self) -> Self:
        if self.p90_min <= self.median_min:
            raise ValueError("'p90_min' must be later than 'median_min'")
        return self


class Weibull(Model):
    """Weibull departures."""

    form: Literal["weibull"]
    """The curve's form."""
    scale_min: Minutes
    """Scale (minutes): 63 % have left by then."""
    shape: Annotated[float, Field(gt=0.0, le=20.0)]
    """Shape; 1 is exponential, 2 is Rayleigh."""


class Logistic(Model):
    """Logistic (sigmoid) departures, cut off at the order; both times hold after the cut."""

    form: Literal["logistic"]
    """The curve's form."""
    median_min: Minutes
    """Minutes after the order by which half have left."""
    p90_min: Minutes
    """Minutes after the order by which 90 % have left."""

    @model_validator(mode="after")
    def _median_before_p90(self) -> Self:
        if not _LOGISTIC_RATIO[0] <= self.p90_min / self.median_min <= _LOGISTIC_RATIO[1]:
            raise ValueError("'p90_min' must be 1.01 to 3.3 times 'median_min'; take a log-normal for a longer tail")
        return self


class Uniform(Model):
    """Departures spread evenly over a span of time."""

    form: Literal["uniform"]
    """The curve's form."""
    from_min: Annotated[float, Field(ge=0.0, le=10_080.0)] = 0.0
    """First departure (minutes after the order)."""
    until_min: Minutes
    """Last departure (minutes after the order)."""

    @model_validator(mode="after")
    def _from_before_until(self) -> Self:
        if self.until_min <= self.from_min:
            raise ValueError("'until_min' must be later than 'from_min'")
        return self


class AllAtOnce(Model):
    """Everybody leaves at one moment."""

    form: Literal["all_at_once"]
    """The curve's form."""
    at_min: Annotated[float, Field(ge=0.0, le=10_080.0)] = 0.0
    """The moment (minutes after the order)."""


class Warned(Model):
    """How a warning spreads, for `notified`: by siren, by telephone, or from door to door.

    Siren and telephone: Rogers and Sorensen, Diffusion of emergency warning (Oak Ridge, 1988, OSTI 6654896): telephone
    ring-down reaches within about 30 minutes whom one system such as sirens reaches within an hour; here 90 %, rising
    as a Rayleigh curve does. Rough; give a curve of your own where the warning system has been tested. From door to
    door every team takes its turn, house by house.
    """

    form: Literal["warned"]
    """The curve's form."""
    by: Literal["siren", "phone", "door_to_door"]
    """The means."""
    households: Annotated[int, Field(ge=1)] | None = None
    """Households to be warned, with `door_to_door`."""
    teams: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Teams that go from door to door."""
    minutes_a_house: Annotated[float, Field(gt=0.0, le=120.0)] | None = None
    """How long a team takes for a house and the way to the next (minutes)."""

    @model_validator(mode="after")
    def _fits_its_means(self) -> Self:
        given = [name for name in ("households", "teams", "minutes_a_house") if getattr(self, name) is not None]
        if self.by == "door_to_door" and len(given) < 3:  # noqa: PLR2004  all of them
            raise ValueError("'door_to_door' needs 'households', 'teams' and 'minutes_a_house'")
        if self.by != "door_to_door" and given:
            raise ValueError(f"'{given[0]}' is for 'door_to_door'")
        return self

    @property
    def spread(self) -> Rayleigh | Uniform:
        """The curve that it is."""
        if self.by == "door_to_door":
            houses_a_team = (self.households or 1) / (self.teams or 1)
            return Uniform(form="uniform", until_min=houses_a_team * (self.minutes_a_house or 1.0))
        return Rayleigh(form="rayleigh", p90_min=60.0 if self.by == "siren" else 30.0)


SimpleCurve = Annotated[
    Rayleigh | Gamma | Lognormal | Weibull | Logistic | Uniform | AllAtOnce | Warned, Field(discriminator="form")
]


class Activities(Model):
    """Departures as a sum of activity times, one drawn for each household (NUREG/CR-7002: trip generation)."""

    form: Literal["activities"]
    """The curve's form."""
    notified: SimpleCurve
    """From the order until the household knows of it."""
    prepared: SimpleCurve
    """From then until it is ready."""
    left: SimpleCurve
    """From then until it drives off."""


class Measured(Model):
    """A measured departure curve."""

    form: Literal["measured"]
    """The curve's form."""
    file: Path
    """CSV with the columns `minute` (after the order, rising) and `left` (share that has left by then, from 0 to 1)."""

    @cached_property
    def content(self) -> bytes:
        """The file's bytes as they were when they were first asked for: a run's name and its departures are of these.

        Raises
        ------
        DataError
            The file can't be read.
        """
        return read_input(self.file)

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return sha256(self.content).hexdigest()


DepartureForm = Annotated[
    Rayleigh | Gamma | Lognormal | Weibull | Logistic | Uniform | AllAtOnce | Warned | Activities | Measured,
    Field(discriminator="form"),
]


class Departure(Model):
    """A named departure curve."""

    name: Name
    """What results and report call this curve."""
    curve: DepartureForm
    """The curve."""
    background: Background | None = None
    """Traffic that isn't evacuating at this hour of the day; the scenario's when left out."""


class Errand(Model):
    """A trip before leaving: the household's first car fetches somebody, and leaves from there."""

    name: Name
    """What the ledger calls it."""
    share: Share
    """Share of the households whose first car does it."""
    at: Annotated[tuple[Point, ...], Field(min_length=1)]
    """Where to: points on streets (schools, relatives' homes); one of them is drawn for each household."""
    stop_min: Annotated[float, Field(ge=0.0, le=600.0)] = 5.0
    """How long the car stands there (minutes)."""


class Compliance(Model):
    """How many of the households that are ordered to leave do so.

    Observed: about 46 % of the ordered zones' people in the Kincade fire of 2019 (Zhao et al., arXiv 2109.07745), far
    more where the fire is in sight. Who stays is counted, drives nowhere, and is in no clearance time.
    """

    share: Share = 1.0
    """Share of the ordered households that leave."""
    by_zone: dict[str, Share] = {}
    """The share in zones of its own; the other zones have `share`."""


class ExitChoice(Model):
    """Which exit a vehicle takes.

    Where a map ends is an accident; so under free choice the exits behind it are as good as the drive to them is short.
    Where people have somewhere to go (a shelter, relatives, a town), shares say it.
    """

    kind: Literal["free", "assigned", "shares"] = "free"
    """`free`: the exit that is quickest to reach, and another one on the way for drivers with information;
    `assigned`: the exit that its zone is assigned in `by_zone`; `shares`: an exit drawn for each household from
    `shares`, and kept."""
    shares: dict[str, Share] = {}
    """Share of households that are bound for each exit or refuge (with `shares`); what is missing to 1 chooses
    freely."""
    by_zone: dict[str, str] = {}
    """Name of an exit or refuge for each zone name (with `assigned` and `shares`); zones left out choose freely, or by
    `shares`."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if (self.kind == "shares") != bool(self.shares):
            raise ValueError("'shares' and 'kind: shares' go together")
        if self.kind == "free" and self.by_zone:
            raise ValueError("'by_zone' needs 'kind: assigned' or 'kind: shares'")
        total = sum(self.shares.values())
        if total > 1.0 + ROUNDING:
            raise ValueError(f"the shares of the exits add up to {total:g}, expected 1 or less")
        return self
