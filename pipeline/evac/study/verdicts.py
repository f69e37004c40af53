"""Whether zones are safe in a trial, found by a run that goes on only until that is known.

A trial of an order asks one thing: whether a share of a zone's vehicles is safe. Most of a run comes after that is
known, when roads close one after the other and nobody of the zone is left. So a trial ends then. What it has found is
kept in `trials/<digest>/verdict.json` of the cache, for this run, these zones and this share, and nowhere else: no run
is left of it. Where more is asked than it knows, the job is run as any.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd

from evac.demand.routes import leaves_s
from evac.files import digest_json, write_text
from evac.measure.driven import reached_with_stages
from evac.measure.safety import Safety, safety_so_far
from evac.measure.setup import Setup
from evac.seals import sealed_directory
from evac.simulate import TRIALS, Asked, run_until_known
from evac.simulate.driving import Progress
from evac.simulate.fates import Group
from evac.simulate.job import Job
from evac.study.ground import Ground, demand_of
from evac.study.jobs import perform
from evac.study.others import Others, others_of
from evac.study.sumo_inputs import inputs_of

_VERDICT = "verdict.json"


@dataclass(frozen=True)
class Question:
    """Whether at least a share of the vehicles of each of some zones is safe.

    Parameters
    ----------
    zones
        The zones.
    share
        The share.
    only
        The zones whose vehicles drive, where those of all others have left before any of these does; None: all.
    """

    zones: tuple[str, ...]
    share: float
    only: tuple[str, ...] | None = None

    def driving(self, vehicles: pd.DataFrame) -> pd.DataFrame:
        """Return those of a demand's vehicles that have to be simulated."""
        if self.only is None:
            return vehicles
        return vehicles[vehicles["zone"].astype(str).isin(self.only)].reset_index(drop=True)

    def groups(self, vehicles: pd.DataFrame) -> dict[str, Group]:
        """Return the zones' vehicles in a demand, as a running simulation is asked about them."""
        planned = vehicles[vehicles["ordered"]]
        found = {}
        for zone, mine in planned.groupby(planned["zone"].astype(str)):
            if zone in self.zones:
                goes = mine[mine["status"] == "planned"]
                leaves = dict(zip(goes["vehicle"], leaves_s(goes).tolist(), strict=True))
                found[str(zone)] = Group(leaves, len(mine) - len(goes), _least(self.share, len(mine)))
        return found


def _least(share: float, planned: int) -> int:
    """Return the fewest of so many that are at least a share of them."""
    fewest = max(math.floor(share * planned) - 1, 0)
    while fewest / planned < share:
        fewest += 1
    return fewest


def verdict_folder(job: Job, question: Question, cache: Path) -> Path:
    """Return where the answer to a question about a job is, or will be."""
    return cache / TRIALS / digest_json({"job": job.digest, **asdict(question)})


def read_verdict(folder: Path) -> dict[str, Safety]:
    """Return what is known of each zone."""
    content: Mapping[str, Mapping[str, int]] = json.loads((folder / _VERDICT).read_text())["zones"]
    return {zone: Safety(**item) for zone, item in content.items()}


def find_out(
    ground: Ground,
    job: Job,
    question: Question,
    cache: Path,
    *,
    begin: Callable[[int], None],
    update: Callable[[Progress], None],
) -> Path:
    """Answer a question about a job, and return the folder of the verdict, or of the run where it took a whole one.

    The other parameters are those of `perform`.
    """
    vehicles = question.driving(demand_of(ground, job.case))
    groups = question.groups(vehicles)
    if all(group.is_lost for group in groups.values()):
        lost = {zone: Safety(len(item.leaves_s) + item.lost, 0, item.lost) for zone, item in groups.items()}
        return _write(lost, job, question, cache)
    others = others_of(ground, job.case)
    begin(int((vehicles["status"] == "planned").sum()))
    known = _simulated(ground, job, vehicles=vehicles, others=others, groups=groups, cache=cache, update=update)
    if all(item.share(question.share) is not None for item in known.values()):
        return _write(known, job, question, cache)
    return perform(ground, job, cache, begin=begin, update=update)


def _simulated(
    ground: Ground,
    job: Job,
    *,
    vehicles: pd.DataFrame,
    others: Others,
    groups: Mapping[str, Group],
    cache: Path,
    update: Callable[[Progress], None],
) -> dict[str, Safety]:
    terms, setup = ground.terms, _setup(ground, others)
    inputs = inputs_of(terms, job.case, vehicles, others)
    leaves = dict(zip(vehicles["vehicle"], inputs.packets.leaves_s(vehicles).tolist(), strict=True))
    led = [replace(item, leaves_s={name: leaves[name] for name in item.leaves_s}) for item in groups.values()]
    asked = Asked(tuple(led), reached_with_stages(setup) or {})
    with run_until_known(job, inputs, cache, asked, update) as (folder, is_over):
        return safety_so_far(folder, vehicles, terms.exits, setup, groups, is_over=is_over)


def _setup(ground: Ground, others: Others) -> Setup:
    """Return what of a run's setup bears on who is safe."""
    terms = ground.terms
    return Setup(
        background=others.background,
        arrival_s=terms.arrival_s,
        roads=terms.staged.stages.roads if terms.staged else {},
        refuges=terms.refuges,
    )


def _write(known: Mapping[str, Safety], job: Job, question: Question, cache: Path) -> Path:
    target = verdict_folder(job, question, cache)
    zones = {zone: asdict(item) for zone, item in known.items()}
    content = {"job": job.digest, "share": question.share, "zones": zones}
    with sealed_directory(target) as folder:
        write_text(folder / _VERDICT, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return target
