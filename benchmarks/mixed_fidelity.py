"""What coarse runs can save a study, and whether its intervals hold: from a bank of finished runs, as Markdown.

    python benchmarks/mixed_fidelity.py [BANK.csv] [--until SHARE] [--studies N]

`fidelity_bank.py` fills the bank. A row for each plan and case with enough pairs: how well the coarse model follows
over seeds, what it costs, the least share of CPU time that any allocation can reach with these, and what studies until
a precision really take. They draw seeds from the bank's pairs, again and again; so the mean of these is the true one.
Without `--until` each case is studied until ± 0.4 of its standard deviation: about 25 microscopic runs alone.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evac.mixed_fidelity import LEAST_PAIRS, mixed_interval
from evac.simulate.job import Case
from evac.statistics import mean_interval
from evac.study.mixing import more_mixed_cases
from evac.study.precision import Precision, more_cases

_BANK = Path(__file__).parent / "fidelity_bank.csv"
_MOST_SEEDS = 200
_OF_A_DEVIATION = 0.4


@dataclass(frozen=True)
class Pairs:
    """90 % times (s) of the same seeds in both models, and what a run of each costs (CPU s)."""

    name: str
    coarse_s: np.ndarray
    fine_s: np.ndarray
    coarse_cpu_s: float
    fine_cpu_s: float

    @property
    def correlation(self) -> float:
        """How well the coarse model follows over seeds."""
        return float(np.corrcoef(self.coarse_s, self.fine_s)[0, 1])

    @property
    def cost(self) -> float:
        """A coarse run as a share of a microscopic one."""
        return self.coarse_cpu_s / self.fine_cpu_s

    @property
    def least_share(self) -> float:
        """The CPU time of the best allocation as a share of microscopic runs alone (`evac.mixed_fidelity`)."""
        rho = self.correlation
        share = (math.sqrt(1.0 - rho**2) + math.sqrt(self.cost * rho**2)) ** 2
        return min(share, 1.0) if rho > 2.0 * math.sqrt(self.cost) / (1.0 + self.cost) else 1.0


def read_pairs(bank: Path) -> list[Pairs]:
    """Return the cases of a bank that have enough pairs."""
    rows: dict[str, dict[str, dict[int, tuple[float, float]]]] = defaultdict(lambda: {"micro": {}, "meso": {}})
    with bank.open(newline="") as file:
        for row in csv.DictReader(file):
            name = f"{row['town']}, {row['plan']}, {row['vehicles_per_household']}"
            rows[name][row["fidelity"]][int(row["seed"])] = float(row["t90_s"]), float(row["cpu_s"])
    found = []
    for name, runs in rows.items():
        seeds = sorted(runs["micro"].keys() & runs["meso"].keys())
        if len(seeds) >= LEAST_PAIRS:
            times = [np.array([runs[model][seed][0] for seed in seeds]) for model in ("meso", "micro")]
            cpu = [float(np.median([cpu_s for _, cpu_s in runs[model].values()])) for model in ("meso", "micro")]
            found.append(Pairs(name, *times, *cpu))
    return found


def study(pairs: Pairs, precise: Precision, draw: np.random.Generator, *, mixed: bool) -> tuple[bool, float]:
    """Do a study; return whether its interval holds the mean, and what it cost (CPU s)."""
    drawn = draw.integers(len(pairs.fine_s), size=2000)
    times = {"micro": pairs.fine_s[drawn], "meso": pairs.coarse_s[drawn]}
    cpu = {"micro": pairs.fine_cpu_s, "meso": pairs.coarse_cpu_s}
    cases = more = [Case(vehicles_per_household="1", departure="d", seed=1)]
    t90_s: dict[Case, float | None] = {}
    while more:
        t90_s |= {case: float(times[case.fidelity][case.seed]) for case in more}
        took_s = {case: cpu[case.fidelity] for case in cases}
        more = more_mixed_cases(precise, cases, t90_s, took_s) if mixed else more_cases(precise, cases, t90_s)
        cases = [*cases, *more]
    by_seed = [{case.seed: t90_s[case] for case in cases if case.fidelity == model} for model in ("micro", "meso")]
    found = mixed_interval(*by_seed) if mixed else mean_interval(list(by_seed[0].values()), sequential=True)
    holds = found.low is not None and found.high is not None and found.low <= pairs.fine_s.mean() <= found.high
    return holds, sum(cpu[case.fidelity] for case in cases)


def main() -> None:
    """Parse the command line, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bank", nargs="?", type=Path, default=_BANK)
    parser.add_argument("--until", type=float, help="half-width as a share of the mean, such as 0.01")
    parser.add_argument("--studies", type=int, default=200)
    given = parser.parse_args()
    titles = ("case", "pairs", "deviation", "correlation", "coarse run costs", "best possible", "until", "CPU share")
    print(f"| {' | '.join((*titles, 'held, mixed', 'held, micro'))} |\n|---{9 * '|---:'}|")
    for pairs in read_pairs(given.bank):
        deviation = float(pairs.fine_s.std(ddof=1) / pairs.fine_s.mean())
        precise = Precision(given.until or _OF_A_DEVIATION * deviation, _MOST_SEEDS)
        draw = np.random.default_rng(1)
        both, alone = (
            [study(pairs, precise, draw, mixed=mixed) for _ in range(given.studies)] for mixed in (True, False)
        )
        share = sum(cpu for _, cpu in both) / sum(cpu for _, cpu in alone)
        held = [f"{np.mean([holds for holds, _ in some]):.1%}" for some in (both, alone)]
        print(f"| {pairs.name} | {len(pairs.fine_s)} | {deviation:.1%} | {pairs.correlation:.2f} | {pairs.cost:.2f} | "
              f"{pairs.least_share:.0%} | {precise.relative:.2%} | {share:.0%} | {' | '.join(held)} |")  # fmt: skip


if __name__ == "__main__":
    main()
