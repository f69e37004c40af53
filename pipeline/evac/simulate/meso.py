"""SUMO's mesoscopic model: edges as queues, for a fast look. No lanes, no car-following, no rings to resolve.

Parameters and their defaults: https://sumo.dlr.de/docs/Simulation/Meso.html (Eissfeldt, Vehicle-based modelling of
traffic, 2004). The four headways are factors of the driver's own headway `tau`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import quoteattr

from traci.connection import Connection

from evac.simulate.answers import Car
from evac.simulate.gridlock import STANDSTILL_S, Event

_TAU_FF, _TAU_FJ, _TAU_JF, _TAU_JJ = 1.13, 1.13, 1.73, 1.4  # SUMO's defaults
_TRAVEL_TIMES_EVERY_S = 120
"""How often drivers' travel times are brought up to date, which is a quarter of the model's time if it is done every
minute as in the microscopic one (docs/performance-log.md)."""
_JAMMED_FROM = "-0.25"
"""Of packets: jammed from so many vehicles on as would drive at a quarter of the road's speed."""
_JUNCTIONS = {
    "free": (),
    "limited": ("--meso-junction-control.limited",),
    "full": ("--meso-junction-control",),
}


@dataclass(frozen=True)
class RoadHeadway:
    """The headway of a lane of one road, as a factor of the driver's own; `road` is its edge."""

    road: str
    factor: float


@dataclass(frozen=True)
class Meso:
    """Parameters of the mesoscopic model.

    Parameters
    ----------
    junctions
        Whether right of way and signals are obeyed: not at all, only by links that are full (`limited`), or always.
    free
        The headways into a free segment as a multiple of SUMO's defaults: capacity.
    jam
        Those of a jam as a multiple of SUMO's defaults: how fast a queue moves up.
    roads
        Roads that have headways of their own.
    packet
        Cars that a simulated vehicle stands for (`demand.packets`).
    """

    junctions: Literal["free", "limited", "full"] = "limited"
    free: float = 1.0
    jam: float = 1.0
    roads: tuple[RoadHeadway, ...] = ()
    packet: int = 1

    @classmethod
    def of_lane(cls, junctions: Literal["free", "limited", "full"], factor: float) -> Meso:
        """Return the model in which a lane passes as much in front of a queue as in it, at a factor of the headway."""
        return cls(junctions, factor / _TAU_FF, factor / _TAU_JF)

    def options(self) -> list[str]:
        """Return SUMO's options."""
        return [
            "--mesosim",
            "--no-internal-links",
            *("--device.rerouting.adaptation-interval", str(_TRAVEL_TIMES_EVERY_S)),
            *_JUNCTIONS[self.junctions],
            *(self._of_packets() if self.packet > 1 else ()),
            *("--meso-tauff", f"{_TAU_FF * self.free:.3f}"),
            *("--meso-taufj", f"{_TAU_FJ * self.free:.3f}"),
            *("--meso-taujf", f"{_TAU_JF * self.jam:.3f}"),
            *("--meso-taujj", f"{_TAU_JJ * self.jam:.3f}"),
        ]

    def _of_packets(self) -> list[str]:
        """Return what packets need otherwise than cars.

        Who has to wait at a junction looks again after as many seconds as a packet has cars. And a road isn't taken for
        jammed as early: SUMO does so from as many cars on as drive on it freely, which a packet or two are at once, and
        from one jammed road 1,080 cars an hour get into the next (SUMO 1.28; tests/verification/test_packets.py).
        """
        return ["--meso-recheck", str(self.packet), "--meso-jam-threshold", _JAMMED_FROM]

    def write_types(self, path: Path) -> None:
        """Write SUMO's additional file with the headways of roads that have their own; each is a type."""
        types = (
            f'    <type id={quoteattr(item.road)}><meso tauff="{item.factor:.3f}" taufj="{item.factor:.3f}" '
            f'taujf="{item.factor:.3f}"/></type>'
            for item in self.roads
        )
        path.write_text("\n".join(["<additional>", *types, "</additional>", ""]), encoding="utf-8")


class MesoWatch:
    """Notices when nothing moves any more; there are no lanes to look at, so no ring is found and none resolved."""

    def __init__(self, connection: Connection) -> None:
        self.events: list[Event] = []
        self._connection = connection
        self._counts = ("", "")
        self._roads: dict[str, str] = {}
        self._moved_s = 0.0

    def poll(self, now_s: float) -> None:
        """Look whether anybody has moved: entered, left, or changed roads."""
        ask = self._connection.simulation.getParameter
        counts = (ask("", "stats.vehicles.inserted"), ask("", "stats.vehicles.running"))
        moved = counts != self._counts
        self._counts = counts
        if not moved:  # only then are all vehicles asked: it takes long
            vehicle = self._connection.vehicle
            roads = {name: vehicle.getRoadID(name) for name in vehicle.getIDList()}
            moved, self._roads = roads != self._roads, roads
        if moved:
            self._moved_s = now_s

    @property
    def cars(self) -> tuple[Car, ...]:
        """None: where on a road a vehicle is, the model doesn't know."""
        return ()

    def stands_still(self, now_s: float) -> bool:
        """Return whether nobody has moved for `STANDSTILL_S`."""
        return now_s - self._moved_s >= STANDSTILL_S

    def left(self, now_s: float) -> dict[str, tuple[str, float]]:
        """Return who is in the network: by vehicle its road, and for how long nobody has moved (s)."""
        vehicle = self._connection.vehicle
        return {name: (vehicle.getRoadID(name), now_s - self._moved_s) for name in vehicle.getIDList()}
