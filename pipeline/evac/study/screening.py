"""Screening: the mesoscopic model fitted to a few microscopic runs of the same scenario, with the error that it has.

A lane passes what the driver is calibrated to; the roads at the merges that hold the largest vehicles-per-household
case up pass what they do in its microscopic run (`study.capacities`). How right of way is kept is fitted, to the 90 %
clearance and the curve of the smallest and the largest case. No factor of all headways is: it makes up for other errors
of the runs that it is fitted to, and makes other plans worse. The error is then measured on a run that nothing was
fitted to: the middle case with another seed, under another plan where there are several. Results are labelled with it,
and doubted where it is large, or where the microscopic runs themselves aren't trustworthy: a town that gridlocks
doesn't do so in queues without lanes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evac.demand.packets import packet_size
from evac.errors import SimulationError
from evac.files import digest_json
from evac.measure.clearance import clearance_s
from evac.overlay.staging import stage_roads
from evac.plans.timetable import Timetable
from evac.schema.scenario import vehicles_words
from evac.seals import has_entry, read_record, write_record
from evac.simulate.job import Case
from evac.simulate.meso import Meso, RoadHeadway
from evac.study.capacities import exit_headways, lane_factor, road_headways
from evac.study.cases import background_of, case_name
from evac.study.ground import Ground, Terms, demand_of
from evac.study.jobs import job_of, run_folder
from evac.study.runs import Display, Silent, read_ledger, read_manifest
from evac.study.tasks import Engine, Task

_LIMIT = 0.1
"""Error of the 90 % clearance beyond which the mesoscopic model isn't trusted."""
_SHARES_PERCENT = range(5, 100, 5)
_DIGITS = 4


@dataclass(frozen=True)
class Calibration:
    """The mesoscopic model of a scenario, and what is known of its error.

    Parameters
    ----------
    meso
        Its parameters.
    t90_error
        By how much its 90 % clearance is off on a run that it wasn't fitted to, as a share; None without a clearance.
    curve_error
        Mean distance in time between the curves of that run, as a share of its 90 % clearance.
    fitted_to, checked_on
        The cases of the microscopic runs, in words.
    doubts
        Why it isn't to be trusted here; empty where it is.
    """

    meso: Meso
    t90_error: float | None
    curve_error: float | None
    fitted_to: tuple[str, ...]
    checked_on: str
    doubts: tuple[str, ...]

    @property
    def label(self) -> str:
        """What every result says."""
        found = "its error couldn't be measured"
        if self.t90_error is not None and self.curve_error is not None:
            found = (
                f"on a microscopic run that it wasn't fitted to its 90 % clearance was off by {self.t90_error:+.1%}, "
                f"its curve by {self.curve_error:.1%} of that time"
            )
        together = f", cars in packets of {self.meso.packet}" if self.meso.packet > 1 else ""
        return f"coarse (mesoscopic) simulation, for screening only, without lanes{together}: {found}"


@dataclass(frozen=True)
class _Quiet(Silent):
    """Shows no run: several runs of a calibration are of one case, and would share a line."""

    display: Display

    def tell(self, text: str) -> None:
        """Show what the study waits for."""
        self.display.tell(text)


