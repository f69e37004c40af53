"""What SUMO is given for a case: its route files and additional files, and what happens while it runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from evac import clock
from evac.demand.background import ENGINE, engine_attributes, write_background
from evac.demand.buses import write_bus_type
from evac.demand.drivers import discharge_headway_s, right_of_way_attributes, right_of_way_options, vtype_attributes
from evac.demand.incidents import Breakdowns, breakdowns
from evac.demand.on_stages import on_stages
from evac.demand.orders import driver_under
from evac.demand.packets import Packets
from evac.demand.routes import leaves_s, routing_options, write_exit_zones, write_trips
from evac.hazards.refuges import ResolvedRefuge
from evac.network.exits.drive_beyond import DrivesBeyond
from evac.network.exits.resolved import ResolvedExit
from evac.network.signal_programs import OTHER, for_packets, other_programs
from evac.overlay.signals import OFF
from evac.overlay.staging import Staged
from evac.plans.stages import Stages
from evac.plans.timetable import Timetable
from evac.simulate.job import Case
from evac.simulate.job_inputs import JobInputs
from evac.study.ground import Terms
from evac.study.others import Others

_Writers = dict[str, Callable[[Path], object]]
"""Writers of input files by their names; SUMO reads the files in this order."""


def inputs_of(terms: Terms, case: Case, vehicles: pd.DataFrame, others: Others) -> JobInputs:
    """Return what SUMO is given: on the net with the stages of roads, where the mesoscopic model drives on one."""
    model, driver = terms.model, driver_under(terms.orders, terms.model.driver)
    staged = terms.staged or Staged(terms.network, terms.timetable, Stages())
    stages = staged.stages
    exits = [replace(item, edges=stages.edges_of(item.edges)) for item in terms.exits]
    refuges = tuple(replace(item, edges=stages.edges_of(item.edges)) for item in terms.refuges)
    packets = Packets.of(vehicles, terms.meso.packet if terms.meso else 1)
    leaders = packets.leaders(vehicles)
    vehicles = on_stages(leaders, stages, leaves_s(leaders), ("edge", "stop_edge"))
    background = on_stages(others.background, stages, others.background["departure_s"], ("edge", "to_edge"))
    some_held = bool(refuges or vehicles["exit"].notna().any() or staged.timetable.states().approaches)
    drives = DrivesBeyond(exits) if any(item.has_drive for item in exits) else None
    traffic = _Traffic(
        vehicles=vehicles,
        background=background,
        exits=exits,
        refuges=refuges,
        drives=drives,
        some_held=some_held,
        cars=packets.size,
    )
    # The mesoscopic model's exits have headways instead (`study.screening`), and nobody is held at their lines.
    held_at = exits if terms.meso is None else []
    return JobInputs(
        net_file=staged.network.net_file,
        write={
            **_traffic_files(terms, case, traffic),
            **({} if others.buses is None else _bus_files(terms, case)),
            **_road_files(terms, case, staged, packets),
        },
        end_s=model.simulation.end_h * clock.HOUR_S,
        gridlock_after_s=model.simulation.gridlock_after_s,
        teleport_after_s=model.simulation.teleport_after_s,
        extra_options=(*routing_options(model.simulation, driver), *right_of_way_options(model.traffic)),
        timetable=_with_other_programs(staged.timetable) if _has_others(case, packets) else staged.timetable,
        exits={item.name: item.edges for item in exits},
        veh_per_h={item.name: item.veh_per_h for item in held_at if item.veh_per_h},
        beyond={
            item.name: item.beyond for item in held_at if any(spell.veh_per_h is not None for spell in item.beyond)
        },
        drives=drives,
        meso=terms.meso,
        buses=others.buses,
        breakdowns=_breakdowns(terms, case, vehicles, background),
        stages=stages,
        refuges=refuges,
        packets=packets,
        leaves=_leaves(vehicles) if staged.timetable.under_hazard else {},
    )


def _leaves(vehicles: pd.DataFrame) -> dict[str, list[tuple[float, str]]]:
    """Return when the vehicles of each edge leave, as SUMO is told (s), with their names."""
    going = vehicles[vehicles["status"] == "planned"]
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for edge, at_s, name in zip(going["edge"], leaves_s(going).round(1), going["vehicle"], strict=True):
        found[edge].append((at_s, name))
    return dict(found)


@dataclass(frozen=True, kw_only=True)
class _Traffic:
    """Who drives where, on the net of the run."""

    vehicles: pd.DataFrame
    background: pd.DataFrame
    exits: Sequence[ResolvedExit]
    refuges: Sequence[ResolvedRefuge]
    drives: DrivesBeyond | None
    some_held: bool
    """Whether anybody is held to one exit or refuge at any time."""
    cars: int
    """Cars that a simulated vehicle stands for."""


def _traffic_files(terms: Terms, case: Case, traffic: _Traffic) -> _Writers:
    rules, driver = terms.model.traffic, driver_under(terms.orders, terms.model.driver)
    exits, refuges, background = traffic.exits, traffic.refuges, traffic.background
    factor = case.capacity_factor

    def write_vehicles(path: Path) -> None:
        write_trips(
            traffic.vehicles,
            exits,
            path,
            driver=driver,
            traffic=rules,
            capacity_factor=factor,
            refuges=refuges,
            cars=traffic.cars,
        )

    def write_zones(path: Path) -> None:
        write_exit_zones(exits, path, some_held=traffic.some_held, refuges=refuges, drives=traffic.drives)

    def write_others(path: Path) -> None:
        follows = vtype_attributes(driver.profile, factor) | right_of_way_attributes(rules)
        engine = engine_attributes(follows) if (background["kind"] == ENGINE).any() else None
        write_background(background, exits, path, engine=engine)

    files: _Writers = {"trips.rou.xml": write_vehicles, "exits.add.xml": write_zones}
    return {**files, "background.rou.xml": write_others} if len(background) else files


def _bus_files(terms: Terms, case: Case) -> _Writers:
    def write(path: Path) -> None:
        driver = driver_under(terms.orders, terms.model.driver)
        write_bus_type(path, driver=driver, traffic=terms.model.traffic, capacity_factor=case.capacity_factor)

    return {"buses.rou.xml": write}


def _has_others(case: Case, packets: Packets) -> bool:
    """Return whether the signals have other programs than the net's."""
    return case.signals is not None or packets.size > 1


