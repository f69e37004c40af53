"""Stage `network`: the SUMO net of a map.

OSM XML → netconvert → plain XML → netconvert → `net.net.xml`. The second step compiles plain XML, and only it; a plan
changes the plain XML and passes through the same step, so that the baseline and the plan differ by the plan alone.

Folder of the cache: `plain.nod.xml`, `plain.edg.xml`, `plain.con.xml`, `plain.tll.xml`, `plain.typ.xml`,
`plain.netccfg` (the compilation's options), `net.net.xml`, `edges.parquet`, `warnings.json`, `netconvert.log`.
All of it opens in netedit.
"""

from __future__ import annotations

import gc
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from importlib.resources import as_file, files
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
import sumolib

from evac import sumo
from evac.driving_side import drives_on_left
from evac.files import digest_json, write_parts, write_text
from evac.fingerprint import fingerprint
from evac.network.accounts import edge_table, network_warnings, write_warnings
from evac.network.banned_turns import remove_banned_turns
from evac.network.dark_signals import dark_signal
from evac.network.merges import alternate_at_merges
from evac.network.signs import put_up_signs
from evac.osm import StreetMap
from evac.schema.driving import Traffic
from evac.seals import has_entry, sealed_directory

# What SUMO's documentation recommends for OpenStreetMap
# (https://sumo.dlr.de/docs/Networks/Import/OpenStreetMap.html#recommended_netconvert_options).
_RECOMMENDED = (
    "--geometry.remove",
    "--ramps.guess",
    "--junctions.join",
    "--tls.guess-signals",
    "--tls.discard-simple",
    "--tls.join",
)
# Beyond that: turn lanes of the map; drivers turn round at dead ends only; names and OSM ids for people who look;
# every warning, and not five of each kind.
_IMPORT = (
    "--osm.turn-lanes",
    "--no-turnarounds.except-deadend",
    "--output.street-names",
    "--output.original-names",
    "--aggregate-warnings=-1",
)
_PLAIN = "plain"
_SETTINGS = "plain.netccfg"
# Nothing is guessed a second time: connections, turnarounds included, are in the plain XML.
_COMPILATION = """<?xml version="1.0" encoding="UTF-8"?>
<netconvertConfiguration>
    <input>
        <node-files value="plain.nod.xml"/>
        <edge-files value="plain.edg.xml"/>
        <connection-files value="plain.con.xml"/>
        <tllogic-files value="plain.tll.xml"/>
        <type-files value="plain.typ.xml"/>
    </input>
    <output>
        <output.street-names value="true"/>
        <output.original-names value="true"/>
    </output>
    <processing>
        <lefthand value="{lefthand}"/>
    </processing>
    <junctions>
        <no-turnarounds value="true"/>
        <check-lane-foes.all value="{lane_foes}"/>
    </junctions>
    <report>
        <aggregate-warnings value="-1"/>
    </report>
</netconvertConfiguration>
"""
# SUMO's kind of junction where a signal is dark.
_DARK = {"unregulated": "priority", "all_way_stop": "allway_stop"}
_STAMP = re.compile(rb"\n<!-- generated on .*?-->\n", re.DOTALL)
_HEAD_BYTES = 1 << 20  # the stamp stands at a file's beginning; nets of a city are too large to hold


@dataclass(frozen=True)
class Network:
    """A net in the cache.

    Parameters
    ----------
    folder
        Its folder.
    digest
        64 hex digits that stand for its content.
    """

    folder: Path
    digest: str

    @property
    def net_file(self) -> Path:
        """Return the net (`net.net.xml`)."""
        return self.folder / "net.net.xml"

    def edges(self) -> pd.DataFrame:
        """Return where each edge comes from: a row an edge.

        Columns `edge`, `way_ids` (ways of `streets.parquet`), `name`, `highway`, `lanes`, `lanes_guessed`,
        `speed_guessed`, `length_m`.
        """
        return pd.read_parquet(self.folder / "edges.parquet")

    def warnings(self) -> list[dict[str, Any]]:
        """Return what netconvert warned of and what was lost: `kind`, `text`, `ids` (edges, lanes or junctions)."""
        return network_warnings(self.folder)


def build_network(street_map: StreetMap, traffic: Traffic, cache: Path) -> Network:
    """Build the net of a map; a net that is in the cache isn't built again.

    Parameters
    ----------
    street_map
        The prepared map.
    traffic
        Country (side of the road), signal programs, whom a turn yields to and how streams merge.
    cache
        The cache's folder.

    Raises
    ------
    SimulationError
        netconvert failed.
    InstallationError
        SUMO or a library that it needs is missing.
    """
    lefthand = drives_on_left(traffic.country)
    key = {
        "map": street_map.digest,
        "signals": traffic.signals,
        "yield_to": traffic.yield_to,
        "merges": traffic.merges,
        "lefthand": lefthand,
        "dark": dark_signal(traffic.country),
        "sumo": sumo.version(),
        "version": fingerprint(),
    }
    digest = digest_json(key)
    target = cache / "nets" / digest
    if not has_entry(target):
        with sealed_directory(target) as folder:
            log = _import_osm(street_map, traffic, folder, lefthand=lefthand)
            log += compile_net(folder, folder / "net.net.xml", alternate=traffic.merges == "alternate")
            write_text(folder / "netconvert.log", log)
            edges = edge_table(read_net(folder / "net.net.xml"), street_map.streets())
            edges.to_parquet(folder / "edges.parquet", compression="zstd", index=False)
            write_warnings(folder, log, edges, street_map)
    return Network(target, digest)


