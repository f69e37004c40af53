"""The report's tables, from the runs' manifests and Parquet files: bottleneck lanes, queues, zones."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from evac import clock
from evac.measure.queues import MERGE
from evac.report.inputs import ReportInput, ReportRun
from evac.report.results import CaseResult, result_of
from evac.report.words import mark, say
from evac.seals import require_file

_EDGE_PERIOD_MIN = 5
"""Minutes that a row of `edges.parquet` stands for."""
_LEAST_QUEUE_VEH = 1.0
_WORDS_OF_TABLES = (
    *(mark("error"), mark("warning"), mark("note")),
    *(mark("building"), mark("address"), mark("point"), mark("frontage")),
    *(mark("exit"), mark("signal"), mark("plan's signal"), mark("officer"), mark("lane drop")),
    *(mark("merge"), mark("slower road"), mark("junction")),
    *(mark("whole"), mark("area"), mark("dwellings"), mark("outside"), mark("nothing")),
)
"""Words that tables of earlier stages have in their cells, as the report says them."""

_LOST = {
    "no_geometry": mark("in zones without a polygon"),
    "outside_area": mark("outside the ordered area"),
    "off_map": mark("off the map"),
    "over_water": mark("in zones over water"),
    "no_street": mark("in zones without a street"),
}
_HALF = 0.5  # a household


_MEASURED = [
    "bottleneck", "edge", "lane", "vehicles", "mean_veh_per_min", "queued_veh_per_min", "queue_min",
]  # fmt: skip
"""What a run's manifest has of a lane."""


@dataclass(frozen=True)
class LaneRate:
    """What passed one lane of a bottleneck in a run; rates in vehicles per minute, lanes counted from the kerb (0).

    `is_only`: no other lane is measured there.
    """

    bottleneck: str
    edge: str
    lane: int
    vehicles: int
    mean_veh_per_min: float
    queued_veh_per_min: float | None
    queue_min: int
    is_only: bool

    @property
    def name(self) -> str:
        """The lane as people name it; its place alone where no other lane is measured there."""
        if self.is_only:
            return self.bottleneck
        if self.lane == 0:
            return say("{place}, the lane at the kerb", place=self.bottleneck)
        return say("{place}, lane {number} from the kerb", place=self.bottleneck, number=self.lane + 1)


@dataclass(frozen=True)
class Holdup:
    """The lane that holds a case up most.

    Parameters
    ----------
    name
        Where it is.
    reason
        What holds the traffic up there (`measure.bottlenecks.Reason`).
    queue_min
        Minutes during which a queue had its head there.
    delay_veh_h
        Hours lost in these queues, all vehicles together.
    queued_veh_per_min
        What the lane passed while a queue stood; None where it isn't among the lanes measured in all runs.
    """

    name: str
    reason: str
    queue_min: int
    delay_veh_h: float
    queued_veh_per_min: float | None

    @property
    def wait_s(self) -> float | None:
        """How long who passes it while the queue stands has waited there, in the mean; None where the rate isn't known.

        By Little's law: hours lost over vehicles that have passed.
        """
        passed = (self.queued_veh_per_min or 0.0) * self.queue_min
        return self.delay_veh_h * clock.HOUR_S / passed if passed else None

    @property
    def is_slight(self) -> bool:
        """Whether the queue is too short to matter: people wait less than a minute in it."""
        return self.wait_s is not None and self.wait_s < clock.MINUTE_S


@dataclass(frozen=True)
class HeldLane:
    """A bottleneck lane in the case that is shown, and under the plan that it is compared with.

    Parameters
    ----------
    here, there
        What passes it; `there` is None without a plan to compare with.
    reason, delay_veh_h
        What holds the traffic up, and the hours lost behind it, all vehicles together; None where no queue was found,
        and but in the first row of a place that has several lanes.
    """

    here: LaneRate
    there: LaneRate | None
    reason: str | None
    delay_veh_h: float | None


@dataclass(frozen=True)
class Spot:
    """A named spot on the map, in degrees (EPSG:4326)."""

    name: str
    lon: float
    lat: float


def lane_rates(run: ReportRun) -> list[LaneRate]:
    """Return what passed each bottleneck lane: the scenario's, then those with the most delay in any run."""
    rows = run.manifest["lanes"]
    measured = Counter(row["edge"] for row in rows)
    several = {row["edge"] for row in rows if row["lane"] > 0 or measured[row["edge"]] > 1}
    return [LaneRate(**{name: row[name] for name in _MEASURED}, is_only=row["edge"] not in several) for row in rows]