@dataclass(frozen=True)
class Town:
    """What calibration runs on.

    Parameters
    ----------
    ground
        The plan whose microscopic runs are fitted to.
    other, other_plan
        The plan under which the error is measured, and its key; the same one where there is no other.
    cache
        The cache's folder.
    engine
        What runs the cases.
    display
        Where progress is shown.
    """

    ground: Ground
    other: Ground
    other_plan: str
    cache: Path
    engine: Engine
    display: Display

    def run(self, wanted: Sequence[tuple[Ground, Case]]) -> list[Path]:
        """Run cases, and return their directories.

        Raises
        ------
        SimulationError
            One of them failed: there is nothing to fit.
        """
        jobs = [job_of(ground.terms, case) for ground, case in wanted]
        missing = {
            job.digest: Task(job, ground)
            for job, (ground, _) in zip(jobs, wanted, strict=True)
            if not has_entry(run_folder(job, self.cache))
        }
        with closing(self.engine.run(list(missing.values()), self.cache, _Quiet(self.display))) as outcomes:
            for number, (job, outcome) in enumerate(outcomes, start=1):
                if not isinstance(outcome, Path):
                    raise SimulationError(
                        f"a run of the calibration failed: {case_name(job.case)}: {outcome}"
                    ) from outcome
                self.display.finish("calibration", f"{number} of {len(missing)} {job.case.fidelity} runs")
        return [run_folder(job, self.cache) for job in jobs]

    def coarse(self, meso: Meso) -> Ground:
        """Return the ground of the mesoscopic runs that are fitted."""
        return coarse(self.ground, meso, self.cache)


def town_of(grounds: Mapping[str, Ground], first: Case, cache: Path, engine: Engine, display: Display) -> Town:
    """Return what a study's coarse model is calibrated on: its first plan, and its last one for the error.

    Parameters
    ----------
    grounds
        Of the plans by their keys.
    first
        The study's first case.
    cache
        The cache's folder.
    engine, display
        As `Town` has them.
    """
    other = [key for key in grounds if key != first.plan][-1:] or [first.plan]
    return Town(grounds[first.plan], grounds[other[0]], other[0], cache, engine, display)


def calibrate(town: Town, labels: Sequence[str], first: Case) -> Calibration:
    """Fit the mesoscopic model; a fit that the cache has isn't made again.

    Parameters
    ----------
    town
        What it runs on.
    labels
        Vehicles-per-household cases, from few to many.
    first
        The case whose plan, departure curve and seed serve for the fit; the error is measured with the next seed.
    """
    known = known_calibration(town, labels, first)
    if known is not None:
        return known
    found = _calibrate(town, *_runs_of_fit(town, labels, first))
    write_record(_record(town, labels, first), asdict(found))
    return found


def known_calibration(town: Town, labels: Sequence[str], first: Case) -> Calibration | None:
    """Return the fit that `calibrate` would; None where the cache doesn't have it."""
    return read_record(_record(town, labels, first), _calibration)


def _record(town: Town, labels: Sequence[str], first: Case) -> Path:
    runs = _micro(town, *_runs_of_fit(town, labels, first))
    digests = [job_of(ground.terms, case).digest for ground, case in runs]
    return town.cache / "meso" / f"{digest_json({'jobs': digests})}.json"


