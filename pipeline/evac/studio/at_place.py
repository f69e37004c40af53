"""A place as the page shows it: picture, findings, plans with what they change, runs. Stands on the façade alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

import evac
from evac.amending import exit_in_words, exits_in_words, require_exits, unused_exits, ways_of
from evac.audit.lanes import SATURATION_VEH_PER_H
from evac.errors import Problem, SourceError, UserError
from evac.kept_run import KeptRun
from evac.new_place import extract_roads, extract_towns, find_place, read_area
from evac.plans import BASELINE
from evac.studio.as_json import plain
from evac.studio.plan_file import actions_of
from evac.studio.told import problem_of

Tell = Callable[[str], None]
PICTURE_VERSION = 6
"""Of what `AtPlace.picture` returns: pictures that were kept by another version are made again."""
_DIGITS = 6
"""Of a degree: a tenth of a metre."""
_SIMPLER_DEG = 3e-6
"""A third of a metre: less than a pixel when zoomed to a street."""
_DRAWN_IN = "EPSG:3857"
_MIDDLE_WITHIN_M = 5.0
_MOST_PLANS, _MOST_SEEDS = 8, 10
_USUAL_SEARCH_MIN, _MOST_IN_A_SEARCH = 15, 10_000
_STEP_S = 300
"""Of the streets' table."""
_LEAST_QUEUE = 0.5
_COARSE = "meso"
_COUNTS = (
    "evacuated",
    "in_refuge",
    "driving",
    "waiting",
    "no_route",
    "exposed",
    "exposed_vehicle_min",
    "households_not_out",
)
_OF_HAZARDS = ("name", "kind", "note", "notice_min")
_FIDELITIES = ("micro", _COARSE)
_INSTEAD = (
    "write it more exactly, with county and country; or choose an extract that is on this machine, and draw the area"
)


