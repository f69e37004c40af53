"""A scenario folder from a place's name, a polygon or a box: written whole or not at all, and ready to run.

Puts together what the other stages do: the area, roads and households are acquired (`sources`, or local files), the net
is built once to find and name exits and bottlenecks, and the scenario is written with comments for whoever edits it.

Modules: `request` (what is asked, and the area), `roads` (fetched or cut, with `beyond`: how far, and `clip`), `counts`
(households, with `grids` of people), `mending` (homes that can't leave), `naming` (exits and bottlenecks), `writing`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd

from evac.acquire import fetch_census, write_geojson
from evac.audit.traffic import estimate_traffic
from evac.errors import Problem, UserError
from evac.files import whole_directory, write_text
from evac.households.zones import read_polygons
from evac.inputs import Watched
from evac.network import forget_last_net
from evac.new.clip import parts_with_roads
from evac.new.counts import ZONES, Counted, estimated, from_census, from_file_or_total, report_zones
from evac.new.mending import Mended, mend
from evac.new.naming import Named, lanes_and_link, name_bottlenecks, name_exits, other_exits
from evac.new.request import OrderedArea, Request, check_request, folder_name, ordered_area
from evac.new.roads import fetched_roads, own_roads
from evac.new.writing import AREA, ROADS, WAYS_OUT, Facts, scenario_text
from evac.osm import prepare_map
from evac.scenario import FILE_NAME, load_scenario
from evac.schema.places import NamedExits
from evac.schema.sources import CensusFetch
from evac.sources import CensusZones, Endpoints, is_in_us, write_provenance
from evac.study.prepare import Prepared, prepare
from evac.sumo import cache_in
from evac.validation import read_model
from evac.yaml_file import editor_line

__all__ = ["NewScenario", "Request", "write_scenario"]

Tell = Callable[[str], None]

_ROUNDS = 3  # a home that leaves by another street may meet another dead end; then a person has to look


@dataclass(frozen=True)
class NewScenario:
    """A scenario that was written.

    Parameters
    ----------
    folder
        Its folder.
    facts
        What its text says.
    prepared
        The scenario, prepared: households, exits, the audit's findings.
    """

    folder: Path
    facts: Facts
    prepared: Prepared


def write_scenario(request: Request, workspace: Path, tell: Tell, *, force: bool = False) -> NewScenario:
    """Write `scenarios/<place>/` for a request.

    Parameters
    ----------
    request
        The place, and what is known about it.
    workspace
        The folder that holds `scenarios/`, and the cache.
    tell
        Takes a line of progress before each step.
    force
        Replace a scenario that is there.

    Raises
    ------
    UserError
        The request, or a file that it names, is wrong, or the scenario is there already. Nothing is written.
    SourceError
        A service doesn't answer. Nothing is written but the answers that are there, which the next start uses.
    """
    check_request(request)
    watched = Watched.of(request.files)
    cache = cache_in(workspace)
    if request.place is not None:
        tell(f"Looking up {request.place}")
    area = ordered_area(request, Endpoints.from_environment(), cache)
    target = workspace / "scenarios" / folder_name(area.name)
    replaced = target.with_name(f".replaced.{target.name}")
    _recover(target, replaced)
    if target.exists() and not force:
        remedy = "--as for another one, or --force to replace it; `evac run` evacuates the one that is there"
        raise UserError(Problem(str(target), "is there already", remedy))
    with whole_directory(target) as folder, _without_path(folder):
        facts = _filled(folder, request, area, cache, tell)
        facts = _found(folder, facts, cache, tell)
        prepared = prepare(load_scenario(folder), cache, tell)
        watched.require_unchanged()
        if target.exists():
            target.rename(replaced)
    shutil.rmtree(replaced, ignore_errors=True)
    digests = {target / path.relative_to(folder): digest for path, digest in prepared.digests.items()}
    written = load_scenario(target)
    loaded = replace(written, model=written.model.model_copy(update={"traffic": prepared.loaded.model.traffic}))
    return NewScenario(target, facts, prepared.told_by(loaded, written, digests))


def _recover(target: Path, replaced: Path) -> None:
    """Undo what a `--force` that was killed has left: the old scenario goes back to its place, unless a new one is."""
    if replaced.exists() and not target.exists():
        replaced.rename(target)
    shutil.rmtree(replaced, ignore_errors=True)


@contextmanager
def _without_path(folder: Path) -> Iterator[None]:
    """Take a folder that will be gone out of the errors' messages."""
    try:
        yield
    except UserError as error:
        error.rename(f"{folder}/", "")
        raise


