"""Who of each zone is safe in a run so far: what an order's trial is asked, of a run that need not have been whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evac.measure.driven import reached_with_stages, read_driven
from evac.measure.exposure import exposures
from evac.measure.setup import Setup
from evac.measure.stranded import read_ending
from evac.network.reach import ExitEdges


@dataclass(frozen=True)
class Safety:
    """What is known of the vehicles of a zone that is ordered to leave.

    Parameters
    ----------
    planned
        All of them.
    safe
        Those that are out or in a refuge, and were never on a road that the hazard had reached.
    lost
        Those that can't be safe any more.
    """

    planned: int
    safe: int
    lost: int

    def share(self, asked: float) -> float | None:
        """Return the share that is safe, as far as it says whether it is as large as asked.

        It is the least that it can be where that is enough, and the most where that is too little; None when the run
        hasn't told.
        """
        least, most = self.safe / self.planned, (self.planned - self.lost) / self.planned
        return least if least >= asked else most if most < asked else None


def safety_so_far(
    run_dir: Path,
    vehicles: pd.DataFrame,
    exits: Sequence[ExitEdges],
    setup: Setup,
    zones: Collection[str],
    *,
    is_over: bool,
) -> dict[str, Safety]:
    """Return what SUMO's outputs tell of some zones.

    Parameters
    ----------
    run_dir
        Holds `sumo/tripinfo.xml`, `sumo/statistics.xml`, `sumo/vehroutes.xml` and `ending.json`.
    vehicles, exits, setup
        As for `measure_run`.
    zones
        The zones.
    is_over
        Whether the run went to its end: who isn't safe then never is.

    Raises
    ------
    SimulationError
        SUMO's outputs are unreadable or don't account for every vehicle.
    """
    driven = read_driven(run_dir, vehicles, exits, setup)
    planned = driven.planned.assign(zone=driven.planned["zone"].astype(str))
    mine = planned[planned["zone"].isin(list(zones))]
    reached_s, names = reached_with_stages(setup) or {}, set(mine["vehicle"])
    on_it = exposures(run_dir, mine, reached_s, driven.end_s, of=names)
    exposed = mine["vehicle"].isin(set(on_it["vehicle"]))
    safe = mine["status"].isin(["evacuated", "in_refuge"]) & ~exposed
    at_home = mine["vehicle"].isin(read_ending(run_dir).at_home)
    lost = ~safe if is_over else exposed | at_home | (mine["status"] == "no_route")
    by_zone = {str(zone): rows.index for zone, rows in mine.groupby("zone")}
    return {zone: Safety(len(rows), int(safe[rows].sum()), int(lost[rows].sum())) for zone, rows in by_zone.items()}
