"""What the report is made from: the prepared scenario and its runs, handed over in the report's terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import geopandas as gpd
import shapely
from sumolib.net import Net

from evac import __version__, sumo
from evac.demand.orders import is_staged
from evac.driving_side import drives_on_left
from evac.network.street_names import street_of
from evac.report.closed_exits import closed_words
from evac.report.danger import RoadsInDanger, lines_of_front
from evac.report.inputs import FailedRun, PlanPicture, ReportInput, ReportPlan, ReportRun, WaysOut
from evac.report.plan_map import roads_of, spots_of
from evac.report.results import case_results, headline
from evac.report.settings import load_settings
from evac.study import Plans, Study
from evac.study.bounds import bounds_of
from evac.study.prepare import Prepared
from evac.study.under_plan import UnderPlan
from evac.study.variants import switches_off

_KPH = 3.6


def report_input(prepared: Prepared, plans: Plans, study: Study, compare: tuple[str, str] | None = None) -> ReportInput:
    """Return everything that the report of a study shows.

    Parameters
    ----------
    prepared, plans, study
        What was simulated.
    compare
        The plan that the report shows, and the one that it compares it with; the last against the first when None.
    """
    model = prepared.loaded.model
    shown, against = compare or _headline_plans(study, plans)
    runs, coarse = (
        [
            ReportRun(
                run.case, run.job, run.manifest(), run.ledger(), run.folder, run.lanes_folder / "bottlenecks.parquet"
            )
            for run in some
        ]
        for some in (study.runs, study.coarse)
    )
    return ReportInput(
        scenario=model,
        runs=tuple(runs),
        streets=prepared.street_map.streets(),
        households=prepared.homes,
        zones=prepared.households.zones(),
        accounts=prepared.households.accounts(),
        edges=edge_lines([prepared.net, *(under.net for under in plans.values())]),
        exits=prepared.exits,
        findings=tuple(prepared.findings),
        sources=_sources(prepared),
        versions={
            "evac": __version__,
            "SUMO": sumo.version(),
        },
        area=prepared.area,
        plan=shown,
        compared_with=against,
        plans={key: _plan(prepared, under) for key, under in plans.items()},
        settings=load_settings(prepared.loaded.folder),
        failed=tuple(FailedRun(failure.case, failure.message) for failure in study.failures),
        imprecise=study.imprecise,
        ways_out=WaysOut(prepared.ways_out, prepared.exits),
        front_lines=_front_lines(prepared, plans),
        coarse=tuple(coarse),
        has_signals=any(net.getTrafficLights() for net in (prepared.net, *(under.net for under in plans.values()))),
        sequential=study.sequential,
        moderated=study.moderated,
        unhelped=study.unhelped,
        dark=study.dark,
    )


def with_bounds(report: ReportInput, prepared: Prepared, plans: Plans) -> ReportInput:
    """Return a report's input with what no plan can beat, beside the run that its headline shows."""
    case = headline(report, case_results(report)).run.case
    return replace(report, bounds=bounds_of(prepared, plans[case.plan], case))


def plan_picture(prepared: Prepared, under: UnderPlan) -> PlanPicture:
    """Return what the map of a plan shows."""
    changes, cut_off = under.overlay.changes, under.cut_off
    return PlanPicture(
        name=under.plan.model.name,
        roads=roads_of(changes, (under.net, prepared.net)),
        spots=spots_of(changes),
        cut_off=gpd.GeoDataFrame(cut_off, geometry=gpd.points_from_xy(cut_off["lon"], cut_off["lat"]), crs="EPSG:4326"),
        exits=gpd.GeoDataFrame(
            {
                "name": [item.name for item in prepared.exits],
                "closed": [closed_words(under.closed_exits, item.name) for item in prepared.exits],
            },
            geometry=[shapely.Point(item.lon, item.lat) for item in prepared.exits],
            crs="EPSG:4326",
        ),
        streets=prepared.street_map.streets(),
        lefthand=drives_on_left(prepared.loaded.model.traffic.country),
    )


def _headline_plans(study: Study, plans: Plans) -> tuple[str, str | None]:
    """Return the plan that the headline shows, and the one that it is compared with: the last against the first."""
    run = [plan for plan in plans if any(item.case.plan == plan for item in study.runs)] or list(plans)
    return run[-1], run[0] if len(run) > 1 else None


def _plan(prepared: Prepared, under: UnderPlan) -> ReportPlan:
    picture, model = plan_picture(prepared, under), under.plan.model
    return ReportPlan(
        key=under.plan.key,
        name=model.name,
        note=model.note,
        actions=tuple(item.action.in_words() for item in under.plan.actions),
        resources=under.plan.resources.model_dump(),
        changes=tuple(under.overlay.changes),
        picture=None if picture.is_empty else picture,
        extends=model.extends,
        loses_roads=bool(under.overlay.timetable.states().lost),
        in_waves=is_staged(under.orders, prepared.homes["zone"].unique()),
        danger=RoadsInDanger.of(under.reached),
        closed_exits=under.closed_exits,
        signals_off=sum(switches_off(item.action) for item in under.plan.actions),
    )


def _front_lines(prepared: Prepared, plans: Plans) -> gpd.GeoDataFrame:
    """Return where the hazard's front is over time."""
    reached = [under.reached.arrival_s for under in plans.values() if under.reached is not None]
    last_s = max((time_s for times in reached for time_s in times.values()), default=0.0)
    bounds = tuple(prepared.street_map.streets().to_crs("EPSG:4326").total_bounds)
    return lines_of_front(prepared.loaded.model.hazard, bounds, last_s)


def edge_lines(nets: Sequence[Net]) -> gpd.GeoDataFrame:
    """Return the edges of the nets, each as the first net has it, as `ReportInput.edges`."""
    edges = {edge.getID(): (edge, net) for net in reversed(nets) for edge in net.getEdges(withInternal=False)}
    found = [edges[name] for name in sorted(edges)]
    lines = [shapely.LineString([net.convertXY2LonLat(x, y) for x, y, *_ in edge.getShape()]) for edge, net in found]
    columns = {
        "edge": [edge.getID() for edge, _ in found],
        "name": [street_of(edge) for edge, _ in found],
        "lanes": [edge.getLaneNumber() for edge, _ in found],
        "speed_kph": [round(edge.getSpeed() * _KPH, 1) for edge, _ in found],
        "length_m": [edge.getLength() for edge, _ in found],
    }
    return gpd.GeoDataFrame(columns, geometry=lines, crs="EPSG:4326")


def _sources(prepared: Prepared) -> Mapping[str, str]:
    about = prepared.street_map.info()
    source, model = about["source"], prepared.loaded.model
    date = f", data of {source['data_timestamp']}" if source["data_timestamp"] else ""
    zones = model.households.zones
    found = {
        "roads": f"{source['file']}{date}, sha256 {source['sha256'][:16]}…; {about['attribution']}",
        "households": f"{zones.file.name}, column '{zones.count}'",
    }
    if model.households.dwellings.file:
        found["dwellings"] = model.households.dwellings.file.name
    return found
