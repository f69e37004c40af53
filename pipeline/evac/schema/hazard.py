"""The hazard that the area flees from: when it reaches which place, and what it does to roads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evac.schema.base import Model, Name
from evac.schema.fuels import Fuels, Metres
from evac.schema.smoke import Smoke
from evac.schema.sources import DateAndHour
from evac.schema.unasked import Unasked
from evac.schema.water import DepthRasters, Gauge

Offset = Annotated[float, Field(ge=-10_080.0, le=10_080.0)]
"""Minutes before (negative) or after the order, a week at most."""
TimeUnit = Literal["seconds", "minutes", "hours"]
Written = Literal["date", "hhmm", "seconds", "minutes", "hours"]


class ArrivalRaster(Model):
    """A raster whose cells have the time at which the hazard arrives (FlamMap, FARSITE, ELMFIRE, Cell2Fire)."""

    form: Literal["raster"]
    """The form."""
    file: Path
    """Esri ASCII, GeoTIFF or any other raster that GDAL reads. A cell without data is never reached."""
    others: tuple[Path, ...] = ()
    """Other rasters that are as likely (other winds, other fuels), of the same unit and clock: `evac egress` takes all
    of them in turn; everything else takes `file`."""
    unit: TimeUnit | None = None
    """Unit of the times. Left out it must be in the file; a unit with which the front would be too fast or too slow to
    be one is refused."""
    crs: str | None = None
    """Reference system (`EPSG:26913`) of a file that has none; it must have one otherwise."""
    starts_min: Offset = 0.0
    """When the raster's time 0 is, in minutes after the order: negative when the fire began before the order."""


class _DatedFeatures(Model):
    file: Path
    """The file, in any format that GDAL/OGR reads, with a coordinate reference system."""
    layer: str | None = None
    """Layer of the file, where it has several (GeoPackage, KML)."""
    time: str
    """Column with the time of each feature."""
    written: Written = "date"
    """How it is written: `date`, local date and hour as in `2018-11-08 07:30`, without a time zone; `hhmm`, the
    hour of the order's day as a number (730 is 07:30); or a number of seconds, minutes or hours after `starts_min`.
    `date` and `hhmm` need `hazard.order_at`."""
    starts_min: Offset = 0.0
    """When time 0 is of times that are numbers, in minutes after the order."""


class Perimeters(_DatedFeatures):
    """Perimeters with times, such as the progression of a fire: each has what burned until then."""

    form: Literal["perimeters"]
    """The form."""
    between: Literal["earlier", "distance", "later"] = "distance"
    """When a place between two perimeters is reached: at the time of the `earlier` or the `later` one, or in between,
    in proportion to its distances from the two (`distance`). All three are guesses, and results say how many roads they
    concern."""


class DatedPoints(_DatedFeatures):
    """Points at which the hazard was reported, with times."""

    form: Literal["points"]
    """The form."""
    between: Literal["nearest", "linear"] = "nearest"
    """When a place is reached: with the first report within `reach_m` (`nearest`); or also between the points, linearly
    on the triangles of their Delaunay triangulation (`linear`): a guess, and results say how many roads it concerns."""
    reach_m: Annotated[float, Field(gt=0.0, le=5_000.0)] = 100.0
    """A report holds for places as far as this around it (m)."""


Arrival = Annotated[ArrivalRaster | Perimeters | DatedPoints | DepthRasters | Gauge, Field(discriminator="form")]


class Hazard(Model):
    """A fire or flood that reaches roads: they close, and whoever is on them then is exposed."""

    name: Name
    """What reports call it."""
    kind: Literal["fire", "flood"] = "fire"
    """What it is. How fast its front may be, by which wrong units are told, depends on it."""
    note: str = ""
    """What a reader must know about it (source, approximations, whether it is made up); shown with every result."""
    order_at: DateAndHour | None = None
    """Date and hour (local) of the order, on which the minutes of all results count. Needed where times are dates."""
    arrival: Arrival
    """When the front arrives where."""
    roads_within_m: Metres = 0.0
    """A road closes when the front is this near to any point of it (m): by the fuel beside the road, or by the rules of
    those who close it."""
    fuels: Fuels | None = None
    """Fuels beside the roads, where another distance holds than `roads_within_m`; none when left out."""
    notice_min: Annotated[float, Field(ge=0.0, le=1_440.0)] = 0.0
    """How long before the front's arrival a road is closed (minutes)."""
    smoke: Smoke | None = None
    """Smoke on the roads, which slows traffic; none when left out."""
    unasked: Unasked | None = None
    """Households that leave without being told when they see fire or smoke; none when left out."""
    turned_deg: Annotated[float, Field(ge=-180.0, le=180.0)] = 0.0
    """By how many degrees, clockwise, a fire is turned about where it begins, and the wind of `smoke` with it: what if
    the wind blew from elsewhere? A rule and no model of fire: slopes and fuels aren't looked at."""
    reached_before_order: Literal["refuse", "closed"] = "refuse"
    """What holds for roads that the front has reached when the order is given: `refuse` them, because the clock is
    probably set wrong, or take them as `closed` from the order on."""

    def turned(self, clockwise_deg: float) -> Self:
        """Return it turned by so many degrees more."""
        return self.model_copy(update={"turned_deg": self.turned_deg + clockwise_deg})

    @model_validator(mode="after")
    def _water_doesnt_turn(self) -> Self:
        if self.turned_deg and self.kind != "fire":
            raise ValueError("'turned_deg' is for fires: no wind turns a flood")
        return self

    @model_validator(mode="after")
    def _water_needs_no_fuel(self) -> Self:
        if self.fuels is not None and self.kind != "fire":
            raise ValueError("'fuels' is for fires")
        return self

    @model_validator(mode="after")
    def _clock(self) -> Self:
        written = getattr(self.arrival, "written", None)
        if written in ("date", "hhmm") and self.order_at is None:
            raise ValueError(f"times written as '{written}' need 'order_at': the date and hour of the order")
        if written in ("date", "hhmm") and getattr(self.arrival, "starts_min", None):
            raise ValueError("'starts_min' is for times that are numbers; dates count from 'order_at'")
        return self
