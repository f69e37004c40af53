"""When the hazard reaches each road and each signal of a net, once for each net.

Folder of the cache, `hazards/<digest>/`: `roads.parquet`, a row an edge: `edge`, `arrival_s` (s after the order; absent
where the front never arrives), `guessed` (interpolated between observations), `outside` (some of it lies beyond the
edge of the rasters, which say nothing of it); `signals.parquet` likewise: `tls`, `arrival_s`; `slowed.parquet`, when
smoke or water makes traffic on which road how slow: `edge`, `from_s`, `until_s` (absent: to the end), `speed_kph`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from sumolib.net import Net

from evac import tables
from evac.errors import DataError, Problem
from evac.files import digest_json
from evac.fingerprint import fingerprint
from evac.hazards.dated import PerimeterFront, PointFront
from evac.hazards.fronts import Arrivals, Front
from evac.hazards.fuel import distances_m
from evac.hazards.raster import RasterFront
from evac.hazards.roads import RoadPoints, junction_points, points_along
from evac.hazards.slowing import slowed_roads
from evac.hazards.smoke import Haze, SmokeBehindFire, SmokeOverTime
from evac.hazards.turned import TurnedFront
from evac.hazards.water import DepthFront, GaugeFront, Water
from evac.inputs import Watched
from evac.network import Network
from evac.network.street_names import street_of
from evac.plans.reading import content_of, files_of
from evac.schema.hazard import ArrivalRaster, Hazard, Perimeters
from evac.schema.smoke import SmokeSeries
from evac.schema.water import DepthRasters, Gauge
from evac.seals import has_entry, sealed_directory

ROADS = pa.schema(
    [
        pa.field("edge", pa.string(), nullable=False),
        ("arrival_s", pa.float64()),
        pa.field("guessed", pa.bool_(), nullable=False),
        pa.field("outside", pa.bool_(), nullable=False),
    ]
)
_SLOWED = pa.schema(
    [
        pa.field("edge", pa.string(), nullable=False),
        pa.field("from_s", pa.float64(), nullable=False),
        ("until_s", pa.float64()),
        pa.field("speed_kph", pa.float64(), nullable=False),
    ]
)
_SIGNALS = pa.schema([pa.field("tls", pa.string(), nullable=False), ("arrival_s", pa.float64())])


@dataclass(frozen=True)
class Reached:
    """When the hazard reaches what of a net.

    Parameters
    ----------
    folder
        The folder of the cache.
    made_of
        Digest of what it was made of: the hazard's files and settings, and the net.
    pace
        Times after the order as a multiple of the given ones: 0.7 when the front comes 30 % earlier.
    """

    folder: Path
    made_of: str
    pace: float = 1.0

    @property
    def digest(self) -> str:
        """Of all that a run under it depends on."""
        return self.made_of if self.pace == 1.0 else digest_json({"reached": self.made_of, "pace": self.pace})

    @cached_property
    def _roads(self) -> pd.DataFrame:
        return tables.read_table(self.folder / "roads.parquet", ROADS)

    @property
    def unknown_edges(self) -> tuple[str, ...]:
        """The edges that are taken as never reached because some of them lies beyond the rasters' edge."""
        rows = self._roads
        return tuple(rows.loc[rows["outside"] & rows["arrival_s"].isna(), "edge"])

    @cached_property
    def roads(self) -> pd.DataFrame:
        """A row an edge that is ever reached: `edge`, `arrival_s`, `guessed`."""
        rows = self._roads.drop(columns="outside")
        rows = rows[rows["arrival_s"].notna()].reset_index(drop=True)
        return rows.assign(arrival_s=self._paced(rows["arrival_s"]))

    @cached_property
    def arrival_s(self) -> Mapping[str, float]:
        """When each edge that is ever reached is reached (s after the order)."""
        return dict(zip(self.roads["edge"], self.roads["arrival_s"], strict=True))

    @cached_property
    def signals_s(self) -> Mapping[str, float]:
        """When each signal that is ever reached is reached (s after the order)."""
        rows = tables.read_table(self.folder / "signals.parquet", _SIGNALS).dropna()
        return dict(zip(rows["tls"], self._paced(rows["arrival_s"]), strict=True))

    @cached_property
    def slowed(self) -> pd.DataFrame:
        """When traffic on which road is how slow: `edge`, `from_s`, `until_s` (missing: to the end), `speed_kph`."""
        rows = tables.read_table(self.folder / "slowed.parquet", _SLOWED)
        return rows.assign(from_s=self._paced(rows["from_s"]), until_s=self._paced(rows["until_s"]))

    def _paced(self, arrival_s: pd.Series) -> pd.Series:
        """Return times at this pace; what had come before the order has come."""
        return arrival_s.where(arrival_s < 0.0, arrival_s * self.pace)