def held_lanes(case: CaseResult, other: CaseResult | None) -> list[HeldLane]:
    """Return the lanes that are measured in a case, those of the most delay first."""
    found = {row["edge"]: row for row in reversed(case.run.manifest["found_bottlenecks"])}
    others = {} if other is None else {(lane.edge, lane.lane): lane for lane in lane_rates(other.run)}
    rows, told = [], set()
    for lane in lane_rates(case.run):
        held = found.get(lane.edge) if lane.edge not in told else None
        told.add(lane.edge)
        there = others.get((lane.edge, lane.lane))
        rows.append(HeldLane(lane, there, held and held["reason"], held and float(held["delay_veh_h"])))
    delay = {row.here.edge: row.delay_veh_h or 0.0 for row in reversed(rows)}
    return sorted(rows, key=lambda row: -delay[row.here.edge])


def held_elsewhere(case: CaseResult) -> list[str]:
    """Return what else holds a case up, a place each with its reason and the hours lost, the worst first."""
    measured = {lane.edge for lane in lane_rates(case.run)}
    return [
        say(
            "{place} ({reason}, {hours} h)",
            place=row["name"],
            reason=say(row["reason"]),
            hours=f"{row['delay_veh_h']:,.0f}",
        )
        for row in case.run.manifest["found_bottlenecks"]
        if row["edge"] not in measured
    ]


def holding_up(case: CaseResult) -> Holdup | None:
    """Return what holds the case up most; None where no queue costs people a minute."""
    worst = most_delay(case)
    return None if worst is None or worst.is_slight else worst


def most_delay(case: CaseResult) -> Holdup | None:
    """Return the head of the queues with the most delay, however little that is; None without queues."""
    if not case.run.manifest["found_bottlenecks"]:
        return None
    worst = case.run.manifest["found_bottlenecks"][0]
    lanes = [lane for lane in lane_rates(case.run) if lane.edge == worst["edge"]]
    slowest = max(lanes, key=lambda lane: lane.queue_min, default=None)
    name = slowest.name if slowest else worst["name"]
    rate = slowest.queued_veh_per_min if slowest else None
    return Holdup(name, worst["reason"], worst["queue_min"], worst["delay_veh_h"], rate)


def held_at(report: ReportInput) -> dict[str, tuple[float, float]]:
    """Return where each edge holds traffic up (longitude and latitude).

    That is its downstream end; or its beginning, where the run with the most delay there shows that traffic is held as
    it merges onto the edge.
    """
    worst: dict[str, tuple[float, str]] = {}
    for run in report.runs:
        for found in run.manifest["found_bottlenecks"]:
            here = (float(found["delay_veh_h"]), str(found["where"]))
            worst[found["edge"]] = max(worst.get(found["edge"], here), here)
    at_merge = {edge for edge, (_, where) in worst.items() if where == MERGE}
    edges = report.edges
    ends = shapely.get_point(np.asarray(edges.geometry), np.where(edges["edge"].isin(at_merge), 0, -1))
    return dict(zip(edges["edge"], map(tuple, shapely.get_coordinates(ends).tolist()), strict=True))


def bottleneck_spots(run: ReportRun, report: ReportInput) -> list[Spot]:
    """Return where a run's bottlenecks are, as `held_at` has it."""
    places = held_at(report)
    spots = {(row["bottleneck"], row["edge"]): places.get(row["edge"]) for row in run.manifest["lanes"]}
    return [Spot(name, *place) for (name, _), place in spots.items() if place is not None]


def worst_spot(case: CaseResult, report: ReportInput) -> Spot | None:
    """Return where the lane is that holds a case up most; None without queues."""
    found, worst = case.run.manifest["found_bottlenecks"], holding_up(case)
    place = held_at(report).get(found[0]["edge"]) if found else None
    return Spot(worst.name, *place) if worst and place else None


def lane_minutes(run: ReportRun) -> pd.DataFrame:
    """Return a run's vehicles over each bottleneck lane, ordered by bottleneck, lane and minute."""
    table = pd.read_parquet(require_file(run.lanes_file))
    return table.sort_values(["bottleneck", "edge", "lane", "minute"], ignore_index=True)


