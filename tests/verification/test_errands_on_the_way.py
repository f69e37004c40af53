"""Who has somebody to fetch does so first, whatever a plan says on the way: led to an exit, or sent round a closure.

Main Street runs from a over b and c to d, North Street leads out at b, Round Street goes round the piece from b to c.
Thirty cars from the first piece fetch somebody beyond it, for a minute each.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from evac.measure.ledger import errands_given_up
from evac.simulate.meso import Meso
from plan_town import Town, cars, town

CARS, STOP_S = 30, 60.0
NODES = {"a": (0, 0), "b": (800, 0), "c": (1600, 0), "d": (2400, 0)}
NODES |= {"n": (800, 800), "m": (1600, 800), "e": (800, 1600)}
STREETS = [("a b", "West", 1), ("b c", "Middle", 1), ("c d", "East", 1), ("b n m c", "Round", 1), ("n e", "North", 1)]
DIVERT = "  - {do: divert, approach: {street: West, crossing: Middle, towards: east}, to_exit: North}"
CLOSE = "  - {do: close, where: {street: Middle}, when: {from_min: 2}, accept_cut_off: true}"
BOTH = pytest.mark.parametrize("meso", [None, Meso()], ids=["microscopic", "mesoscopic"])


def _drive(folder: Path, plan: str, at: str, meso: Meso | None) -> pd.DataFrame:
    """Drive the cars with somebody to fetch on an edge; return their trips beside the demand."""
    made: Town = town(folder / "town", NODES, STREETS, {"East": "cd", "North": "ne"})
    stops = {"errand": "school", "stop_edge": at, "stop_pos_m": 300.0, "stop_s": STOP_S}
    vehicles = cars("ab", CARS, every_s=10.0, length_m=300.0).assign(**stops)
    trips, _ = made.drive(made.under(plan), vehicles, meso=meso)
    return vehicles.merge(trips, on="vehicle", validate="1:1")


@BOTH
@pytest.mark.parametrize(("plan", "at"), [(DIVERT, "bc"), (CLOSE, "cd")], ids=["led", "closed"])
def test_who_has_somebody_to_fetch_does_so_and_gets_out(tmp_path: Path, plan: str, at: str, meso: Meso | None) -> None:
    both = _drive(tmp_path, plan, at, meso)
    assert both["arrived_s"].notna().all()
    assert (both["stopped_s"] >= STOP_S).all()


def test_who_is_out_without_having_stopped_has_given_the_errand_up() -> None:
    rows = [(60.0, 70.0, 100.0), (60.0, 0.0, 100.0), (60.0, 0.0, None), (None, 0.0, 100.0)]
    done = pd.DataFrame(rows, columns=["stop_s", "stopped_s", "evacuated_s"]).astype(float)
    assert errands_given_up(done) == 1