def _runs_of_fit(town: Town, labels: Sequence[str], first: Case) -> tuple[list[Case], Case]:
    """Return the microscopic cases to fit to, and the one that the error is measured with."""
    case = replace(first, fidelity="micro", capacity_factor=1.0)
    fitted = [replace(case, vehicles_per_household=label) for label in dict.fromkeys((labels[0], labels[-1]))]
    middle = labels[(len(labels) - 1) // 2]
    # Another plan, another number of vehicles, another seed: the error of what was fitted to would flatter.
    return fitted, replace(case, plan=town.other_plan, vehicles_per_household=middle, seed=first.seed + 1)


def screened(grounds: Mapping[str, Ground], found: Calibration, cache: Path) -> dict[str, Ground]:
    """Return the plans' grounds for mesoscopic runs, labelled with the error and with what the model doesn't follow."""
    return {key: labelled(coarse(ground, found.meso, cache), found) for key, ground in grounds.items()}


def coarse(ground: Ground, meso: Meso, cache: Path) -> Ground:
    """Return the ground of mesoscopic runs.

    Parameters
    ----------
    ground
        A plan's.
    meso
        The model's parameters.
    cache
        The cache's folder, for the net that the model gets where lanes open or close during the run.
    """
    terms = ground.terms
    alternate = terms.model.traffic.merges == "alternate"
    staged = stage_roads(terms.network, ground.net, terms.timetable, cache, alternate=alternate)
    metered = exit_headways(terms.exits, ground.net, terms.model.driver.profile, meso.packet)
    roads = {item.road: item for item in (*meso.roads, *metered)}
    return replace(ground, terms=replace(terms, meso=replace(meso, roads=tuple(roads.values())), staged=staged))


def unfitted(ground: Ground, case: Case) -> Meso:
    """Return the mesoscopic model of a case as far as it is known without any microscopic run: by its drivers."""
    profile = ground.terms.model.driver.profile
    packet = _packet(ground.terms, int(demand_of(ground, case)["ordered"].sum()))
    return replace(Meso.of_lane("full", lane_factor(profile)), packet=packet)


def _packet(terms: Terms, vehicles: int) -> int:
    """Return how many cars a packet has; one where each is counted by itself, or shares the road with single others.

    Places in a refuge are counted by car, and background traffic by vehicle.
    """
    model = terms.model
    background = [background_of(model, item.name) for item in model.departures]
    alone = not terms.refuges and all(item.is_nobody for item in background)
    return packet_size(vehicles) if alone else 1


def labelled(ground: Ground, found: Calibration) -> Ground:
    """Return a ground of mesoscopic runs that say what is known of their error, and what they leave out of the plan."""
    known = ground.terms.facts
    caveats = (found.label, *_left_out(ground.terms, found.meso), *known.caveats)
    facts = replace(known, doubts=(*known.doubts, *found.doubts), caveats=caveats)
    return replace(ground, terms=replace(ground.terms, facts=facts))


def _left_out(terms: Terms, meso: Meso) -> list[str]:
    """Return what the mesoscopic model doesn't follow of a plan and a scenario, or only nearly, and why."""
    timetable, told = terms.timetable, []
    if meso.junctions == "free":
        actions = sorted({item.action for item in timetable.programs})
        told += [
            f"{action}: without effect, as the fitted model keeps no right of way and no signals" for action in actions
        ]
    by_lane = sorted({item.action for item in timetable.diversions if item.lanes})
    told += [f"{action}: drivers are on no lane, so whose lane it is for is drawn" for action in by_lane]
    if timetable.states().of_roads and timetable.opposed:
        turned = sorted({action for lane in timetable.opposed for action in _actions_on(lane.lanes, timetable)})
        told += [f"{action}: lanes turn when the plan says, whoever is still on them" for action in turned]
    told += [
        f"exit {item.name}: the road beyond it takes all that its lanes pass, always"
        for item in terms.exits
        if any(spell.veh_per_h is not None for spell in item.beyond)
    ]
    if terms.model.buses is not None:
        told.append("buses: there are none, and nobody waits for one, because vehicles are on no lane to stop beside")
    if terms.model.incidents is not None:
        told.append("incidents: no car crashes or stalls, because vehicles are on no lane to take")
    return [f"coarse simulation: {text}" for text in told]


def _actions_on(lanes: Sequence[str], timetable: Timetable) -> set[str]:
    return {action for lane in lanes for state in timetable.states().lanes[lane] for action in state.actions}


def _micro(town: Town, fitted: Sequence[Case], check: Case) -> list[tuple[Ground, Case]]:
    """Return the microscopic runs of a calibration."""
    return [*((town.ground, case) for case in fitted), (town.other, check)]


def _calibrate(town: Town, fitted: Sequence[Case], check: Case) -> Calibration:
    micro = town.run(_micro(town, fitted, check))
    profile = town.ground.terms.model.driver.profile
    largest = micro[len(fitted) - 1]
    windows = pd.read_parquet(largest / "edges.parquet", columns=["edge", "from_s", "flow_veh_per_h"])
    packet = _packet(town.ground.terms, read_manifest(largest)["planned"])
    roads = road_headways(read_manifest(largest), windows, town.ground.net, profile, packet)
    # Headways follow from drivers and from what the worst bottlenecks pass; only the keeping of right of way is tried.
    tried = [Meso.of_lane(kind, lane_factor(profile)) for kind in ("free", "limited", "full")]
    kinds = [replace(meso, roads=roads, packet=packet) for meso in tried]
    meso = _best(town, fitted, micro[:-1], kinds)
    (checked,) = town.run([(coarse(town.other, meso, town.cache), replace(check, fidelity="meso"))])
    t90_error, curve_error = _errors(checked, micro[-1])
    words = [
        f"{case.plan}, {vehicles_words(case.vehicles_per_household)}, seed {case.seed}" for case in (*fitted, check)
    ]
    return Calibration(meso, t90_error, curve_error, tuple(words[:-1]), words[-1], tuple(_doubts(micro, t90_error)))


def _best(town: Town, fitted: Sequence[Case], micro: Sequence[Path], tried: Sequence[Meso]) -> Meso:
    """Return the parameters with the smallest mean error over the cases."""
    cases = [replace(case, fidelity="meso") for case in fitted]
    folders = town.run([(town.coarse(meso), case) for meso in tried for case in cases])
    losses = []
    for number in range(len(tried)):
        mine = folders[number * len(cases) : (number + 1) * len(cases)]
        losses.append(sum(_loss(coarse, fine) for coarse, fine in zip(mine, micro, strict=True)))
    return tried[int(np.argmin(losses))]


def _loss(coarse: Path, fine: Path) -> float:
    t90_error, curve_error = _errors(coarse, fine)
    # A model in which not everybody gets out can't be held against one in which they do: it is never the best.
    return float("inf") if t90_error is None or curve_error is None else abs(t90_error) + curve_error


def _errors(coarse: Path, fine: Path) -> tuple[float | None, float | None]:
    """Return the errors of the 90 % clearance and of the curve; None where one of the two isn't cleared so far."""
    ours, theirs = _times_s(coarse), _times_s(fine)
    t90_s = theirs[90]
    pairs = [(ours[percent], theirs[percent]) for percent in _SHARES_PERCENT]
    if t90_s is None or any(one is None or other is None for one, other in pairs):
        return None, None
    apart_s = [abs(one - other) for one, other in pairs if one is not None and other is not None]
    t90_error = ((ours[90] or 0.0) - t90_s) / t90_s
    return round(t90_error, _DIGITS), round(float(np.mean(apart_s)) / t90_s, _DIGITS)


def _times_s(folder: Path) -> dict[int, float | None]:
    """Return when each share of the planned vehicles is out (s)."""
    vehicles = pd.read_parquet(folder / "vehicles.parquet", columns=["ordered", "evacuated_s"])
    out_s = vehicles.loc[vehicles["ordered"], "evacuated_s"].to_numpy(dtype=float)
    return {percent: clearance_s(out_s, percent) for percent in _SHARES_PERCENT}


def _doubts(micro: Sequence[Path], t90_error: float | None) -> list[str]:
    reasons = {reason for folder in micro for reason in read_ledger(folder)["reasons"]}
    doubts = [f"microscopic runs of this scenario aren't trustworthy: {'; '.join(sorted(reasons))}"] if reasons else []
    if t90_error is None:
        doubts.append("its error isn't known: a run of the calibration wasn't cleared")
    elif abs(t90_error) > _LIMIT:
        doubts.append(f"the coarse simulation's 90 % clearance is off by {t90_error:+.0%} here")
    return doubts


def _calibration(content: Mapping[str, Any]) -> Calibration:
    lists = {name: tuple(content[name]) for name in ("fitted_to", "doubts")}
    roads = tuple(RoadHeadway(**item) for item in content["meso"]["roads"])
    return Calibration(**{**content, **lists, "meso": Meso(**{**content["meso"], "roads": roads})})
