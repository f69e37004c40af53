"""Which roads are decided to be ways out of a drawn map."""

from __future__ import annotations

from pathlib import Path

import shapely

from drawn_map import DrawnMap, box
from evac.network.exits.decide import Decision
from evac.network.exits.record import WaysOutRecord
from evac.osm.closures import close_roads
from evac.osm.corrections import Corrections
from evac.osm.moments import Moment
from evac.osm.roads import cut_at_barriers, read_roads
from evac.osm.tidy import tidied
from evac.osm.web import Web, read_web
from evac.schema.places import ForbiddenExit, FoundExits

VILLAGE = box(-50, -50, 450, 450)
WIDE = (-3000.0, -3000.0, 3400.0, 3400.0)


def web_of(path: Path, forbidden: tuple[ForbiddenExit, ...] = (), moment: Moment | None = None) -> Web:
    with tidied(path) as source:
        roads = read_roads(source, "service", Corrections(()), moment or Moment())
        close_roads(roads, forbidden, path)
        cut_at_barriers(roads)
        return read_web(source, roads, Corrections(()), moment or Moment(), min_road_class="service")


def decided(drawn: DrawnMap, folder: Path, area: shapely.Geometry = VILLAGE, **keys: object) -> WaysOutRecord:
    path = drawn.write(folder / "map.osm")
    return Decision(web_of(path), area).record(FoundExits.model_validate(keys))


def exits(record: WaysOutRecord) -> list[str]:
    return sorted(item.label for item in record.ends)


def none(record: WaysOutRecord) -> dict[str, str]:
    return {item.label: item.reason for item in record.none}


def village(bounds: tuple[float, float, float, float] | None = WIDE) -> DrawnMap:
    return DrawnMap(bounds).streets(0, 0, 400, 400)
