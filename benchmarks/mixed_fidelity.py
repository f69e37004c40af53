"""What coarse runs and other cases save a study, and whether its intervals hold: from a bank of finished runs.

    python benchmarks/mixed_fidelity.py [BANK.csv] [--until SHARE] [--studies N]
                                        [--towns BANK.csv] [--study-until SHARE]

`fidelity_bank.py` fills the bank; all is printed as Markdown. A row for each plan and case with enough pairs: how well
the coarse model follows over seeds, what it costs, the least share of CPU time that any allocation can reach with
these, and what studies until a precision really take. They draw seeds from the bank's pairs, again and again; so the
mean of these is the true one. Without `--until` each case is studied until ± 0.4 of its standard deviation: about 25
microscopic runs alone.

Below it a row for each town of `town_bank.csv` (or of `--towns`) with enough cases to tell each other how much they
vary (`evac.moderated`): what a study of all of them until ± 5 % takes (`--study-until`), and how many of its intervals
hold. Its seeds are normal draws with the means, deviations and correlations of the bank's: of eight seeds as they are,
one in eight pairs would be the same one twice, which no study has.
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
from evac.moderated import LEAST_OTHERS, priors_of
from evac.simulate.job import Case
from evac.statistics import mean_interval
from evac.study.mixing import more_mixed_cases
from evac.study.precision import Precision, more_cases

_BANK, _TOWNS = (Path(__file__).parent / f"{name}_bank.csv" for name in ("fidelity", "town"))
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


_Runs = dict[str, dict[int, tuple[float, float]]]
"""By model and seed: the 90 % time (s) and what the run cost (CPU s)."""
_LEAST_SEEDS = 8


def read_bank(bank: Path) -> dict[tuple[str, str, str], _Runs]:
    """Return the runs of a bank by town, plan and vehicles per household."""
    rows: dict[tuple[str, str, str], _Runs] = defaultdict(lambda: {"micro": {}, "meso": {}})
    with bank.open(newline="") as file:
        for row in csv.DictReader(file):
            case = row["town"], row["plan"], row["vehicles_per_household"]
            rows[case][row["fidelity"]][int(row["seed"])] = float(row["t90_s"]), float(row["cpu_s"])
    return rows


def read_pairs(bank: Path) -> list[Pairs]:
    """Return the cases of a bank that have enough pairs."""
    found = []
    for case, runs in read_bank(bank).items():
        seeds = sorted(runs["micro"].keys() & runs["meso"].keys())
        if len(seeds) >= LEAST_PAIRS:
            times = [np.array([runs[model][seed][0] for seed in seeds]) for model in ("meso", "micro")]
            cpu = [float(np.median([cpu_s for _, cpu_s in runs[model].values()])) for model in ("meso", "micro")]
            found.append(Pairs(", ".join(case), *times, *cpu))
    return found


@dataclass(frozen=True)
class Town:
    """90 % times (s) of the cases of a town, a row a case and a column a seed, and what a run of each costs (CPU s)."""

    name: str
    cases: tuple[tuple[str, str], ...]
    t90_s: np.ndarray
    cpu_s: tuple[float, ...]


def read_towns(bank: Path) -> list[Town]:
    """Return the towns of a bank that have enough cases, with the seeds that all of them have."""
    by_town: dict[str, dict[tuple[str, str], dict[int, tuple[float, float]]]] = defaultdict(dict)
    for (town, plan, vehicles), runs in read_bank(bank).items():
        if len(runs["micro"]) >= _LEAST_SEEDS:
            by_town[town][plan, vehicles] = runs["micro"]
    found = []
    for town, cases in by_town.items():
        if len(cases) > LEAST_OTHERS:
            seeds = sorted(set.intersection(*(set(runs) for runs in cases.values())))
            times = np.array([[runs[seed][0] for seed in seeds] for runs in cases.values()])
            cpu = (float(np.median([cpu_s for _, cpu_s in runs.values()])) for runs in cases.values())
            found.append(Town(town, tuple(cases), times, tuple(cpu)))
    return found


@dataclass(frozen=True)
class Studied:
    """A study of a town: whether each interval holds its mean, each half-width as a share of it, what it cost."""

    holds: list[bool]
    widths: list[float]
    cpu_s: float
    runs: int


def town_study(town: Town, precise: Precision, draw: np.random.Generator, *, mixed: bool) -> Studied:
    """Do a study of all cases of a town with microscopic runs, each seed drawn for all of them together.

    Raises
    ------
    ValueError
        It would try coarse runs: these are looked at case by case.
    """
    means, banked = town.t90_s.mean(axis=1), town.t90_s.shape[1]
    weights = draw.standard_normal((banked, _MOST_SEEDS + 1)) / math.sqrt(banked - 1)
    drawn = means[:, None] + (town.t90_s - means[:, None]) @ weights
    cases = more = [
        Case(vehicles_per_household=vehicles, departure="d", seed=1, plan=plan) for plan, vehicles in town.cases
    ]
    row = {cell: number for number, cell in enumerate(town.cases)}
    t90_s: dict[Case, float | None] = {}
    while more:
        if any(case.fidelity == "meso" for case in more):
            raise ValueError(f"{town.name}: so precise that coarse runs are tried")
        t90_s |= {case: float(drawn[row[case.plan, case.vehicles_per_household], case.seed]) for case in more}
        took_s = dict.fromkeys(cases, 1.0)
        more = more_mixed_cases(precise, cases, t90_s, took_s) if mixed else more_cases(precise, cases, t90_s)
        cases = [*cases, *more]
    by_cell = [
        {case.seed: t90_s[case] for case in cases if (case.plan, case.vehicles_per_household) == cell} for cell in row
    ]
    priors = priors_of(by_cell) if mixed else [None] * len(by_cell)
    found = [
        mixed_interval(some, {}, sequential=True, prior=prior) for some, prior in zip(by_cell, priors, strict=True)
    ]
    holds = [abs(item.mean - mean) <= item.half_width for item, mean in zip(found, means, strict=True)]
    cost = sum(town.cpu_s[row[case.plan, case.vehicles_per_household]] for case in cases)
    return Studied(holds, [item.relative_half_width for item in found], cost, len(cases))


def print_towns(towns: list[Town], precise: Precision, studies: int) -> None:
    """Print a row a town: a study of all its cases, by themselves and telling each other how much they vary."""
    titles = ("town", "cases", "seeds", "deviations", "until", "runs, micro", "mixed", "CPU share", "half-width, micro")
    print(f"\n| {' | '.join((*titles, 'mixed', 'held, micro', 'mixed'))} |\n|---{11 * '|---:'}|")
    for town in towns:
        draw = np.random.default_rng(1)
        alone, both = (
            [town_study(town, precise, draw, mixed=mixed) for _ in range(studies)] for mixed in (False, True)
        )
        spread = town.t90_s.std(axis=1, ddof=1) / town.t90_s.mean(axis=1)
        runs = [f"{np.mean([one.runs for one in some]):.1f}" for some in (alone, both)]
        share = sum(one.cpu_s for one in both) / sum(one.cpu_s for one in alone)
        widths = [f"{np.mean([one.widths for one in some]):.2%}" for some in (alone, both)]
        held = [f"{np.mean([one.holds for one in some]):.1%}" for some in (alone, both)]
        of_town = town.name, str(len(town.cases)), str(town.t90_s.shape[1]), f"{spread.min():.1%} to {spread.max():.1%}"
        row = *of_town, f"{precise.relative:.0%}", *runs, f"{share:.0%}", *widths, *held
        print(f"| {' | '.join(row)} |")


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
    parser.add_argument("--towns", type=Path, default=_TOWNS)
    parser.add_argument("--study-until", type=float, default=0.05, help="the same for studies of all cases of a town")
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
    print_towns(read_towns(given.towns), Precision(given.study_until, _MOST_SEEDS), given.studies)


if __name__ == "__main__":
    main()