class AtPlace:
    """A place that is kept prepared.

    Parameters
    ----------
    scenario
        The place's folder.
    workspace
        Where the cache is.
    """

    def __init__(self, scenario: Path, workspace: Path) -> None:
        self._scenario = scenario
        self._workspace = workspace
        self._stamp = ""
        self._place: evac.Place | None = None

    def picture(self, tell: Tell, stamp: str) -> dict[str, Any]:
        """Return what the map shows: roads, area, zones, exits, junctions, and where it opens."""
        place = self._ready(tell, stamp)
        tell("Drawing the map")
        roads, zones, exits = place.roads(), place.zones(), place.exits()
        most = exits["veh_per_h"].fillna(exits["lanes"] * SATURATION_VEH_PER_H)
        zones = zones[zones["clipped_by"] != "outside"]
        shown = [place.area(), *zones.geometry, *exits.geometry]
        return {
            "name": place.name,
            "note": " ".join(place.scenario.note.split()),
            "bounds": [round(float(value), _DIGITS) for value in gpd.GeoSeries(shown).total_bounds],
            "cases": {"vehicles": place.vehicles, "departures": place.departures, "seeds": place.scenario.seeds},
            "roads": _features(roads.assign(geometry=roads.geometry.simplify(_SIMPLER_DEG))),
            "closed": _features(place.closed_roads()),
            "junctions": _features(place.junctions()),
            "area": _features(gpd.GeoDataFrame(geometry=[place.area()])),
            "zones": _features(zones[["zone", "households", "connected", "unconnected", "geometry"]]),
            "zone_names": _features(zones[["zone", "geometry"]].set_geometry(_middles(zones.geometry))),
            "exits": _features(exits[["exit", "lanes", "veh_per_h", "geometry"]].assign(most_veh_per_h=most)),
            "unused": _features(unused_exits(place)),
            "none": _features(place.roads_without_exit()),
            "households": int(zones["households"].sum()),
            "hazard": place.scenario.hazard and {name: getattr(place.scenario.hazard, name) for name in _OF_HAZARDS},
            "refuges": _features(place.refuges()),
            "bus_stops": _features(place.bus_stops()),
            "fleets": [fleet.model_dump() for fleet in place.scenario.buses.fleets] if place.scenario.buses else [],
        }

    def findings(self, tell: Tell, stamp: str) -> dict[str, Any]:
        """Return the findings of the check, the gravest first."""
        place = self._ready(tell, stamp)
        tell("Checking the map")
        return _features(place.findings())

    def diff(self, tell: Tell, stamp: str, plan: str) -> dict[str, Any]:
        """Return what a plan changes, cuts off and takes, and when the hazard reaches which roads."""
        place = self._ready(tell, stamp)
        tell("Laying the plan over the network")
        under = place.under(plan)
        return {
            "changes": _features(under.changes()),
            "cut_off": _features(under.cut_off()),
            "closed_exits": [plain(row) for row in under.closed_exits().to_dict("records")],
            "reached": plain(under.reached().set_index("edge")["arrival_s"].to_dict()),
            "warnings": list(under.warnings),
            "resources": under.resources,
        }

    def exits_in_words(self, tell: Tell, stamp: str) -> list[dict[str, Any]]:
        """Return the ways out as the scenario's file has or would have them."""
        return exits_in_words(self._ready(tell, stamp))

    def exit_in_words(
        self, tell: Tell, stamp: str, name: str, where: Mapping[str, Any], veh_per_h: float | None
    ) -> dict[str, Any]:
        """Return a way out that isn't one yet, as the scenario's file would have it."""
        return exit_in_words(self._ready(tell, stamp), name, where, veh_per_h)

    def require_exits(self, tell: Tell, stamp: str, exits: list[dict[str, Any]]) -> None:
        """Refuse ways out that make no sense."""
        require_exits(self._ready(tell, stamp), exits)

    def ways(self, tell: Tell, stamp: str, ids: list[int]) -> list[dict[str, Any]]:
        """Return what the map says of ways, by their ids."""
        return [plain(way) for way in ways_of(self._ready(tell, stamp), ids)]

    def bound(self, tell: Tell, stamp: str, job: str) -> dict[str, Any]:
        """Return what no plan can beat, beside a finished run.

        `t90_s`: the earliest time at which 90 % can be out, by the bounds' names, and `streets`, which make that of the
        run's own plan. Empty where the run is of another state of the place or the plan, or isn't simulated car by car.
        """
        place = self._ready(tell, stamp)
        tell("Working out what no plan can beat")
        (row,) = place.runs().query("job == @job").to_dict("records")
        plan, seed = str(row["plan"]), int(row["seed"])
        vehicles, departure = str(row["vehicles_per_household"]), str(row["departure"])
        if row["fidelity"] != "micro" or row["capacity_factor"] != 1.0 or plan not in place.plan_names:
            return {}
        now = place.finished([plan], vehicles=[vehicles], departures=[departure], seeds=[seed])
        if job not in [run.job for run in now.runs]:
            return {}
        found = place.under(plan, vehicles=vehicles, departure=departure).bounds(seed=seed)
        times = found.table().set_index("bound")["t90_s"]
        streets = found.holding()[["street", "lanes", "earlier_min", "lon", "lat"]]
        return {
            "t90_s": {name: plain(value) for name, value in times.items()},
            "streets": [plain(street) for street in streets.to_dict("records")],
        }

    def find(self, tell: Tell, name: str) -> dict[str, Any]:
        """Return the area that a name means."""
        tell("Asking OpenStreetMap")
        try:
            found = find_place(name, self._workspace)
        except (SourceError, UserError) as error:
            problems = [error.problem] if isinstance(error, SourceError) else error.problems
            raise UserError([Problem(item.where, item.what, _INSTEAD) for item in problems]) from error
        area = gpd.GeoDataFrame(geometry=[found.geometry], crs="EPSG:4326")
        bounds = [round(float(value), _DIGITS) for value in area.total_bounds]
        return {"name": found.name, "area": _features(area), "bounds": bounds}

    def area(self, tell: Tell, path: str) -> dict[str, Any]:
        """Return an area as it will be understood, its square kilometres, and where its outline crosses itself."""
        tell("Reading the area")
        found = read_area(path)
        area = gpd.GeoDataFrame(geometry=[found.geometry], crs="EPSG:4326")
        bounds = [round(float(value), _DIGITS) for value in area.total_bounds]
        crossings = [[round(spot.x, _DIGITS), round(spot.y, _DIGITS)] for spot in found.crossings]
        return {"area": _features(area), "bounds": bounds, "km2": found.km2, "crossings": crossings}

    def extract(self, tell: Tell, path: str) -> dict[str, Any]:
        """Return the roads of an extract, to draw an area on, the names of its towns, and where they are."""
        tell("Reading the extract")
        roads, towns = extract_roads(path), extract_towns(path)
        if roads.empty:
            raise UserError(Problem(Path(path).name, "has no roads for cars", "take an extract of the whole map"))
        bounds = [round(float(value), _DIGITS) for value in roads.total_bounds]
        return {"roads": _features(roads), "towns": _features(towns), "bounds": bounds}

    def _ready(self, tell: Tell, stamp: str) -> evac.Place:
        """Return the place, prepared; again when its files have changed since."""
        if self._place is None or self._stamp != stamp:
            place = evac.open(self._scenario, workspace=self._workspace)
            self._place = place.prepare(lambda progress: tell(progress.text))
            self._stamp = stamp
        return self._place


