"""Everything that the runs of a scenario share: map, net, exits, households, named bottlenecks, and the audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sumolib.net import Net

from evac.archive.basis import input_files
from evac.audit import (
    Finding,
    audit_accounts,
    audit_country,
    audit_households,
    audit_mapping,
    audit_network,
    audit_repaired,
    audit_total,
)
from evac.audit.findings import by_rank
from evac.audit.ways_out import audit_ways_out, caveats, far_from
from evac.countries import Country, country_of
from evac.demand.background import check_through
from evac.demand.departures import curve_problems
from evac.demand.starts import FREE_CHOICE, Starts, StartsOf
from evac.errors import DataError, PlaceError, Problem, ScenarioError
from evac.hazards.refuges import ResolvedRefuge, resolve_refuges
from evac.households import Households, place_households
from evac.households.accounting import lost_by_reason
from evac.households.zones import read_area, read_zones
from evac.inputs import Watched
from evac.measure.bottlenecks import BottleneckLanes
from evac.measure.facts import RunFacts
from evac.network import Network, build_network, read_net
from evac.network.exits import Ground, ResolvedExit, require_reachable, resolve_exits
from evac.network.exits.behind import behind_exits
from evac.network.exits.decide import Decision
from evac.network.exits.on_net import apart_from_the_streets, exits_left_out
from evac.network.exits.record import RoadOut, WaysOutRecord
from evac.network.place_names import near_names
from evac.network.places import StreetIndex
from evac.osm import StreetMap, prepare_map
from evac.osm.source import check_source
from evac.scenario import LoadedScenario
from evac.schema.background import Background
from evac.schema.demand import VehiclesPerHousehold
from evac.schema.hazard import Hazard
from evac.schema.places import Bottleneck, ForbiddenExit, FoundExits, Place
from evac.schema.scenario import Scenario, vehicles_label

_FOUND = frozenset({"homes", "starts_of", "starting"})
"""What `Prepared` finds when it is asked for, and which takes a while."""


@dataclass(frozen=True)
class Prepared:
    """A scenario ready to run.

    Parameters
    ----------
    loaded
        The scenario.
    street_map, network, households
        The stages' folders in the cache.
    net
        The net, read.
    ground
        Its streets by name, and which of its roads lie in the area.
    exits
        The exits on the net.
    bottlenecks
        The scenario's bottlenecks on the net; empty when they are to be found.
    area
        The area ordered to leave (EPSG:4326).
    given
        The scenario as it was given, without what has been filled in since.
    ended
        Exits that the scenario names and behind which the road ends, with the reason.
    digests
        Digests of the input files that were read.
    refuges
        The refuges on the net.
    country
        The country that the place is in, where the scenario doesn't give it (`loaded` has it then all the same); None
        where it does, or on no country's land.
    """

    loaded: LoadedScenario
    street_map: StreetMap
    network: Network
    households: Households
    net: Net
    ground: Ground
    exits: tuple[ResolvedExit, ...]
    bottlenecks: tuple[BottleneckLanes, ...]
    area: shapely.Geometry
    given: LoadedScenario
    ways_out: WaysOutRecord
    digests: Mapping[Path, str]
    country: Country | None = None
    ended: tuple[RoadOut, ...] = ()
    refuges: tuple[ResolvedRefuge, ...] = ()

    @cached_property
    def homes(self) -> gpd.GeoDataFrame:
        """The households' table."""
        return self.households.table()

    @cached_property
    def starts_of(self) -> StartsOf:
        """Where the vehicles start on the net, by the exit that they are held to."""
        return Starts(self.homes, self.net, self.exits, self.refuges).when()

    def told_by(self, loaded: LoadedScenario, given: LoadedScenario, digests: Mapping[Path, str]) -> Prepared:
        """Return the same as another file tells it."""
        return self._with(loaded=loaded, given=given, digests=digests)

    def with_hazard(self, hazard: Hazard) -> Prepared:
        """Return the scenario with another hazard."""
        model = self.loaded.model.model_copy(update={"hazard": hazard})
        return self._with(loaded=replace(self.loaded, model=model))

    def _with(self, **changes: Any) -> Prepared:
        """Return the same but for what has no bearing on where households start, which then needn't be found again."""
        other = replace(self, **changes)
        other.__dict__.update({name: found for name, found in vars(self).items() if name in _FOUND})
        return other

    @property
    def starts(self) -> pd.DataFrame:
        """Where the vehicles of each household start that may take any exit: `edge`, `pos_m`, `reason`."""
        return self.starts_of(FREE_CHOICE)

    @cached_property
    def starting(self) -> dict[str, float]:
        """How many households start on each edge: what the audit weighs roads by."""
        starting = self.starts["edge"].dropna().value_counts()
        return {str(edge): float(households) for edge, households in starting.items()}

    @cached_property
    def facts(self) -> RunFacts:
        """What bears on the trust in every run."""
        edges = self.network.edges()
        guessed = frozenset(edges.loc[edges["lanes_guessed"], "edge"].astype(str))
        accounts = self.households.accounts()
        return RunFacts(
            len(self.homes),
            int(self.starts["edge"].isna().sum()),
            guessed,
            households_given=float(accounts["given"].sum()),
            households_lost=lost_by_reason(accounts),
            households_counted_twice=float(accounts["counted_twice"].sum()),
            caveats=caveats(self.ways_out, ended=self.ended, far=self._far_exits),
        )

    @property
    def unexpected(self) -> list[Finding]:
        """A warning when there are other than the expected number of households."""
        return audit_total(self.homes, self.loaded.model.households.expected)

    @cached_property
    def findings(self) -> list[Finding]:
        """The audit's findings, the gravest first."""
        limit = self.loaded.model.trust.unconnected_share
        homes = self.homes.assign(reason=self.starts["reason"], connected=self.starts["edge"].notna())
        network = audit_network(self.net, self.network.edges(), self.network.warnings(), self.exits, self.starting)
        zones = self.households.zones()
        people = [
            *audit_households(homes, limit),
            *audit_accounts(self.households.accounts()),
            *audit_repaired(zones),
            *audit_mapping(zones),
            *self.unexpected,
        ]
        ways_out = audit_ways_out(
            self.ways_out,
            self.exits,
            self.exits_left_out,
            self._most_vehicles,
            ended=self.ended,
            far=self._far_exits,
        )
        return sorted([*network, *people, *ways_out, *audit_country(self.country, self.area)], key=by_rank)

    @property
    def exits_left_out(self) -> list[ResolvedExit]:
        """The ways out that the scenario doesn't use."""
        return exits_left_out(self.ground, self.ways_out, {edge for item in self.exits for edge in item.edges})

    @cached_property
    def _far_exits(self) -> tuple[ResolvedExit, ...]:
        return far_from(self.area, self.exits)

    @property
    def _most_vehicles(self) -> float:
        cases = self.loaded.model.vehicles_per_household
        return len(self.homes) * max(_mean(case) for case in cases)