def _road_files(terms: Terms, case: Case, staged: Staged, packets: Packets) -> _Writers:
    """Return the writers of other signal programs, the mesoscopic model's types of road, and what the plan adds."""
    files: _Writers = {}
    headway_s = discharge_headway_s(terms.model.driver.profile)
    if _has_others(case, packets):
        programs = for_packets(other_programs(staged.network.net_file, case.signals), packets.size, headway_s)
        files["signals.add.xml"] = lambda path: path.write_text(programs, encoding="utf-8")
    if terms.meso is not None and terms.meso.roads:
        files["roads.add.xml"] = terms.meso.write_types
    additional = staged.additional(terms.additional)
    if additional is not None:
        additional = for_packets(additional, packets.size, headway_s)
        files["plan.add.xml"] = lambda path: path.write_text(additional, encoding="utf-8")
    return files


def _with_other_programs(timetable: Timetable) -> Timetable:
    """Return the timetable with the other programs around the plan's; a signal that only the plan has stays off."""
    programs = (item if item.normal == OFF else replace(item, normal=OTHER) for item in timetable.programs)
    return replace(timetable, programs=tuple(programs))


def _breakdowns(terms: Terms, case: Case, vehicles: pd.DataFrame, background: pd.DataFrame) -> Breakdowns | None:
    """Return who crashes or stalls; nobody in the mesoscopic model, where a car on no lane takes none."""
    if terms.model.incidents is None or terms.meso is not None:
        return None
    return breakdowns(terms.model.incidents, [*vehicles["vehicle"], *background["vehicle"]], case.seed)