def _filled(folder: Path, request: Request, area: OrderedArea, cache: Path, tell: Tell) -> Facts:
    """Write the data of a new scenario, and return what is known before its net is built."""
    data = folder / "data"
    data.mkdir()
    acquire = fetched_roads if request.osm is None else own_roads
    given = from_file_or_total(request, area, data) if request.households is not None else None
    exits = _named_exits(request.exits) if request.exits is not None else []
    zones = report_zones(request, data)  # a mistake in there is told before the long work
    census = None if given else _asked_census(request, area, cache, tell)  # so is a key that is missing
    roads = acquire(request, area, folder / ROADS, cache, tell, zones=_counted_in(census, data))
    (roads.ways_out.chosen() if exits else roads.ways_out).write(folder / WAYS_OUT)
    geometry, left_out = parts_with_roads(folder / ROADS, area.geometry)
    area = replace(area, geometry=geometry)
    outline = gpd.GeoDataFrame({"name": [area.name]}, geometry=[geometry], crs="EPSG:4326")
    write_geojson(outline, folder / AREA)
    if census is not None:
        given = from_census(census, area, data, zones_given=request.zones is not None)
    counted = given or _estimate(request, area, data, cache, tell)
    provenance = [*area.provenance, *roads.provenance, *counted.provenance, *zones.provenance]
    write_provenance(data / "PROVENANCE.md", provenance)
    fetch: dict[str, Any] = {"roads_beyond_m": roads.beyond.metres}
    if census is not None:
        fetch["census"] = _census_settings(request).model_dump()
    return Facts(
        name=area.name,
        roads=roads.about,
        households=counted.about,
        beyond=f"{roads.beyond.metres:,.0f} m beyond the area, {roads.beyond.why}",
        section={**counted.section, **zones.section},
        exits=exits,
        exits_given=bool(exits),
        exits_at_least=request.exits_at_least,
        ways_out=roads.ways_out,
        country=area.country or ("US" if census is not None else None),
        shares=counted.shares,
        zone_shares=counted.zone_shares,
        mended=Mended(parts_left_out=left_out),
        fetch=fetch if request.osm is None else None,
        editor_line=editor_line(folder, "scenario"),
    )


def _named_exits(file: Path) -> list[Named]:
    """Return the exits of a file as a scenario names them."""
    _, found = read_model(file, NamedExits)
    keys = [item.model_dump(mode="json", exclude_unset=True) for item in found.exits]
    return [Named({"name": item.pop("name"), **item}, "") for item in keys]


def _counted_in(census: CensusZones | None, data: Path) -> gpd.GeoSeries:
    """Return the zones that have the counts of households, none where these will be estimated."""
    if census is not None:
        return census.zones.geometry
    file = data / ZONES
    return read_polygons(file, "--households").geometry if file.is_file() else gpd.GeoSeries(crs="EPSG:4326")


def _asked_census(request: Request, area: OrderedArea, cache: Path, tell: Tell) -> CensusZones | None:
    """Return the census of an area whose households nobody gave; none abroad, nor with an extract of one's own."""
    if request.osm is not None or not is_in_us(area.geometry, Endpoints.from_environment(), cache):
        return None
    tell("Fetching households from the census")
    return fetch_census(area.geometry, _census_settings(request), cache, tell)


def _census_settings(request: Request) -> CensusFetch:
    return CensusFetch() if request.acs_year is None else CensusFetch(acs_year=request.acs_year)


def _estimate(request: Request, area: OrderedArea, data: Path, cache: Path, tell: Tell) -> Counted:
    tell("Counting dwellings on the map")
    street_map = prepare_map(data.parent / ROADS, "service", area.country, cache)
    return estimated(request, area, street_map.dwellings(), data)


def _found(folder: Path, facts: Facts, cache: Path, tell: Tell) -> Facts:
    """Find and name exits and bottlenecks on the net, mend what can be, and return all that the scenario says."""
    for rounds_left in reversed(range(_ROUNDS)):
        write_text(folder / FILE_NAME, scenario_text(facts))
        prepared = prepare(load_scenario(folder), cache, tell)
        mended = mend(prepared, facts.mended)
        if mended == facts.mended:
            break
        facts = replace(facts, mended=mended)
        if rounds_left:
            del prepared
            forget_last_net()
    ground = prepared.ground
    traffic = estimate_traffic(prepared.net, prepared.network.edges(), prepared.exits, prepared.starting)
    if facts.exits_given:
        exits = [
            Named(named.keys, lanes_and_link(found)) for named, found in zip(facts.exits, prepared.exits, strict=True)
        ]
    else:
        exits = name_exits(ground, prepared.exits)
    facts = replace(
        facts,
        exits=exits,
        ways_out=prepared.ways_out,
        other_exits=other_exits(ground, prepared.exits, facts.ways_out.lesser),
        bottlenecks=name_bottlenecks(traffic, ground.index),
    )
    write_text(folder / FILE_NAME, scenario_text(facts))
    return facts