def _mean(case: float | VehiclesPerHousehold) -> float:
    """Return the vehicles per household of a case."""
    if isinstance(case, VehiclesPerHousehold):
        return sum(number * share for number, share in case.distribution.items())
    return case


def prepare(loaded: LoadedScenario, cache: Path, tell: Callable[[str], None]) -> Prepared:
    """Prepare a scenario; what the cache has isn't made again.

    Parameters
    ----------
    loaded
        The scenario.
    cache
        The cache's folder.
    tell
        Takes a line of progress before each step.

    Raises
    ------
    UserError
        An input is wrong; nothing has been written then but what is right and can be used again.
    """
    _check_curves(loaded.model)
    if loaded.model.fetch is not None:
        from evac.acquire import fetch_missing  # noqa: PLC0415 - it loads what asks servers, and most have their files

        fetch_missing(loaded, cache, tell)
    given, watched = loaded, Watched.of(input_files(loaded.model))
    zones = read_zones(loaded.model.households.zones)  # a mistake in there is told before the long work
    country = None if loaded.model.traffic.country else country_of(_place(loaded.model, zones))
    loaded = _in_country(loaded, country)
    model = loaded.model
    tell(f"Reading roads and buildings from {model.osm.file}")
    street_map = _street_map(model, cache)
    tell("Placing households")
    households = place_households(model.households, model.area, street_map, cache)
    _check_zones(model, households.zones()["zone"].tolist(), str(loaded.path))
    tell("Building the network")
    network = build_network(street_map, model.traffic, cache)
    net = read_net(network.net_file)
    area = read_area(model.area) if model.area else _inhabited(households)
    ground = Ground(StreetIndex(net, street_map.streets()), area)
    found = _exits_of(loaded, Decision(street_map.web(), area), ground)
    lines = {(item.name, edge) for item in found.exits for edge in item.edges}
    prepared = Prepared(
        loaded=loaded,
        street_map=street_map,
        network=network,
        households=households,
        net=net,
        ground=ground,
        exits=found.exits,
        bottlenecks=_resolve_bottlenecks(model.bottlenecks, ground.index, f"{loaded.path}: bottlenecks"),
        area=area,
        given=given,
        ways_out=found.ways_out,
        digests=watched.digests,
        country=country,
        ended=found.ended,
        refuges=resolve_refuges(ground.index, model.refuges, lines, f"{loaded.path}: refuges"),
    )
    for background in _backgrounds(model):
        check_through(background, net, found.exits, f"{loaded.path}: background.through")
    require_reachable(net, found.exits, prepared.starts["edge"].dropna().unique(), f"{loaded.path}: exits")
    watched.require_unchanged()
    return prepared


