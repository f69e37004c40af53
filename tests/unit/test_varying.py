"""What studies print of clearance times: numbers with their trust, and what isn't known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from evac.cli import varying
from evac.plans.model import Plan, Resources
from evac.plans.reading import LoadedPlan
from evac.simulate.job import Case
from evac.study.buying import Stressed, weigh_dark_signals, what_each_buys
from evac.study.comparing import Cell, means
from evac.study.runs import Study
from evac.study.variants import Ablation, Instead
from evac.varied import Variants


@dataclass(frozen=True)
class SomeRun:
    case: Case
    t90_s: float | None
    reasons: list[str] = field(default_factory=list)

    def manifest(self) -> dict[str, Any]:
        return {"t90_s": self.t90_s}

    def ledger(self) -> dict[str, Any]:
        return {"trusted": not self.reasons, "reasons": self.reasons}


def run(plan, seed, t90_s, *reasons):
    return SomeRun(Case(vehicles_per_household="1", departure="d", seed=seed, plan=plan), t90_s, list(reasons))


def cell(*t90_s, untrusted=()):
    return Cell("p", "1", "d", "micro", dict(enumerate(t90_s)), frozenset(untrusted))


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setattr(varying.console, "width", 200)


def test_untrusted_runs_of_both_plans_are_counted(capsys):
    runs = [run("p", 1, 3600.0, "gridlock"), run("less", 1, 3720.0, "gridlock"), run("baseline", 1, 4000.0)]
    ablation = Ablation("officer", Resources(), "less", "only")
    (bought,) = what_each_buys([ablation], Study(tuple(runs), ()), {"only": "no sense"}, "p", "baseline")
    assert (bought.dropped_untrusted, bought.alone_untrusted) == (2, 0)
    varying._print_bought([bought])
    words = capsys.readouterr().out
    assert "+2.0 (one seed), 2 runs not trustworthy" in words
    assert "no number: only: no sense" in words


def test_what_a_dark_signal_costs_is_told_beside_other_ways(capsys):
    runs = [run("p", 1, 3600.0), run("on", 1, 3300.0)]
    others = [
        Instead("dark", "signals left on", LoadedPlan("on", Plan(name="on"), ())),
        Instead("dark", "officers", LoadedPlan("man", Plan(name="man"), ())),
    ]
    weighed = weigh_dark_signals(others, Study(tuple(runs), ()), {"man": "no sense"}, "p")
    assert weighed[0].slower.mean == -300.0
    varying._print_weighed(weighed)
    words = capsys.readouterr().out
    assert "-5.0 (one seed)" in words
    assert "no number: dark, officers: no sense" in words


def test_the_worst_case_is_told_with_its_trust_and_what_is_not_known(capsys):
    stressed = [
        Stressed("p", "East lost", cell(None, 9000.0, untrusted=[1])),
        Stressed("p", "nothing goes wrong", cell(3600.0, 3600.0)),
        Stressed("p", "West lost", None, "homes are cut off"),
    ]
    varying._print_stressed({"p": stressed})
    words = capsys.readouterr().out
    assert "p: 90 % not reached in 1 of 2 runs, 1 run not trustworthy in the worst case: East lost" in words
    assert "these have no number, and may be worse: West lost" in words
    varying._print_stressed({"p": stressed[1:]})
    assert "p: 90 % out after 1:00\u00a0h ± 0\u00a0min in the worst case: nothing goes wrong" in capsys.readouterr().out


def test_a_variant_whose_runs_failed_is_told_so(capsys):
    runs = [run("p", 1, 3600.0), run("baseline", 1, 4000.0)]
    ablation = Ablation("officer", Resources(), "less", "only")
    bought = what_each_buys([ablation], Study(tuple(runs), ()), {"only": "no sense"}, "p", "baseline")
    varying._print_bought(bought)
    assert "no number: less: its runs failed; only: no sense" in capsys.readouterr().out
    varying._print_stressed({"p": [Stressed("p", "a", cell(3600.0)), Stressed("p", "b", cell(60.0, 60.0))]})
    assert "1:00\u00a0h, of 1 of 2 seeds: the other runs failed" in capsys.readouterr().out


def test_a_plan_alone_is_told_with_its_interval():
    runs = [run("p", seed, 3600.0 + 60.0 * seed, *["gridlock"] * (seed == 1)) for seed in (1, 2, 3)]
    runs += [run("stuck", 1, None), run("stuck", 2, 60.0), run("once", 1, 60.0)]
    (line,) = means(Study(tuple(runs), ()))
    expected = "p, 1 vehicle per household, d: 90 % out after 1:02\u00a0h ± 2\u00a0min (95 % CI, ± 4.0 %, 3 seeds)"
    assert line == f"{expected}; 1 of these runs not trustworthy"


def test_a_gain_tells_seeds_that_have_no_pair(capsys):
    runs = [run("p", 1, 3600.0), run("p", 2, 3700.0), run("less", 1, 3720.0), run("baseline", 1, 4000.0)]
    ablation = Ablation("officer", Resources(), "less", "only")
    bought = what_each_buys([ablation], Study(tuple(runs), ()), {"only": "no sense"}, "p", "baseline")
    varying._print_bought(bought)
    assert "+2.0 (one seed); 1 seed is left out" in " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_why_runs_are_not_trusted_is_told_once_with_their_plans(capsys):
    runs = [
        run("p", 1, 1.0, "40 stuck"),
        run("p", 2, 1.0, "40 stuck"),
        run("less", 1, 1.0, "40 stuck"),
        run("b", 1, 1.0),
    ]
    varying._print_doubts(Variants(Study(tuple(runs), ())))
    assert capsys.readouterr().out == "not trustworthy: p, less: 40 stuck\n"