def queues(run: ReportRun, edges: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the edges where vehicles queued, longest queue first.

    Columns: `edge`, `name`, `geometry`, `queue_veh` (longest five-minute mean), `at_min` (when: minutes after the
    order), `queue_min` (time with at least one vehicle queueing).
    """
    table = pd.read_parquet(require_file(run.folder / "edges.parquet"), columns=["edge", "from_s", "queue_veh"])
    table = table[table["queue_veh"] >= _LEAST_QUEUE_VEH]
    worst = table.sort_values(["queue_veh", "from_s"], ascending=[False, True]).drop_duplicates("edge")
    minutes = table.groupby("edge").size() * _EDGE_PERIOD_MIN
    worst = worst.assign(at_min=worst["from_s"] / clock.MINUTE_S, queue_min=worst["edge"].map(minutes))
    joined = edges.merge(worst.drop(columns="from_s"), on="edge")
    return joined.sort_values(["queue_veh", "edge"], ascending=[False, True], ignore_index=True)


def worst_streets(queued: gpd.GeoDataFrame, number: int) -> list[dict[str, Any]]:
    """Return the streets with the longest queues, each by its worst edge; streets without a name by their edge."""
    named = queued.assign(street=queued["name"].where(queued["name"].fillna("").astype(str) != "", queued["edge"]))
    worst = named.drop_duplicates("street").head(number).drop(columns="geometry")
    rows: list[dict[str, Any]] = worst.to_dict("records")
    return rows


def placed_on(households: gpd.GeoDataFrame) -> dict[str, str]:
    """Return, for each zone, on what its households are placed: `building 398, frontage 2`."""
    return {
        str(zone): ", ".join(f"{say(str(kind))} {number}" for kind, number in kinds.value_counts().items())
        for zone, kinds in households.groupby("zone", sort=True)["placed_on"]
    }


def accounts_rows(accounts: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what became of the households given: in all, and of zones where some are lost or counted twice."""
    if accounts.empty:
        return []
    numbers = accounts[["given", "planned", *_LOST, "counted_twice"]]
    telling = (numbers[[*_LOST, "counted_twice"]] >= _HALF).any(axis=1)
    rows = [
        (say("all zones"), numbers.sum()),
        *zip(accounts.loc[telling, "zone"], _rows(numbers[telling]), strict=True),
    ]
    return [
        {
            "zone": zone,
            **{column: float(row[column]) for column in ("given", "planned", "counted_twice")},
            "lost": ", ".join(f"{row[loss]:,.0f} {say(words)}" for loss, words in _LOST.items() if row[loss] >= _HALF),
        }
        for zone, row in rows
    ]


def _rows(numbers: pd.DataFrame) -> list[pd.Series]:
    return [row for _, row in numbers.iterrows()]


def lane_long_table(report: ReportInput) -> pd.DataFrame:
    """Return the lane rates of all runs, a row a minute and lane: the content of `bottlenecks.csv`."""
    return pd.concat([_described(run, _per_minute(run)) for run in report.runs], ignore_index=True)


def lane_summary_table(report: ReportInput) -> pd.DataFrame:
    """Return the two mean rates of each lane in each run: the content of `bottleneck_summary.csv`."""
    tables = [pd.DataFrame([asdict(lane) for lane in lane_rates(run)], columns=_MEASURED) for run in report.runs]
    described = [_described(run, table) for run, table in zip(report.runs, tables, strict=True)]
    return pd.concat([table.astype({"queued_veh_per_min": "float64"}) for table in described], ignore_index=True)


def _per_minute(run: ReportRun) -> pd.DataFrame:
    table = lane_minutes(run).rename(columns={"vehicles": "veh_per_min"})
    return table[["bottleneck", "edge", "lane", "minute", "veh_per_min", "speed_mps", "occupancy_percent", "queued"]]


def _described(run: ReportRun, table: pd.DataFrame) -> pd.DataFrame:
    result = result_of(run)
    case: dict[str, Any] = {
        "job": run.job,
        "plan": run.case.plan,
        "vehicles_per_household": run.case.vehicles_per_household,
        "departure": run.case.departure,
        "seed": run.case.seed,
        "capacity_factor": run.case.capacity_factor,
        "signals": run.case.signals,
        "trusted": result.trusted,
        "reasons": result.doubt,
    }
    return table.assign(**case)[[*case, *table.columns]]