def _street_map(model: Scenario, cache: Path) -> StreetMap:
    """Return the map that a scenario names, as its corrections and closures have it."""
    return prepare_map(
        model.osm.file,
        model.osm.min_road_class,
        model.traffic.country,
        cache,
        model.osm.corrections,
        forbidden=model.forbidden_exits,
        at=model.osm.at,
        named=_points(model),
    )


@dataclass(frozen=True)
class _Exits:
    """A scenario's exits on its net, which roads of its map are ways out, and behind which exits the road ends."""

    exits: tuple[ResolvedExit, ...]
    ways_out: WaysOutRecord
    ended: tuple[RoadOut, ...]


def _exits_of(loaded: LoadedScenario, decision: Decision, ground: Ground) -> _Exits:
    """Find a scenario's exits, those that it names and those that its map has, and look at what lies behind them."""
    model, net, where = loaded.model, ground.index.net, f"{loaded.path}: exits"
    ways_out = _ways_out(model, decision)
    exits = resolve_exits(ground, model.exits, ways_out=ways_out, where=where)
    named = _named(model, exits)
    ways_out = apart_from_the_streets(ground, ways_out.but(_roads_to(named, ground)))
    behind = behind_exits(decision, ways_out, net, named, where=where)
    if not isinstance(model.exits, FoundExits):
        ways_out = ways_out.chosen(_lines(exits, net) if model.ways_out is not None else ())
    return _Exits(exits, ways_out.sharing(_lines(exits, net), behind.shared), behind.ended)


def _backgrounds(model: Scenario) -> list[Background]:
    """Return the background traffic of a scenario, and that of its departure curves which have their own."""
    own = [item.background for item in model.departures if item.background is not None]
    return list(dict.fromkeys([model.background, *own]))


def _check_curves(model: Scenario) -> None:
    """Refuse a scenario whose measured departure curves are none: they are needed only when everything else is done."""
    if problems := curve_problems(item.curve for item in model.departures):
        raise DataError(problems)


def _ways_out(model: Scenario, decision: Decision) -> WaysOutRecord:
    """Return which roads are ways out: as decided when the scenario was written, else on its map."""
    found = model.exits if isinstance(model.exits, FoundExits) else None
    if model.ways_out is not None:
        record = WaysOutRecord.read(model.ways_out)
        return record.at_least(found.at_least) if found and found.at_least else record
    return decision.record(found)


def _points(model: Scenario) -> list[tuple[float, float]]:
    """Return the points of the places that a scenario names (WGS 84)."""
    exits = model.exits.also if isinstance(model.exits, FoundExits) else model.exits
    places: tuple[Place | ForbiddenExit, ...] = (*exits, *model.bottlenecks, *model.forbidden_exits)
    points = [*(place.point for place in places), *(refuge.at for refuge in model.refuges)]
    return [(point.lon, point.lat) for point in points if point is not None]


