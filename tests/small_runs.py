"""Small SUMO runs on hand-made nets, laid out as run directories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pandas as pd
import sumolib

from evac import sumo
from evac.measure import measure_run
from evac.measure.setup import Setup
from evac.tables import edge_of_lane

EXACT_DRIVER = {"sigma": 0, "speedDev": 0, "tau": 1.0, "length": 5, "minGap": 2.5}
LANE_MINUTES = 20
LANES = '<laneData id="lanes" file="lanes.parquet" period="60" excludeEmpty="true"/>'


@dataclass(frozen=True)
class Way:
    """An exit: its name and last edges."""

    name: str
    edges: tuple[str, ...]


@dataclass(frozen=True)
class SmallRun:
    folder: Path
    net: sumolib.net.Net
    vehicles: pd.DataFrame
    exits: tuple[Way, ...]

    def measure(self, **options: Any) -> dict[str, Any]:
        return measure_run(self.folder, self.vehicles, self.net, self.exits, Setup(**options))


def write_net(folder: Path, nodes: dict[str, Any], edges: Sequence[dict[str, Any]]) -> Path:
    """Build a net from nodes `{id: (x, y[, type])}` and edges with netconvert's attributes."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = {name: {"type": place[2]} if len(place) > 2 else {} for name, place in nodes.items()}
    listed = [{"id": name, "x": place[0], "y": place[1], **kinds[name]} for name, place in nodes.items()]
    (folder / "n.nod.xml").write_text(_xml("nodes", "node", listed))
    (folder / "n.edg.xml").write_text(_xml("edges", "edge", edges))
    net = folder / "net.net.xml"
    sumo.run("netconvert", ["-n", folder / "n.nod.xml", "-e", folder / "n.edg.xml", "-o", net, "--no-turnarounds"])
    return net


def drivers(edge: str, count: int, *, every_s: float, **columns: Any) -> pd.DataFrame:
    """Return a demand table for `routes.write_trips`: one car after the other from a street; `columns` are others."""
    vehicles = pd.DataFrame({"household": range(count), "vehicle_number": 0, "edge": edge}).assign(
        vehicle=[f"h{number}v0" for number in range(count)],
        pos_m=20.0,
        departure_s=[every_s * number for number in range(count)],
        held_until_s=float("nan"),
        errand=None,
        informed=True,
        resident=False,
        speed_factor=1.0,
        exit=None,
        status="planned",
    )
    return vehicles.assign(**columns)


def demand(trips: Sequence[tuple[str, float, str]], unasked: Sequence[str] = ()) -> pd.DataFrame:
    """Return a demand table of `(edge, departure_s, status)`, one household a vehicle, zone named after the edge.

    Those that start on the edges `unasked` are not ordered to leave.
    """
    return pd.DataFrame(
        [
            {
                "vehicle": f"h{number}v0",
                "household": number,
                "zone": f"zone {edge}",
                "vehicle_number": 0,
                "ordered": edge not in unasked,
                "departure_s": float(departure_s),
                "held_until_s": float("nan"),
                "edge": edge if status == "planned" else None,
                "pos_m": 0.0,
                "stop_s": float("nan"),
                "informed": False,
                "exit": None,
                "status": status,
                "reason": None if status == "planned" else "no way out",
            }
            for number, (edge, departure_s, status) in enumerate(trips)
        ]
    )


def run_small(
    folder: Path,
    net_file: Path,
    vehicles: pd.DataFrame,
    exits: Sequence[Way],
    end_s: int = 7200,
    *,
    driver: dict[str, Any] | None = None,
    add: str = "",
    by_hand: dict[str, str] | None = None,
    options: Sequence[str] = ("--time-to-teleport", "-1"),
) -> SmallRun:
    """Drive the planned vehicles to the first exit and return the run, not yet measured.

    `by_hand` gives the XML of vehicles that don't just drive.
    """
    out = folder / "sumo"
    out.mkdir(parents=True)
    (out / "extra.add.xml").write_text(f"<additional>{LANES}{add}</additional>")
    (out / "trips.rou.xml").write_text(_routes(vehicles, exits[0].edges[0], driver or EXACT_DRIVER, by_hand or {}))
    (folder / "gridlock.json").write_text("[]")
    (folder / "ending.json").write_text('{"reason": "end of time", "left": {}}')
    outputs = ["--tripinfo-output", "tripinfo.xml", "--tripinfo-output.write-unfinished"]
    outputs += ["--tripinfo-output.write-undeparted", "--statistic-output", "statistics.xml", "--log", "sumo.log"]
    inputs = ["-n", str(net_file.resolve()), "-r", "trips.rou.xml", "-a", "extra.add.xml", "--end", str(end_s)]
    sumo.run("sumo", [*inputs, *outputs, "--no-step-log", *options], cwd=out)
    return SmallRun(folder, sumolib.net.readNet(str(net_file)), vehicles, tuple(exits))


def lane_rows(speeds, minutes=range(LANE_MINUTES), vehicles=10):
    """Rows like `read_lanes`: a speed (m/s) for each lane, ten vehicles on it and `vehicles` over its end a minute."""
    rows = pd.DataFrame(
        [
            {
                "lane_id": lane,
                "minute": minute,
                "until_s": 60.0 * minute + 60,
                "vehicles": vehicles,
                "sampled_s": 600.0,
                "distance_m": 600.0 * speed,
                "time_loss_s": 600.0 * (1 - speed / 15),
                "occupancy_percent": 10.0,
            }
            for lane, speed in speeds.items()
            for minute in minutes
        ]
    )
    rows["lane_id"] = rows["lane_id"].astype("category")
    return rows.assign(edge=edge_of_lane(rows["lane_id"]))


def _routes(vehicles: pd.DataFrame, to: str, driver: dict[str, Any], by_hand: dict[str, str]) -> str:
    planned = vehicles[vehicles["status"] == "planned"].sort_values("departure_s")
    how = {"type": "car", "to": to, "departLane": "free", "departSpeed": "max"}
    trips = [
        by_hand.get(row.vehicle)
        or f"<trip {_attributes({'id': row.vehicle, 'depart': row.departure_s, 'from': row.edge, **how})}/>"
        for row in planned.itertuples()
    ]
    kind = f"<vType {_attributes({'id': 'car', **driver})}/>"
    return "<routes>" + kind + "\n".join(trips) + "</routes>"


def _xml(root: str, tag: str, items: Sequence[dict[str, Any]]) -> str:
    return f"<{root}>" + "".join(f"<{tag} {_attributes(item)}/>\n" for item in items) + f"</{root}>"


def _attributes(values: dict[str, Any]) -> str:
    return " ".join(f"{key}={quoteattr(str(value))}" for key, value in values.items())