def compile_net(plain: Path, out: Path, *, alternate: bool = False) -> str:
    """Compile plain XML to a net, and return netconvert's messages.

    Parameters
    ----------
    plain
        A folder with `plain.*.xml` and `plain.netccfg`.
    out
        The net to write. It carries no date, so that the same plain XML gives the same bytes.
    alternate
        Whether queued drivers take turns at merges.

    Raises
    ------
    SimulationError
        netconvert refused the plain XML.
    """
    log = sumo.run("netconvert", ["-c", _SETTINGS, "--output-file", out.resolve()], cwd=plain)
    _remove_stamp(out)
    if alternate:
        alternate_at_merges(out)
    return log


def read_net(path: Path) -> Any:
    """Return a `.net.xml` as `sumolib.net.Net`, with the signals' programs and without the lanes inside junctions."""
    state = path.stat()  # and not `files.state_of`: a link of another name is the same net
    return _last_net(_SameFile(str(path), (state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size)))


@dataclass(frozen=True)
class _SameFile:
    """A file, the same one under whatever name."""

    path: str = field(compare=False)
    state: tuple[int, ...]


@lru_cache(maxsize=1)
def _last_net(file: _SameFile) -> Any:
    """Read a net; the one read last is returned again, since a stage after the other asks for it."""
    with _nothing_to_free():
        net = sumolib.net.readNet(file.path, withInternal=False, withPrograms=True)
    _share_permissions(net)
    return net


@contextmanager
def _nothing_to_free() -> Iterator[None]:
    """Don't look for cycles to free: all that is read of a net stays, and looking takes a fifth of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _share_permissions(net: Any) -> None:
    """Let lanes that admit the same vehicle classes share one set of these: sumolib 1.28 has one a lane, of 1.3 kB."""
    known: dict[frozenset[str], Any] = {}
    for edge in net.getEdges(withInternal=False):
        for lane in edge.getLanes():
            admitted = lane.getPermissions()
            lane._allowed = known.setdefault(frozenset(admitted), admitted)  # noqa: SLF001 - there is no other way


def forget_last_net() -> None:
    """Free the memory of the net that was read last, before another is built: a net's parts hold each other."""
    _last_net.cache_clear()
    gc.collect()


def _import_osm(street_map: StreetMap, traffic: Traffic, folder: Path, *, lefthand: bool) -> str:
    """Make plain XML of a map's roads, and return netconvert's messages."""
    holds = dark_signal(traffic.country) if traffic.signals == "off" else traffic.signals
    with as_file(files("evac.network").joinpath("roads.typ.xml")) as types:
        log = sumo.run(
            "netconvert",
            [
                "--osm-files", street_map.roads_file.resolve(),
                "--type-files", types,
                "--plain-output-prefix", _PLAIN,
                "--junctions.join-output", "joined.nod.xml",
                *_RECOMMENDED,
                *_IMPORT,
                "--tls.default-type", "static" if holds in _DARK else holds,
                *(["--lefthand"] if lefthand else []),
            ],
            cwd=folder,
        )  # fmt: skip
    for path in folder.glob("*.xml"):
        _remove_stamp(path)
    put_up_signs(folder, street_map.signs())
    remove_banned_turns(folder, street_map.bans_on_net())
    if holds in _DARK:
        _switch_signals_off(folder, _DARK[holds])
    settings = {"lefthand": lefthand, "lane_foes": traffic.yield_to == "lane"}
    write_text(
        folder / _SETTINGS, _COMPILATION.format_map({key: str(value).lower() for key, value in settings.items()})
    )
    return log


def _switch_signals_off(plain: Path, kind: str) -> None:
    """Make every junction with signals one of another kind; lanes and movements stay as they are.

    netconvert's own option for it (`--tls.discard-loaded`) leaves the signals that it guesses.
    """
    nodes = ET.parse(plain / "plain.nod.xml")  # noqa: S314  netconvert's own output
    for node in nodes.getroot().iter("node"):
        if node.get("type", "").startswith("traffic_light"):
            node.set("type", kind)
            for key in ("tl", "tlType", "tlLayout"):
                node.attrib.pop(key, None)
    nodes.write(plain / "plain.nod.xml", encoding="UTF-8", xml_declaration=True)
    write_text(plain / "plain.tll.xml", "<tlLogics/>\n")


def _remove_stamp(path: Path) -> None:
    """Remove netconvert's comment with the date and the machine's paths from a file that it has written."""
    with path.open("rb") as file:
        head = _STAMP.sub(b"\n", file.read(_HEAD_BYTES), count=1)
        write_parts(path, chain([head], iter(partial(file.read, _HEAD_BYTES), b"")))