def reached_roads(hazard: Hazard, network: Network, net: Net, cache: Path, *, where: str, pace: float = 1.0) -> Reached:
    """Return when a hazard reaches the roads and signals of a net; what the cache has isn't worked out again.

    Parameters
    ----------
    hazard
        The scenario's.
    network, net
        The net, and the same read.
    cache
        The cache's folder.
    where
        The scenario's file, for messages.
    pace
        Times after the order as a multiple of the given ones.

    Raises
    ------
    DataError
        Its files can't be used, no road is ever reached, or roads are reached before the order and shouldn't be.
    """
    watched = Watched.of([*files_of(hazard.arrival), *files_of(hazard.smoke), *files_of(hazard.fuels)])
    key = {
        "hazard": content_of(hazard.model_copy(update={"order_at": str(hazard.order_at)})),
        "net": network.digest,
        "version": fingerprint(),
    }
    digest = digest_json(key)
    target = cache / "hazards" / digest
    if not has_entry(target):
        front = front_of(hazard)
        roads = _of_edges(hazard, front, points_along(net, front.spacing_m))
        _check(hazard, roads, net, where)
        signals = _of_signals(hazard, front, net)
        slowed = _slowed(hazard, front, roads, net)
        with sealed_directory(target) as folder:
            tables.write_table(roads, ROADS, folder / "roads.parquet")
            tables.write_table(signals, _SIGNALS, folder / "signals.parquet")
            tables.write_table(slowed, _SLOWED, folder / "slowed.parquet")
            watched.require_unchanged()
    return Reached(target, digest, pace)


def front_of(hazard: Hazard) -> Front:
    """Return the front that a scenario's hazard names, turned where it says so."""
    front = _as_given(hazard)
    if hazard.turned_deg and isinstance(front, RasterFront | PerimeterFront | PointFront):
        return TurnedFront(front, front.begins, hazard.turned_deg)
    return front


def _as_given(hazard: Hazard) -> Front:
    settings = hazard.arrival
    where = "'hazard.arrival'" if isinstance(settings, DepthRasters) else f"{settings.file} ('hazard.arrival')"
    if isinstance(settings, ArrivalRaster):
        return RasterFront(settings, hazard.kind, where)
    if isinstance(settings, Perimeters):
        return PerimeterFront(settings, hazard.order_at, where)
    if isinstance(settings, Gauge):
        return GaugeFront(settings, where)
    if isinstance(settings, DepthRasters):
        return DepthFront(settings, where)
    return PointFront(settings, hazard.order_at, where)


def haze_of(hazard: Hazard, front: Front, latest_s: float) -> Haze | None:
    """Return the smoke of a hazard whose front reaches the last road at `latest_s` (s after the order), if any."""
    if isinstance(hazard.smoke, SmokeSeries):
        return SmokeOverTime(hazard.smoke, f"{hazard.smoke.file} ('hazard.smoke')")
    return SmokeBehindFire(hazard.smoke.turned(hazard.turned_deg), front, latest_s) if hazard.smoke else None


