"""Tables of movement: who leaves home when, by which exit in which hour, and how the roads are at set times."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import geopandas as gpd
import pandas as pd

from evac import clock
from evac.projection import utm_of
from evac.report.estimates import case_columns
from evac.report.results import CaseResult
from evac.seals import require_file

_TRIP_STEP_MIN = 15
_STATE_STEP_MIN = 30
_STREETS_A_STATE = 10
_EDGE_WINDOW_MIN = 5
"""What a row of `edges.parquet` stands for."""
_THERE_M = 10.0
_M_A_KM = 1000
_LEAST_QUEUE_VEH = 1.0


def trip_generation(cases: Sequence[CaseResult]) -> pd.DataFrame:
    """Return planned vehicles that are ready to leave, have got onto the street, and are out, every quarter of an hour.

    Counts are cumulative; `…_share` is of all planned vehicles.
    """
    return _joined(cases, _trip_rows)


def _trip_rows(case: CaseResult) -> pd.DataFrame:
    curve = pd.read_parquet(require_file(case.run.folder / "curve.parquet"))
    last = curve["minute"] == curve["minute"].max()
    rows = curve[(curve["minute"] % _TRIP_STEP_MIN == 0) | last]
    counts = ("departed", "entered", "evacuated", "in_refuge")
    shares = {f"{name}_share": rows[name] / max(case.shown.planned, 1) for name in counts}
    found: pd.DataFrame = rows.assign(**shares)
    return found


def exits_by_hour(cases: Sequence[CaseResult]) -> pd.DataFrame:
    """Return how many planned vehicles leave by each exit in each hour, and which fraction that is.

    `share_of_hour` is of those who leave in this hour, `share_of_planned` of all planned vehicles; an exit that nobody
    takes in an hour has a row of zero.
    """
    return _joined(cases, _exit_rows)


def _exit_rows(case: CaseResult) -> pd.DataFrame:
    out = evacuated(case)
    hours = range(int(out["evacuated_s"].max() // clock.HOUR_S) + 1) if len(out) else range(1)
    index = pd.MultiIndex.from_product([case.run.manifest["exits"], hours], names=["exit", "hour"])
    counts = out.groupby(["exit", (out["evacuated_s"] // clock.HOUR_S).astype(int).rename("hour")]).size()
    rows = counts.reindex(index, fill_value=0).rename("vehicles").reset_index()
    in_hour = rows.groupby("hour")["vehicles"].transform("sum")
    return rows.assign(
        from_h=rows["hour"],
        until_h=rows["hour"] + 1,
        share_of_hour=rows["vehicles"] / in_hour.where(in_hour > 0),
        share_of_planned=rows["vehicles"] / max(case.shown.planned, 1),
    ).drop(columns="hour")


def evacuated(case: CaseResult) -> pd.DataFrame:
    """Return the planned vehicles of the shown run that are out: `zone`, `exit`, `evacuated_s`."""
    columns = ["zone", "ordered", "exit", "evacuated_s"]
    table = pd.read_parquet(require_file(case.run.folder / "vehicles.parquet"), columns=columns)
    return table[table["ordered"] & table["evacuated_s"].notna()].astype({"exit": str})


def passing(case: CaseResult, edges: gpd.GeoDataFrame, places: Sequence[tuple[float, float]]) -> list[float]:
    """Return how many vehicles pass each of some places (WGS 84) in the shown run: on the busiest road there."""
    crs = utm_of(edges)
    lines, points = edges.to_crs(crs), gpd.points_from_xy(*zip(*places, strict=True), crs="EPSG:4326").to_crs(crs)
    vehicles = lines["edge"].map(_driven(case)).fillna(0.0).to_numpy()
    place, line = lines.sindex.query(points, predicate="dwithin", distance=_THERE_M)
    return [float(vehicles[line[place == number]].max(initial=0.0)) for number in range(len(places))]


def _driven(case: CaseResult) -> pd.Series:
    """Return how many vehicles passed each edge in the shown run; its last window ends with it."""
    columns = ["edge", "from_s", "flow_veh_per_h"]
    table = pd.read_parquet(require_file(case.run.folder / "edges.parquet"), columns=columns).astype({"edge": str})
    left_s = case.run.manifest["end_s"] - table["from_s"]
    span_h = left_s.clip(upper=_EDGE_WINDOW_MIN * clock.MINUTE_S) / clock.HOUR_S
    return pd.Series(table["flow_veh_per_h"] * span_h).groupby(table["edge"]).sum()


def states(cases: Sequence[CaseResult], edges: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return how the roads are every half hour: vehicles on the road, at home waiting, in queues, and the mean speed.

    Speed and queues are means over the five minutes that end then; the speed is that of all vehicles on the road.
    """
    length_km = edges.set_index("edge")["length_m"] / _M_A_KM
    return _joined(cases, lambda case: _state_rows(case, length_km))


