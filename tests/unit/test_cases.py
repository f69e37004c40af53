"""A report is made of the cases that were run: seeds as asked, and those added to single cases only there."""

from __future__ import annotations

from types import SimpleNamespace

from evac.report.from_cache import Asked, read_asked, write_asked
from evac.simulate.job import Case
from evac.study.cases import Selection, as_run, cases_of

SCENARIO = SimpleNamespace(vehicles_per_household=(1, 2), departures=(SimpleNamespace(name="quick"),), seeds=(3, 1))
PLANS = ("baseline", "final")


def test_added_seeds_are_looked_for_only_where_they_were_added(tmp_path):
    cases = cases_of(SCENARIO, Selection(), "town", PLANS)
    cases += [
        Case(vehicles_per_household="2", departure="quick", seed=seed, plan=plan) for plan in PLANS for seed in (4, 5)
    ]
    failures_last = sorted(cases, key=lambda case: case.seed)
    selection = as_run(Selection(), SCENARIO, failures_last)
    assert (selection.seeds, selection.added) == ((3, 1), (("2", "quick", 4), ("2", "quick", 5)))
    write_asked(Asked(PLANS, selection), tmp_path)
    asked = read_asked(tmp_path)
    assert asked == Asked(PLANS, selection)
    write_asked(Asked(PLANS, selection, ("final", "baseline")), tmp_path)
    assert read_asked(tmp_path).compare == ("final", "baseline")
    assert cases_of(SCENARIO, asked.selection, "town", PLANS) == cases
