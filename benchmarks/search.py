"""How fast a search judges candidates, and how far what it finds is from the bound, as a row of Markdown a scenario.

    python benchmarks/search.py [--plan PLAN] [--officers N] [--cones N] [--barricades N] [--within S] [SCENARIO ...]

Judged is what is simulated, or told by its bound or by laying it over the network that it needn't be. The first look
is what the rates are of: one seed with the coarse model. CPU seconds are of this process and of SUMO.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

from common import ROOT, Used

import evac
from evac.errors import UserError
from evac.search.attempts import Attempts


@dataclass
class FirstLook:
    """Notes what had been used when the first candidate was tried, and when the last plans were."""

    began: Used | None = None
    ended: Used | None = None

    def __call__(self, event: evac.Progress) -> None:
        """Look at what is told."""
        if self.began is None and event.text.startswith("1 plans tried"):
            self.began = Used.so_far()
        if self.ended is None and event.text.startswith("with "):
            self.ended = Used.so_far()


def judged(attempts: Attempts) -> int:
    """Return of how many sets it is known what they are worth, or why they needn't be simulated."""
    return len({*attempts.scores, *attempts.late, *attempts.sets.refused, *attempts.pruned}) - 1


def search(scenario: Path, given: argparse.Namespace, workspace: Path) -> None:
    """Search, and print the row."""
    look, place = FirstLook(), evac.open(scenario, workspace=workspace)
    found = place.search(
        officers=given.officers, cones=given.cones, barricades=given.barricades, plan=given.plan,
        within_s=given.within, screen="meso", seeds=given.seeds, on_progress=look,
    )  # fmt: skip
    if look.began is None or look.ended is None:
        raise SystemExit(f"{place.name}: no candidate was tried within {given.within:g} s")
    used, number = look.ended.since(look.began), judged(found.found.attempts)
    best = found.plans().iloc[0]
    at_best_s = found.bounds.under_plan.earliest_s(90) or float("nan")
    rates = f"{number} | {number / used.wall_s * 60.0:.1f} | {used.cpu_s / number:.1f}"
    times = f"{best['t90_min']:.1f} | {best['seeds']} | {best['t90_min'] * 60.0 / at_best_s:.2f}"
    print(f"| {place.name} | {rates} | {best['actions']} | {times} |", flush=True)


def main() -> None:
    """Parse the command line, and search."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", type=Path, metavar="SCENARIO", default=[ROOT / "scenarios" / "balzers"])
    parser.add_argument("--plan", default="bridge-closed")
    parser.add_argument("--officers", type=int, default=4)
    parser.add_argument("--cones", type=int, default=120)
    parser.add_argument("--barricades", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--within", type=float, default=180.0, help="seconds")
    given = parser.parse_args()
    print("| town | judged | a minute | CPU s each | best plan | 90 % (min) | seeds | over its bound |")
    print("|---|---:|---:|---:|---|---:|---:|---:|", flush=True)
    for scenario in given.scenarios:
        with tempfile.TemporaryDirectory(prefix="evac-bench-") as workspace:
            try:
                search(scenario, given, Path(workspace))
            except UserError as error:
                raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
