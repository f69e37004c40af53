"""The traffic that an audit weighs its findings by: everybody on the quickest way out of an empty net."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from sumolib.net import Net
from sumolib.net.edge import Edge
from sumolib.net.node import Node

from evac.audit.findings import Finding, Severity
from evac.network.reach import ExitEdges, WaysOut, road_graph, tree_assignment, ways_out
from evac.network.street_names import street_of
from evac.unnamed import in_prose, unnamed

_HOMES = {"residential", "living_street", "unclassified"}
_WARN_FROM_SHARE = 0.10  # a tenth of the evacuation: beyond the ± 10 % to which clearance times are compared
VCLASS = "passenger"


@dataclass(frozen=True)
class Traffic:
    """A net, its exits, and how many vehicles would pass each edge.

    Parameters
    ----------
    net
        The net.
    table
        The network stage's edges, indexed by edge id: `name`, `highway`, `lanes_guessed`, `speed_guessed` …
    out
        The quickest way out from each edge.
    starting
        What starts on each edge: vehicles, or metres of residential street where nobody knows vehicles yet.
    passing
        The same, of all that pass each edge on the quickest way.
    counted
        Whether `starting` is in vehicles.
    """

    net: Net
    table: pd.DataFrame
    out: WaysOut
    starting: Mapping[str, float]
    passing: Mapping[str, float]
    counted: bool

    @cached_property
    def total(self) -> float:
        """Return all that starts anywhere."""
        return sum(self.starting.values())

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Return the name of each edge's street, for people."""
        named = self.table["name"].fillna("")
        return {
            str(edge): str(name) or unnamed(str(highway))
            for edge, name, highway in zip(self.table.index, named, self.table["highway"], strict=True)
        }

    def name(self, edge: Edge) -> str:
        """Return the name of an edge's street, for people."""
        return self.names.get(edge.getID()) or street_of(edge)

    def said(self, edge: Edge) -> str:
        """Return the name of an edge's street as a sentence has it: with an article where it has none."""
        return in_prose(self.name(edge))

    def share(self, edge: str) -> float:
        """Return the part of the evacuation that passes an edge (0 to 1)."""
        return self.passing.get(edge, 0.0) / self.total if self.total else 0.0

    def share_at(self, node: Node) -> float:
        """Return the part of the evacuation that arrives at a junction (0 to 1)."""
        return sum(self.share(edge.getID()) for edge in node.getIncoming())

    def next_edge(self, edge: Edge) -> Edge | None:
        """Return the next edge on the quickest way out; None on an exit edge."""
        here = self.out.graph.index.get(edge.getID(), -1)
        after = int(self.out.next_position[here]) if here >= 0 else -1
        return self.net.getEdge(self.out.graph.edges[after]) if after >= 0 else None

    def used(self, least_share: float) -> list[Edge]:
        """Return the edges that at least this part of the evacuation passes, the most used first."""
        found = [edge for edge in self.passing if self.share(edge) >= least_share]
        return [self.net.getEdge(edge) for edge in sorted(found, key=lambda edge: (-self.passing[edge], edge))]

    def junctions(self, least_share: float) -> list[Node]:
        """Return the junctions at which at least this part of the evacuation arrives."""
        nodes = {edge.getToNode().getID(): edge.getToNode() for edge in map(self.net.getEdge, self.passing)}
        return [node for _, node in sorted(nodes.items()) if self.share_at(node) >= least_share]

    def passes(self, share: float) -> str:
        """Return the words for a share of the evacuation."""
        return (
            f"{share:.0%} of the vehicles pass here"
            if self.counted
            else f"{share:.0%} of the homes' streets drain here"
        )

    @cached_property
    def _way_ids(self) -> Mapping[str, Iterable[int]]:
        return dict(self.table.get("way_ids", {}))

    def ways(self, *edges: Edge) -> tuple[int, ...]:
        """Return the ids of the map's ways that edges were made from."""
        return tuple(dict.fromkeys(int(way) for edge in edges for way in self._way_ids.get(edge.getID(), ())))

    def finding(
        self,
        kind: str,
        fact: str,
        at: tuple[float, float],
        share: float,
        ways: Iterable[int] = (),
        *,
        passing: str | None = None,
    ) -> Finding:
        """Return a finding that is a warning where much of the evacuation passes, else a note.

        Parameters
        ----------
        kind, share
            As `Finding` has them.
        fact
            What was found.
        at
            Where (net coordinates, m).
        ways
            The map's ways that a correction would settle.
        passing
            Words for the traffic that passes; those for `share` when left out, none where empty.
        """
        severity: Severity = "warning" if share >= _WARN_FROM_SHARE else "note"
        lon, lat = self.net.convertXY2LonLat(*at)
        words = self.passes(share) if passing is None else passing
        text = f"{fact}; {words}" if words else fact
        return Finding(severity, kind, text, float(lon), float(lat), share, tuple(ways), fact if words else "")


def estimate_traffic(
    net: Net, edges: pd.DataFrame, exits: Sequence[ExitEdges], weights: Mapping[str, float] | None
) -> Traffic:
    """Return the free-flow traffic of an evacuation; without `weights` (vehicles by edge) by length of street."""
    out = ways_out(road_graph(net, VCLASS), [edge for item in exits for edge in item.edges])
    table = edges.set_index("edge")
    starting = dict(weights) if weights else _home_metres(table, out.graph.edges)
    return Traffic(net, table, out, starting, tree_assignment(out, starting), bool(weights))


def middle(edge: Edge) -> tuple[float, float]:
    """Return the point half way along an edge (net coordinates, m)."""
    shape = np.array(edge.getShape())
    along_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))])
    half = along_m[-1] / 2
    return float(np.interp(half, along_m, shape[:, 0])), float(np.interp(half, along_m, shape[:, 1]))


def _home_metres(table: pd.DataFrame, driven: Iterable[str]) -> dict[str, float]:
    homes = table[table["highway"].isin(_HOMES) & table.index.isin(list(driven))]
    return {str(edge): float(length) for edge, length in homes["length_m"].items()}
