"""OpenStreetMap extracts as XML, packed XML and PBF: they are read as the map of a scenario."""

from __future__ import annotations

import bz2
import gzip
import random
import re
from pathlib import Path

import osmium

import fuzzing
from evac.osm import prepare_map
from fuzzing.values import NUMBERS, WORDS, change_bytes

TOWN = (Path(__file__).parents[1] / "fixtures" / "town" / "town.osm").read_text()
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_TAGS = (
    "highway",
    "lanes",
    "maxspeed",
    "oneway",
    "name",
    "access",
    "lanes:bus",
    "turn:lanes",
    "motor_vehicle:conditional",
)


def _xml(rng: random.Random) -> str:
    """Return the town with elements changed, taken away, doubled, moved, or with other tags."""
    lines = TOWN.split("\n")
    for _ in range(rng.choice([0, 1, 1, 2, 5])):
        at = rng.randrange(len(lines))
        match rng.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(rng.randrange(len(lines)), lines[at])
            case 2:
                lines.insert(at, _tag(rng))
            case 3:
                lines[at] = lines[at].replace("lat=", "LAT=").replace("lon=", "lat=").replace("LAT=", "lon=")
            case _:
                lines[at] = _other_value(rng, lines[at])
        lines = lines or [""]
    return "\n".join(lines)


def _tag(rng: random.Random) -> str:
    return f'<tag k="{rng.choice(_TAGS)}" v="{_escaped(rng.choice([*WORDS, *map(str, NUMBERS)]))}"/>'


def _other_value(rng: random.Random, line: str) -> str:
    found = list(_ATTRIBUTE.finditer(line))
    if not found:
        return line
    one = rng.choice(found)
    return line[: one.start(2)] + _escaped(str(rng.choice([*NUMBERS, *WORDS]))) + line[one.end(2) :]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _prepare(rng: random.Random, path: Path, folder: Path) -> None:
    fuzzing.spoil(rng, path)
    prepare_map(path, rng.choice(["service", "residential"]), rng.choice([None, "LI", "US"]), folder / "cache")


def _plain(rng: random.Random, folder: Path) -> None:
    content = _xml(rng).encode("utf-8", "surrogatepass")
    path = folder / "town.osm"
    path.write_bytes(change_bytes(rng, content) if rng.random() < 0.3 else content)
    _prepare(rng, path, folder)


def _packed(rng: random.Random, folder: Path) -> None:
    suffix, pack = rng.choice([(".gz", gzip.compress), (".bz2", bz2.compress)])
    content = _xml(rng).encode("utf-8", "surrogatepass")
    packed = pack(change_bytes(rng, content) if rng.random() < 0.2 else content)
    path = folder / f"town.osm{rng.choice([suffix] * 9 + ['.gz'])}"
    path.write_bytes(change_bytes(rng, packed) if rng.random() < 0.5 else packed)
    _prepare(rng, path, folder)


def _pbf(rng: random.Random, folder: Path) -> None:
    source, path = folder / "source.osm", folder / "town.osm.pbf"
    source.write_text(_xml(rng), encoding="utf-8", errors="surrogatepass")
    try:
        _copy(source, path)
    except Exception:  # noqa: BLE001 - XML that no program reads: the damage is done to the bytes instead
        path.unlink(missing_ok=True)
        source.write_text(TOWN)
        _copy(source, path)
    if rng.random() < 0.6:
        path.write_bytes(change_bytes(rng, path.read_bytes()))
    _prepare(rng, path, folder)


def _copy(source: Path, path: Path) -> None:
    with osmium.SimpleWriter(str(path)) as writer:
        for item in osmium.FileProcessor(str(source)):
            writer.add(item)


KINDS = {"map.osm": _plain, "map.osm.packed": _packed, "map.osm.pbf": _pbf}