def _state_rows(case: CaseResult, length_km: pd.Series) -> pd.DataFrame:
    curve = pd.read_parquet(require_file(case.run.folder / "curve.parquet")).set_index("minute")
    at = _set_times(case)
    rows = _edge_states(case, at)
    # Where nobody drove there are no rows, and no numbers to map.
    of_edge_km = rows["edge"].map(length_km).astype(float)
    rows["present_veh"] = (rows["density_veh_per_km"] * of_edge_km).where(rows["speed_mps"].notna())
    rows["veh_mps"] = rows["present_veh"] * rows["speed_mps"]
    totals = rows.groupby("at_min")[["queue_veh", "present_veh", "veh_mps"]].sum().reindex(at, fill_value=0.0)
    counts = curve.reindex(at).ffill().astype(int)
    return pd.DataFrame(
        {
            "at_min": at,
            "on_the_road": (counts["entered"] - counts["evacuated"] - counts["in_refuge"]).to_numpy(),
            "waiting_at_home": (counts["departed"] - counts["entered"]).to_numpy(),
            "out": counts["evacuated"].to_numpy(),
            "in_refuge": counts["in_refuge"].to_numpy(),
            "in_queues_veh": totals["queue_veh"].to_numpy(),
            "mean_speed_mps": (totals["veh_mps"] / totals["present_veh"].where(totals["present_veh"] > 0)).to_numpy(),
        }
    )


def street_states(cases: Sequence[CaseResult], edges: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the longest queues every half hour, ten streets at most, with their speed, density and flow."""
    names = edges.set_index("edge")["name"]
    return _joined(cases, lambda case: _street_rows(case, names))


def _street_rows(case: CaseResult, names: pd.Series) -> pd.DataFrame:
    rows = _edge_states(case, _set_times(case))
    rows = rows[rows["queue_veh"] >= _LEAST_QUEUE_VEH].sort_values(["at_min", "queue_veh"], ascending=[True, False])
    rows = rows.groupby("at_min").head(_STREETS_A_STATE)
    street = rows["edge"].map(names)
    columns = ["at_min", "street", "edge", "queue_veh", "speed_mps", "density_veh_per_km", "flow_veh_per_h"]
    return rows.assign(street=street.fillna(rows["edge"]))[columns]


def _set_times(case: CaseResult) -> list[int]:
    return list(range(0, int(case.run.manifest["end_s"] // clock.MINUTE_S) + 1, _STATE_STEP_MIN))


def _edge_states(case: CaseResult, at_min: Sequence[int]) -> pd.DataFrame:
    """Return the rows of `edges.parquet` that end at set times, with `at_min`: at the order there are none."""
    table = pd.read_parquet(require_file(case.run.folder / "edges.parquet")).astype({"edge": str})
    table = table.assign(at_min=table["from_s"] // clock.MINUTE_S + _EDGE_WINDOW_MIN)
    return table[table["at_min"].isin(at_min)]


def _joined(cases: Sequence[CaseResult], rows_of: Callable[[CaseResult], pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all cases, each with what names its case and the seed that is shown."""
    parts = []
    for case in cases:
        rows, named = rows_of(case), {**case_columns(case), "seed": case.shown.seed}
        parts.append(rows.assign(**named)[[*named, *rows.columns]])
    return pd.concat(parts, ignore_index=True)


def busiest_hour(times: pd.Series) -> int:
    """Return the most vehicles that leave within any 60 minutes."""
    upto = times.searchsorted(times + clock.HOUR_S, side="left")
    return int((upto - range(len(times))).max()) if len(times) else 0