def _slowed(hazard: Hazard, front: Front, roads: pd.DataFrame, net: Net) -> pd.DataFrame:
    """Return when traffic on which road is how slow, for smoke and for water before it closes the road."""
    haze = haze_of(hazard, front, float(roads["arrival_s"].max()))
    water: Water | None = front if isinstance(front, DepthFront | GaugeFront) else None
    if haze is None and water is None:
        return tables.empty_table(_SLOWED)
    return slowed_roads(net, haze, water, hazard.roads_within_m)


def _arrivals(hazard: Hazard, front: Front, points: RoadPoints) -> Arrivals:
    """Return when the front is as near to each point as closes a road there."""
    found = front.arrivals(points.lon, points.lat, hazard.roads_within_m)
    if hazard.fuels is None:
        return found
    near_m = distances_m(hazard.fuels, points.lon, points.lat, hazard.roads_within_m)
    time_s = found.time_s.copy()
    for within_m in np.unique(near_m[near_m != hazard.roads_within_m]):
        mine = np.flatnonzero(near_m == within_m)
        time_s[mine] = front.at_s(points.lon[mine], points.lat[mine], float(within_m))
    is_guess = hazard.arrival.form in ("perimeters", "points")  # where another distance makes another time
    return Arrivals(time_s, found.guessed | (is_guess & (time_s != found.time_s)), found.outside)


def _of_edges(hazard: Hazard, front: Front, points: RoadPoints) -> pd.DataFrame:
    """Return when each edge is reached: with the first of its points."""
    found = _arrivals(hazard, front, points)
    order = np.lexsort((found.time_s, points.edge))
    first = order[np.searchsorted(points.edge[order], np.arange(len(points.edges)))]
    time_s = found.time_s[first]
    outside = np.zeros(len(points.edges), dtype=bool)
    if found.outside is not None:
        outside[points.edge[found.outside]] = True
    return pd.DataFrame({"edge": points.edges, "arrival_s": np.where(np.isfinite(time_s), time_s, np.nan)}).assign(
        guessed=found.guessed[first], outside=outside
    )


def _of_signals(hazard: Hazard, front: Front, net: Net) -> pd.DataFrame:
    controls = [
        (tls.getID(), node)
        for tls in net.getTrafficLights()
        for node in sorted({item[0].getEdge().getToNode().getID() for item in tls.getConnections()})
    ]
    points = junction_points(net, [node for _, node in controls])
    if not controls:
        return tables.empty_table(_SIGNALS)
    found = _arrivals(hazard, front, points)
    rows = pd.DataFrame({"tls": [tls for tls, _ in controls], "arrival_s": found.time_s})
    first: pd.DataFrame = rows.sort_values("arrival_s").drop_duplicates("tls").sort_values("tls", ignore_index=True)
    return first.replace({"arrival_s": {np.inf: np.nan}})


def _check(hazard: Hazard, roads: pd.DataFrame, net: Net, where: str) -> None:
    """Refuse a hazard that touches nothing, and one that has come before the order against what its author expects."""
    reached = roads[roads["arrival_s"].notna()]
    if reached.empty:
        what = f"'{hazard.name}' never reaches a road"
        remedy = "check its place and times, or give 'roads_within_m', the distance at which roads close"
        raise DataError(Problem(f"{where}: hazard", what, remedy))
    early = reached.loc[reached["arrival_s"] <= 0.0, "edge"]
    if len(early) and hazard.reached_before_order == "refuse":
        first_min = reached["arrival_s"].min() / 60.0
        names = sorted({street_of(net.getEdge(edge)) for edge in early})
        what = (
            f"has reached {len(early):,} of {len(roads):,} pieces of road when the order is given, the first "
            f"{-first_min:.3g} min before: {', '.join(names[:5])}"
        )
        remedy = "check 'starts_min' or 'order_at'; if it is so, say 'reached_before_order: closed'"
        raise DataError(Problem(f"{where}: hazard '{hazard.name}'", what, remedy))