def _named(model: Scenario, exits: Sequence[ResolvedExit]) -> list[ResolvedExit]:
    """Return the exits that the scenario names."""
    names = {item.name for item in (model.exits.also if isinstance(model.exits, FoundExits) else model.exits)}
    return [item for item in exits if item.name in names]


def _lines(exits: Sequence[ResolvedExit], net: Net) -> Iterator[tuple[float, float]]:
    """Give where the lines of exits are (WGS 84)."""
    for item in exits:
        for edge in item.edges:
            yield net.convertXY2LonLat(*net.getEdge(edge).getShape()[-1])


def _roads_to(exits: Sequence[ResolvedExit], ground: Ground) -> Iterator[tuple[str, float, float]]:
    """Give what the roads of exits are called, and where each exit is."""
    for item in exits:
        names = {name for edge in item.edges for name in ground.index.names(ground.index.net.getEdge(edge))}
        yield from ((name, item.lon, item.lat) for name in sorted(names))


def _place(model: Scenario, zones: gpd.GeoDataFrame) -> shapely.Geometry:
    """Return where a scenario is (WGS 84): its area, or the zones that it counts or reports by, as far as the map."""
    if model.area is not None:
        return read_area(model.area)
    place = zones.union_all()
    bounds = check_source(model.osm.file).bounds
    on_map = place.intersection(shapely.box(*bounds)) if bounds else place
    return on_map if not on_map.is_empty else place


def _in_country(loaded: LoadedScenario, country: Country | None) -> LoadedScenario:
    """Return a scenario with the country that was found, as if it gave it."""
    if country is None:
        return loaded
    traffic = loaded.model.traffic.model_copy(update={"country": country.code})
    return replace(loaded, model=loaded.model.model_copy(update={"traffic": traffic}))


def _check_zones(model: Scenario, zones: Sequence[str], where: str) -> None:
    """Refuse what is said of zones that aren't there: their households would silently be like all others."""
    said = [
        (f"{where}, '{vehicles_label(case)}'", zone)
        for case in model.vehicles_per_household
        for zone in (sorted(case.by_zone) if isinstance(case, VehiclesPerHousehold) else ())
    ]
    said += [(f"{where}, 'compliance'", zone) for zone in sorted(model.compliance.by_zone)]
    problems = []
    for place, zone in said:
        if zone not in zones:
            near = near_names(zone, zones)
            remedy = f"did you mean {' or '.join(map(repr, near))}?" if near else "take the names that results have"
            problems.append(Problem(place, f"there is no zone {zone!r}", remedy))
    if problems:
        raise ScenarioError(problems)


def _inhabited(households: Households) -> shapely.Geometry:
    """Return the zones' parts inside: the area ordered to leave where the scenario names none."""
    zones = households.zones()
    return zones[zones["clipped_by"] != "outside"].union_all()


def _resolve_bottlenecks(named: Sequence[Bottleneck], index: StreetIndex, where: str) -> tuple[BottleneckLanes, ...]:
    found: list[BottleneckLanes] = []
    problems: list[Problem] = []
    for item in named:
        try:
            found.append(_lanes(item, index, f"{where}, '{item.name}'"))
        except PlaceError as error:
            problems.extend(error.problems)
    if problems:
        raise PlaceError(problems)
    return tuple(found)


def _lanes(item: Bottleneck, index: StreetIndex, where: str) -> BottleneckLanes:
    edges = index.find(Place(**item.model_dump(include=set(Place.model_fields))), where)
    if len(edges) != 1:
        names = ", ".join(edge.getID() for edge in edges)
        raise PlaceError(Problem(where, f"fits {len(edges)} pieces of road ({names})", "add 'crossing' or 'point'"))
    usable = [lane.getIndex() for lane in edges[0].getLanes() if lane.allows("passenger")]
    missing = sorted(set(item.lanes or ()) - set(usable))
    if missing:
        what = f"'lanes' has {missing}, the road has the lanes {usable} for cars (0 is at the kerb)"
        raise PlaceError(Problem(where, what, "leave 'lanes' out for all of them"))
    return BottleneckLanes(item.name, edges[0].getID(), item.lanes or tuple(usable))
