"""The made-up town of `fixtures/places`, and the real maps beside the checkout, as nets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from evac.network import Network, build_network, read_net
from evac.network.exits import Ground
from evac.network.places import StreetIndex
from evac.osm import StreetMap, prepare_map
from evac.schema.driving import Traffic

_HERE = Path(__file__).parent
_REAL = _HERE.parents[1] / "shared" / "data"


@dataclass(frozen=True)
class Town:
    net: Any
    streets: gpd.GeoDataFrame
    network: Network
    street_map: StreetMap

    @property
    def edges(self) -> pd.DataFrame:
        return self.network.edges()

    def ground(self, area: shapely.Geometry | None = None) -> Ground:
        return Ground(StreetIndex(self.net, self.streets), area)


def made_up_town(cache: Path) -> Town:
    return _town(_HERE / "fixtures" / "places" / "town.osm", None, cache)


def real_town(name: str, country: str, cache: Path) -> Town:
    path = _REAL / name
    if not path.exists():
        pytest.skip(f"needs the real map {name} in the folder of real maps beside the checkout")
    return _town(path, country, cache)


def _town(path: Path, country: str | None, cache: Path) -> Town:
    street_map = prepare_map(path, "service", country, cache)
    network = build_network(street_map, Traffic(country=country), cache)
    return Town(read_net(network.net_file), street_map.streets(), network, street_map)
