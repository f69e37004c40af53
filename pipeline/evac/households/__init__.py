"""Stage `households`: who lives where, and where they drive off.

Takes the map (stage `osm`), a file of zones with household counts, and maybe the ordered area and a file of dwellings.
Gives a folder of the cache with

- `households.parquet`: a row a household (see `Households.table`);
- `zones.parquet`: a row a zone (see `Households.zones`);
- `accounts.parquet`: a row a zone that counts: given = planned + losses (see `Households.accounts`);
- `summary.json`: counts for the report: what served each zone, zones off the map, households not connected.

Nothing is drawn at random: the same inputs give the same tables. Modules: `zones` (reading), `clipping`, `accounting`
(nobody vanishes), `homes` (places in a zone), `mapped` (whether the map has its dwellings), `connect` (points on
streets), `reporting` (zones to report by), `new_homes` (those of a
development).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from evac.errors import DataError, Problem
from evac.files import digest_json, write_text
from evac.fingerprint import fingerprint
from evac.households.accounting import LOSSES, accounts_of, in_words, lost_by_reason
from evac.households.clipping import Ground, check_area_has_roads, clip_zones, declared_boxes, map_area
from evac.households.connect import connect
from evac.households.geometry import WGS84
from evac.households.homes import dwelling_layers, frontage, settle
from evac.households.mapped import lacks_dwellings, with_mapping
from evac.households.new_homes import with_new_homes
from evac.households.reporting import read_report_zones, zone_of, zones_table
from evac.households.zones import read_area, read_zones
from evac.inputs import Watched
from evac.osm import StreetMap
from evac.projection import utm_of
from evac.schema import sources
from evac.seals import has_entry, sealed_directory


@dataclass(frozen=True)
class Households:
    """The households of a scenario.

    Parameters
    ----------
    folder
        Their folder in the cache.
    digest
        64 hex digits that stand for its content.
    """

    folder: Path
    digest: str

    def table(self) -> gpd.GeoDataFrame:
        """Return a row a household, in WGS 84, sorted by `household`.

        Columns `household` (0 … n-1), `zone`, `placed_on` (`building`, `address`, `point`, `frontage`, `zone`),
        `way_id`, `street`, `street_lon`, `street_lat` (the point on the street), `distance_m` (to it; of a household
        that isn't connected to the nearest street), `connected`, `connected_by` (`address`, `nearest`, `frontage`),
        `reason` (why not connected), `geometry` (Point).
        """
        return gpd.read_parquet(self.folder / "households.parquet")

    def zones(self) -> gpd.GeoDataFrame:
        """Return a row a zone, in WGS 84.

        Zones without a polygon are in the accounts only. Columns `zone`, `households_given`, `households` (after
        clipping), `clipped_by` (`whole`, `dwellings`, `frontage`, `area`, `outside`), `inside_share`, `placed_on` (what
        serves the zone, or null), `connected`, `unconnected` (households), `repaired` (its polygon was invalid),
        `mapped_share`, `residential_m`, `dwellings` (what the map has of its dwellings, see `mapped.with_mapping`),
        `geometry` (the part inside; of a zone outside, all).
        """
        return gpd.read_parquet(self.folder / "zones.parquet")

    def accounts(self) -> pd.DataFrame:
        """Return the accounts by counting zone (not those to report by), as `accounting.accounts_of` gives them."""
        return pd.read_parquet(self.folder / "accounts.parquet")

    def summary(self) -> dict[str, Any]:
        """Return `summary.json`."""
        found: dict[str, Any] = json.loads((self.folder / "summary.json").read_text())
        return found


def place_households(
    settings: sources.Households, area: sources.Area | None, street_map: StreetMap, cache: Path
) -> Households:
    """Spread the zones' households over dwellings and tie each to a point on a street; once for the same inputs.

    Parameters
    ----------
    settings
        Zones, dwellings, and how far a dwelling may be from a street.
    area
        The area ordered to leave; None for the zones as far as the map goes.
    street_map
        The prepared map.
    cache
        The cache's folder.

    Raises
    ------
    DataError
        A file can't be used, no zone overlaps the area, or part of the ordered area has no roads. Nothing is written.
    """
    files = _files(settings, area)
    watched = Watched.of(files.values())
    zones = read_zones(settings.zones)
    digest = digest_json(_key(settings, {name: watched.digests[path] for name, path in files.items()}, street_map))
    target = cache / "households" / digest
    if has_entry(target):
        return Households(target, digest)
    tables = _place(settings, zones, area, street_map)
    watched.require_unchanged()
    with sealed_directory(target) as folder:
        _write(folder, *tables)
    return Households(target, digest)


def _files(settings: sources.Households, area: sources.Area | None) -> dict[str, Path]:
    """Return the files that the households are read from, by what they are."""
    files = {
        "zones": settings.zones.file,
        "dwellings": settings.dwellings.file,
        "report_zones": settings.report_zones.file if settings.report_zones else None,
        "area": area.file if area else None,
    }
    return {name: path for name, path in files.items() if path is not None}


def _key(settings: sources.Households, files: dict[str, str], street_map: StreetMap) -> dict[str, Any]:
    return {
        "map": street_map.digest,
        "files": files,
        "settings": settings.model_dump(
            mode="json",
            exclude={"zones": {"file"}, "dwellings": {"file"}, "report_zones": {"file"}, "expected": True},
        ),
        "version": fingerprint(),
    }


def _place(
    settings: sources.Households, zones: gpd.GeoDataFrame, area: sources.Area | None, street_map: StreetMap
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, pd.DataFrame, dict[str, Any]]:
    streets = street_map.streets()
    streets = streets.to_crs(utm_of(streets))
    dwellings = street_map.dwellings().to_crs(streets.crs)
    layers = dwelling_layers(settings.dwellings, dwellings)
    report_zones = read_report_zones(settings.report_zones).to_crs(streets.crs) if settings.report_zones else None
    ordered = _ordered(settings, area, report_zones, streets)
    clipped = _clip(settings, zones.to_crs(streets.crs), ordered, streets, layers=layers, street_map=street_map)
    accounts = accounts_of(clipped)
    if not accounts["planned"].sum():
        what = f"nobody is left to leave: {in_words(accounts)}"
        raise DataError(
            Problem(str(settings.zones.file), what, "give zones whose homes are in the area and on the map")
        )
    clipped = clipped[~clipped.is_empty].drop(columns=[*LOSSES]).reset_index(drop=True)
    clipped = with_mapping(clipped, dwellings, streets)
    along_streets = lacks_dwellings(clipped) & (settings.dwellings.kind == "auto")
    homes = settle(clipped, layers, streets, ~along_streets)
    links = connect(homes, streets, settings.max_to_street_m)
    table = _table(homes, links)
    summary = _summary(table, _count_by_zone(clipped, table), accounts)
    if report_zones is not None:
        table = table.assign(zone=zone_of(homes.geometry.to_numpy(), report_zones).astype(str))
        clipped = zones_table(table, report_zones, clipped.loc[clipped["clipped_by"] != "outside"].union_all())
        clipped = with_mapping(clipped, dwellings, streets)
    tables = table, _count_by_zone(clipped, table).to_crs(WGS84), accounts, summary
    return with_new_homes(tables, settings.new_homes)


def _ordered(
    settings: sources.Households,
    area: sources.Area | None,
    report_zones: gpd.GeoDataFrame | None,
    streets: gpd.GeoDataFrame,
) -> tuple[shapely.Geometry, Path] | None:
    """Return the area ordered to leave, in metres, and the file that says so; None for the zones as far as the map."""
    if area is not None:
        return gpd.GeoSeries([read_area(area)], crs=WGS84).to_crs(streets.crs).iloc[0], area.file
    if report_zones is not None and settings.report_zones is not None:
        return report_zones.union_all(), settings.report_zones.file
    return None


def _clip(
    settings: sources.Households,
    zones: gpd.GeoDataFrame,
    ordered: tuple[shapely.Geometry, Path] | None,
    streets: gpd.GeoDataFrame,
    *,
    layers: list[gpd.GeoDataFrame],
    street_map: StreetMap,
) -> gpd.GeoDataFrame:
    info = street_map.info()
    on_map = map_area(streets, info)
    if ordered is not None:
        check_area_has_roads(ordered[0], on_map, streets, ordered[1])
    usable = streets[streets["may_leave"]]
    measures = {"dwellings": layers, "frontage": [frontage(streets, residential=True)]}
    water = street_map.water().to_crs(streets.crs).union_all()
    ground = Ground(on_map, ordered[0] if ordered else None, water, declared=bool(declared_boxes(info)))
    return clip_zones(zones, ground, usable, measures=measures, path=settings.zones.file)


def _table(homes: gpd.GeoDataFrame, links: pd.DataFrame) -> gpd.GeoDataFrame:
    on_street = gpd.GeoSeries(links["on_street"].to_numpy(), crs=homes.crs).to_crs(WGS84)
    places = homes.geometry.to_crs(WGS84)
    columns = {
        "household": np.arange(len(homes), dtype=np.int64),
        "zone": homes["zone"].astype(str),
        "placed_on": homes["placed_on"].astype(str),
        "way_id": links["way_id"],
        "street": links["street"],
        "street_lon": _round(shapely.get_x(on_street.to_numpy())),
        "street_lat": _round(shapely.get_y(on_street.to_numpy())),
        "distance_m": np.round(links["distance_m"], 2),
        "connected": links["connected"],
        "connected_by": links["by"],
        "reason": links["reason"],
    }
    points = shapely.points(_round(places.x.to_numpy()), _round(places.y.to_numpy()))
    return gpd.GeoDataFrame(columns, geometry=points, crs=WGS84)


def _round(degrees: np.ndarray) -> np.ndarray:
    """Round to the seven places of OpenStreetMap (1 cm), so that tables don't change with the last bit of a library."""
    return np.round(degrees, 7)


def _count_by_zone(zones: gpd.GeoDataFrame, table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    by_zone = table.groupby("zone")
    connected = zones["zone"].map(by_zone["connected"].sum()).fillna(0).astype(np.int64)
    return zones.assign(
        placed_on=zones["zone"].map(by_zone["placed_on"].first()),
        connected=connected,
        unconnected=zones["households"] - connected,
    )


def _summary(table: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, accounts: pd.DataFrame) -> dict[str, Any]:
    outside = zones["clipped_by"] == "outside"
    cut_off = zones[zones["unconnected"] > 0]
    return {
        "households_given": float(accounts["given"].sum()),
        "households_lost": lost_by_reason(accounts),
        "households_counted_twice": float(accounts["counted_twice"].sum()),
        "households": len(table),
        "connected": int(table["connected"].sum()),
        "unconnected": int((~table["connected"]).sum()),
        "unconnected_by_zone": dict(zip(cut_off["zone"], cut_off["unconnected"].tolist(), strict=True)),
        "connected_by": _counts(table["connected_by"].dropna()),
        "placed_on": _counts(table["placed_on"]),
        "zones": len(zones),
        "zones_clipped_by": _counts(zones["clipped_by"]),
        "zones_outside": zones.loc[outside, "zone"].tolist(),
        "households_in_zones_outside": float(zones.loc[outside, "households_given"].sum()),
        "zones_repaired": zones.loc[zones["repaired"], "zone"].tolist(),
    }


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(value): int(count) for value, count in values.value_counts().sort_index().items()}


def _write(
    folder: Path, table: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, accounts: pd.DataFrame, summary: dict[str, Any]
) -> None:
    table.to_parquet(folder / "households.parquet", compression="zstd", index=False)
    zones.to_parquet(folder / "zones.parquet", compression="zstd", index=False)
    accounts.to_parquet(folder / "accounts.parquet", compression="zstd", index=False)
    write_text(folder / "summary.json", json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
