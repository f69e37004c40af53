"""Speed limits of a plan: in the net where they hold from the order to the end, else as variable speed signs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar
from xml.sax.saxutils import quoteattr

from sumolib.net.edge import Edge

from evac.errors import Mend, Problem, ScenarioError
from evac.overlay.plain import PlainNet
from evac.overlay.reversing import TWIN
from evac.overlay.where import Where
from evac.plans.action import Action
from evac.plans.contradictions import Claim
from evac.plans.model import Speed
from evac.plans.reading import LoadedAction
from evac.plans.timetable import Limit, State, States, Timetable, edge_of

_SLOWEST_KPH = 1.0  # SUMO reads speeds in m/s with two decimals, and stops for ever at 0.00
_NORMAL = "-1"  # https://sumo.dlr.de/docs/Simulation/Variable_Speed_Signs.html: back to the lane's own limit


@dataclass
class SpeedLimits:
    """What a plan does to speed limits.

    Parameters
    ----------
    plain
        The net; changed by `build`.
    where
        Finds places on the baseline's net.
    """

    ACTIONS: ClassVar[tuple[type[Action], ...]] = (Speed,)

    plain: PlainNet
    where: Where
    _asked: list[tuple[LoadedAction, Speed, list[Edge]]] = field(default_factory=list)
    _limits: list[Limit] = field(default_factory=list)

    def take(self, item: LoadedAction, action: Speed) -> list[Claim]:
        """Find the roads of an action, and return what it claims.

        Raises
        ------
        PlaceError
            Its place isn't found.
        ScenarioError
            Nobody could drive at that speed.
        """
        edges = self.where.stretch(action.where, f"{item.where}.where")
        slowest_kph = min(3.6 * _new_speed_mps(edge, action) for edge in edges)
        if slowest_kph < _SLOWEST_KPH:
            what = f"leaves {slowest_kph:.2g} km/h: cars would stand there"
            remedy = f"give {_SLOWEST_KPH:g} km/h or more, or 'close' the road"
            raise ScenarioError(Problem(item.where, what, remedy, Mend.CLOSE))
        self._asked.append((item, action, edges))
        how = (action.kph, action.factor)
        return [Claim(*item.span(action.when), item.where, edge.getID(), "limits", how) for edge in edges]

    def build(self) -> None:
        """Set the limits that hold from the order to the end, on all lanes of the roads, those that are added too."""
        for item, action, edges in self._asked:
            by_speed: dict[float, list[str]] = defaultdict(list)
            for edge in edges:
                by_speed[_new_speed_mps(edge, action)] += self._lanes(edge.getID())
            self._limits += [
                Limit(*item.span(action.when), tuple(lanes), speed_mps) for speed_mps, lanes in by_speed.items()
            ]
        for lane, states in self._states().limits.items():
            if len(states) == 1 and states[0].holds is not None:
                self._set_speed(edge_of(lane), f"{states[0].holds:.2f}")

    def spans(self) -> tuple[Limit, ...]:
        """Return the limits of the timetable."""
        return tuple(self._limits)

    def _states(self) -> States:
        return Timetable(limits=tuple(self._limits)).states()

    def _lanes(self, edge: str) -> list[str]:
        roadways = [name for name in (edge, f"{TWIN}{edge}") if name in self.plain.edges]
        return [f"{name}_{lane}" for name in roadways for lane in range(self.plain.lanes(name))]

    def _set_speed(self, edge: str, speed_mps: str) -> None:
        self.plain.edges[edge].set("speed", speed_mps)
        for lane in self.plain.edges[edge].iter("lane"):
            if "speed" in lane.attrib:
                lane.set("speed", speed_mps)


def speed_signs(states: States) -> Iterator[str]:
    """Give SUMO's variable speed signs: one for all lanes whose limits change alike.

    A limit that holds from the order to the end is in the net.
    """
    alike: dict[tuple[State[float | None], ...], list[str]] = defaultdict(list)
    for lane, of_lane in states.limits.items():
        if len(of_lane) > 1:
            alike[of_lane].append(lane)
    for number, (of_lanes, lanes) in enumerate(alike.items()):
        steps = "".join(
            f'<step time="{state.from_s:g}" speed="{_NORMAL if state.holds is None else f"{state.holds:.2f}"}"/>'
            for state in of_lanes
            if state.from_s > 0.0 or state.holds is not None
        )
        actions = dict.fromkeys(action for state in of_lanes for action in state.actions)
        yield (
            f'<variableSpeedSign id="speed-{number}" lanes={quoteattr(" ".join(lanes))}>{steps}'
            f'<param key="label" value={quoteattr("; ".join(actions))}/></variableSpeedSign>'
        )


def _new_speed_mps(edge: Edge, action: Speed) -> float:
    """Return the speed limit that an action gives to an edge (m/s)."""
    return action.kph / 3.6 if action.kph is not None else float(edge.getSpeed()) * float(action.factor or 1.0)