def checked(place: evac.Place, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is to be run, complete, with the plans' own `names`, after a look whether it can be.

    Raises
    ------
    UserError
        There is no such plan or case, or a plan's file is wrong.
    """
    names = asked.get("plans")
    if not isinstance(names, list) or not 0 < len(names) <= _MOST_PLANS:
        raise UserError(Problem("plans", f"expected 1 to {_MOST_PLANS} names of plans", "choose the plans to run"))
    unknown = [str(name) for name in names if name not in place.plan_names]
    if unknown:
        known = ", ".join(place.plan_names)
        raise UserError(Problem("plans", f"there is no plan {', '.join(map(repr, unknown))}", f"known: {known}"))
    seeds, fidelity = asked.get("seeds", [place.scenario.seeds[0]]), asked.get("fidelity", "micro")
    names = _with_fitted(names, fidelity)
    under = [place.under(name, vehicles=asked.get("vehicles"), departure=asked.get("departure")) for name in names]
    if not isinstance(seeds, list) or not seeds or not all(type(seed) is int and seed >= 0 for seed in seeds):
        raise UserError(Problem("seeds", f"expected whole numbers, got {seeds}", "such as 1, 2, 3"))
    if fidelity not in _FIDELITIES:
        raise UserError(Problem("fidelity", f"there is no '{fidelity}'", " or ".join(_FIDELITIES)))
    return {
        "plans": names,
        "names": [item.name for item in under],
        "vehicles": under[0].vehicles,
        "departure": under[0].departure,
        "seeds": seeds[:_MOST_SEEDS],
        "fidelity": fidelity,
        "report": asked.get("report") is True,
    }


def _with_fitted(plans: list[str], fidelity: Any) -> list[str]:
    """Return plans with the one first that the coarse model is fitted to: always the baseline, whatever is screened.

    A plan that is screened alone would be fitted to itself; beside the baseline it takes one run of every car, by which
    the error is measured.
    """
    return list(dict.fromkeys([BASELINE, *plans])) if fidelity == _COARSE else plans


def checked_search(place: evac.Place, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a plan is searched with, complete, after a look whether it can be.

    Raises
    ------
    UserError
        There is no such case, or a number is none.
    """
    numbers = {name: asked.get(name, 0) for name in ("officers", "cones", "barricades")}
    numbers["within_min"] = asked.get("within_min", _USUAL_SEARCH_MIN)
    problems = [
        Problem(name, f"found {number}, expected a whole number up to {_MOST_IN_A_SEARCH:,}", "say how many there are")
        for name, number in numbers.items()
        if type(number) is not int or not 0 <= number <= _MOST_IN_A_SEARCH
    ]
    if problems:
        raise UserError(problems)
    under = place.under(vehicles=asked.get("vehicles"), departure=asked.get("departure"))
    return {"kind": "search", "plans": [], **numbers, "vehicles": under.vehicles, "departure": under.departure}


def run(kept: KeptRun) -> dict[str, Any]:
    """Return what a finished run says: curve, lane rates, where it is held up, zones, and whether it is trusted."""
    manifest, ledger, curve = kept.manifest, kept.ledger, kept.curve()
    return {
        "job": kept.folder.name,
        "planned": manifest["planned"],
        "counts": {name: manifest.get(name) for name in _COUNTS},
        "times_s": {share: manifest[f"t{share}_s"] for share in ("50", "90", "95", "100")},
        "curve": {name: curve[name].tolist() for name in ("minute", "departed", "entered", "evacuated")},
        "lanes": manifest["lanes"],
        "bottlenecks": manifest["found_bottlenecks"],
        "zones": manifest["zones"],
        "exits": manifest["exits"],
        "trusted": ledger["trusted"],
        "reasons": ledger["reasons"],
        "caveats": ledger["caveats"],
    }


def editable(place: evac.Place, key: str, text: str) -> dict[str, Any]:
    """Return a plan as the page edits it: its own actions as its file has them, beside their words and places.

    Parameters
    ----------
    place
        The place.
    key
        The plan's key.
    text
        The plan's file.
    """
    found = plan(place, key)
    own = actions_of(text)
    actions = found.get("actions") or [_as_written(given) for given in own]
    first = len(actions) - len(own)
    found["inherited"], found["actions"] = actions[:first], actions[first:]
    for action, given in zip(found["actions"], own, strict=True):
        action["given"] = given if isinstance(given, dict) else {}
    return {**found, "text": text}


def _as_written(given: Any) -> dict[str, Any]:
    """Return an action of a plan that has a mistake, as far as its file has words for it."""
    words = next((str(given[key]) for key in ("label", "do") if given.get(key)), "") if isinstance(given, dict) else ""
    return {"label": words or "…", "action": words or "…"}


def check_plan(place: evac.Place, path: Path) -> None:
    """Read a plan's file; whether it fits the network is told when it is laid over it.

    Raises
    ------
    UserError
        It is no plan.
    """
    place.under(path)


def queues(kept: KeptRun) -> dict[str, Any]:
    """Return where vehicles queue in a finished run, street by street, every five minutes.

    `step_s` (how long a step is), `steps` (number of them), and `edges`: the mean number of queueing vehicles at each
    step on each edge where there ever was one.
    """
    table = kept.edges()
    steps = int(table["from_s"].max() // _STEP_S) + 1 if len(table) else 0
    table = table.assign(step=(table["from_s"] // _STEP_S).astype(int), queue=table["queue_veh"].round(1))
    held = table[table["queue"] >= _LEAST_QUEUE]
    edges: dict[str, list[float]] = {}
    for edge, step, queue in zip(held["edge"].astype(str), held["step"], held["queue"], strict=True):
        edges.setdefault(edge, [0.0] * steps)[step] = float(queue)
    return {"step_s": _STEP_S, "steps": steps, "edges": edges}


def plan(place: evac.Place, name: str) -> dict[str, Any]:
    """Return a plan with its actions and what it takes; one that can't be read says why."""
    try:
        under = place.under(name)
        above = _name_of(place, under.loaded.model.extends)
    except UserError as error:
        problems = [problem_of(problem, place.workspace) for problem in error.problems]
        return {"plan": name, "name": name, "problems": problems}
    return {
        "plan": name,
        "name": under.name,
        "note": " ".join(under.note.split()),
        "extends": above,
        "resources": under.resources,
        "actions": under.actions().to_dict("records"),
        "problems": [],
    }


def _name_of(place: evac.Place, key: str | None) -> str | None:
    return None if key is None else place.under(key).name


def _features(table: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return a table as GeoJSON that any browser reads: no NaN, coordinates to a tenth of a metre."""
    rows = table.drop(columns="geometry").to_dict("records")
    shapes = json.loads(shapely.to_geojson(shapely.GeometryCollection(list(table.geometry))))["geometries"]
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "id": number, "properties": plain(row), "geometry": _rounded(shape)}
            for number, (row, shape) in enumerate(zip(rows, shapes, strict=True))
        ],
    }


def _rounded(shape: dict[str, Any]) -> dict[str, Any]:
    return {"type": shape["type"], "coordinates": _rounded_all(shape["coordinates"])}


def _rounded_all(values: Any) -> Any:
    return round(values, _DIGITS) if isinstance(values, float) else [_rounded_all(item) for item in values]


def _middles(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return the spot of each shape that is the farthest from its edge on the map, where a name has the most room."""
    reaches = shapely.maximum_inscribed_circle(shapes.to_crs(_DRAWN_IN).to_numpy(), tolerance=_MIDDLE_WITHIN_M)
    return gpd.GeoSeries(shapely.get_point(reaches, 0), index=shapes.index, crs=_DRAWN_IN).to_crs(shapes.crs)
