"""Whoever crosses an exit line is out: nobody turns round behind one and drives back in, on the way to another exit."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pandas as pd
import pytest

from evac.network import read_net
from evac.network.reach import cost_by_exit
from plan_town import Town, cars, town

SPACING_M = 300.0
DIVERT = "  - {do: divert, to_exit: exit 1, approach: {street: %s}, compliance: 0.5}\n"


def random_town(folder: Path, draw: random.Random) -> Town:
    """Build a grid with gaps; exits are dead ends at its edges, as where a map is cut, with room to turn round."""
    wide, high = draw.randint(2, 4), draw.randint(2, 4)
    at = {(x, y): f"n{x}{y}" for x in range(wide) for y in range(high)}
    nodes = {name: (x * SPACING_M, y * SPACING_M) for (x, y), name in at.items()}
    streets = [(f"{name} {at[x + 1, y]}", f"Row {y}", 1) for (x, y), name in at.items() if (x + 1, y) in at]
    tried = [(f"{name} {at[x, y + 1]}", f"Column {x}", 1) for (x, y), name in at.items() if (x, y + 1) in at]
    streets += [street for street in tried if street[0].startswith("n0") or draw.random() < 0.7]
    exits = {}
    for number, y in enumerate(draw.sample(range(high), 2)):
        x, step = ((0, -1), (wide - 1, 1))[number]
        nodes[f"e{number}"] = (nodes[at[x, y]][0] + step * 400.0, y * SPACING_M)
        streets.append((f"{at[x, y]} e{number}", f"Way out {number}", 1))
        exits[f"exit {number}"] = f"{at[x, y]}e{number}"
    return town(folder, nodes, streets, exits)


def drive_everybody(place: Town, draw: random.Random, plan: str) -> tuple[pd.DataFrame, Path]:
    """Let cars start on every street in both directions, half of them held to an exit drawn for each."""
    edges = read_net(place.network.net_file).getEdges(withInternal=False)
    vehicles = pd.concat(
        cars(edge.getID(), 12, every_s=draw.uniform(5, 30), length_m=edge.getLength(), name=f"{edge.getID()}.")
        for edge in edges
    )
    held = [draw.choice(["exit 0", "exit 1", None, None]) for _ in range(len(vehicles))]
    vehicles = vehicles.assign(exit=held).sort_values("departure_s", ignore_index=True)
    overlay = place.under(plan, "plan") if plan else place.normally()
    return place.drive(overlay, vehicles, end_h=2.0)


@pytest.mark.parametrize("told_on", ["", "Row 0, crossing: Column 0, towards: west", "Way out 0, towards: west"])
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 12))])
def test_nobody_drives_on_behind_an_exit_line(tmp_path: Path, seed: int, told_on: str) -> None:
    draw = random.Random(seed)
    place = random_town(tmp_path, draw)
    trips, run = drive_everybody(place, draw, DIVERT % told_on if told_on else "")
    lanes = pd.read_parquet(run / "sumo" / "lanes.parquet")
    behind = lanes[lanes["edge_id"].isin([edge for item in place.exits for edge in item.edges])]
    assert trips["arrived_s"].notna().all()
    assert behind["lane_arrived"].sum() == len(trips)
    assert behind["lane_left"].sum() == 0


def test_no_way_to_an_exit_leads_over_the_line_of_another(tmp_path: Path) -> None:
    place = town(tmp_path, {"w": (0, 0), "a": (500, 0), "b": (1000, 0), "e": (1500, 0)}, [("w a b e", "Street", 1)],
                 {"west": "aw", "east": "be"})  # fmt: skip
    costs = cost_by_exit(read_net(place.network.net_file), place.exits)
    assert costs.loc["be", "west"] == math.inf
    assert 0 < costs.loc["eb", "west"] < math.inf
    assert 0 < costs.loc["be", "east"] < math.inf
