"""All who act in a running simulation, put together from what a job asks for, and what they leave of what they did."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from traci.connection import Connection

from evac.plans.stages import Stages
from evac.simulate.blocked_turns import BlockedTurns
from evac.simulate.buses import Dispatcher
from evac.simulate.controller import Controller
from evac.simulate.drive_times import DriveTimes
from evac.simulate.driving import Actor, Ending
from evac.simulate.gridlock import GridlockWatch
from evac.simulate.incidents import Breaking
from evac.simulate.job_inputs import JobInputs
from evac.simulate.kept_ways import KeptWays
from evac.simulate.meso import MesoWatch
from evac.simulate.metering import Metering
from evac.simulate.refuges import Refuges


@dataclass(frozen=True)
class Actors:
    """Who watches over gridlock, carries out the timetable, fills refuges, sends buses, lets cars stall, and meters."""

    watch: GridlockWatch | MesoWatch
    turns: BlockedTurns | None
    controller: Controller
    metering: Metering
    buses: Dispatcher
    refuges: Refuges
    breaking: Breaking
    times: tuple[DriveTimes, ...]

    @classmethod
    def of(cls, connection: Connection, inputs: JobInputs, seed: int) -> Actors:
        """Return the actors of a job, each with its own part of the conversation."""
        coarse = inputs.meso is not None
        watch = MesoWatch(connection) if coarse else GridlockWatch(connection, inputs.gridlock_after_s)
        turns = BlockedTurns(connection, watch) if isinstance(watch, GridlockWatch) else None
        kept = KeptWays(connection, coarse)
        refuges = Refuges(connection, inputs.refuges, inputs.exits, kept)
        controller = Controller(
            connection,
            inputs.timetable,
            inputs.exits,
            seed,
            kept,
            coarse=coarse,
            stages=inputs.stages,
            refuges=refuges,
            drives=inputs.drives,
            cars=inputs.packets.size,
            leaves=inputs.leaves,
        )
        return cls(
            watch,
            turns,
            controller,
            metering=Metering(connection, inputs.exits, inputs.veh_per_h, inputs.beyond),
            buses=Dispatcher(connection, inputs.buses, controller, inputs.exits),
            refuges=refuges,
            breaking=Breaking(connection, inputs.breakdowns),
            times=(DriveTimes(connection, inputs.drives),) if inputs.drives else (),
        )

    @property
    def others(self) -> list[Actor]:
        """Those who act at times of their own beside the controller, in the order in which they do."""
        return [self.buses, self.refuges, self.breaking, *self.times]

    def records(self, ending: Ending, stages: Stages) -> dict[str, object]:
        """Return what is to be written of a run that has ended: the content by the file's name."""
        ended = {
            "reason": ending.reason,
            "time_s": ending.time_s,
            "vehicles": asdict(ending.counts),
            "left": {vehicle: (stages.road(edge), stood_s) for vehicle, (edge, stood_s) in ending.left.items()},
            "turned_round": sorted(self.controller.turned_round),
            "at_home": sorted(self.controller.at_home),
            "turned_on": self.refuges.turned_on,
            "wait_s": ending.wait_s,
        }
        return {
            "gridlock.json": [event.record() for event in self.watch.events],
            "controls.json": self.controller.events,
            "buses.json": self.buses.record(),
            "incidents.json": self.breaking.incidents,
            "ending.json": ended,
        }
