"""Any two cases beside each other: what the page's picker has is what the runs differ in, pair by pair."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import report_data
from evac.report import ReportInput, answer, comparing, picker, results, tables, text
from evac.report.inputs import ReportPlan
from evac.report.results import CaseResult
from report_data import Case

PLANS = {"baseline": 1.0, "preliminary": 1.1, "final": 1.3}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ReportInput:
    folder = tmp_path_factory.mktemp("runs")
    runs = [
        report_data.write_run(folder, Case(plan=plan, seed=seed), speedup=speedup)
        for plan, speedup in PLANS.items()
        for seed in (1, 2, 3)
    ]
    runs.append(report_data.write_run(folder, Case(vehicles_per_household="2", seed=9)))
    plans = {"final": ReportPlan("final", "Final", extends="preliminary")}
    return report_data.report_input(folder, tuple(runs), plan="final", compared_with="baseline", plans=plans)


@pytest.fixture(scope="module")
def cases(report: ReportInput) -> list[CaseResult]:
    return results.case_results(report)


def _words(report: ReportInput, cases: list[CaseResult]) -> list[str]:
    return [sentence.words.replace("\u00a0", " ") for sentence in answer.answer(report, cases)]


def _t90(report: ReportInput, plan: str) -> list[float]:
    of_plan = [run for run in report.runs if (run.case.plan, run.case.vehicles_per_household) == (plan, "1")]
    return [run.manifest["t90_s"] for run in sorted(of_plan, key=lambda run: run.case.seed)]


def test_the_first_page_tells_a_plan_from_the_one_before_it(report: ReportInput, cases: list[CaseResult]) -> None:
    (words,) = [words for words in _words(report, cases) if words.startswith("By the 90 % time")]
    sooner = [(before - after) / 60 for after, before in zip(*(_t90(report, p) for p in ("final", "preliminary")))]  # noqa: B905
    mean, half = sum(sooner) / 3, 4.302652729696142 * pd.Series(sooner).sem()  # Student's t, 2 degrees of freedom
    assert words == (
        f"By the 90 % time, final is {mean:.1f} min faster than preliminary "
        f"(95 % CI {mean - half:.1f}\u2013{mean + half:.1f} min, 3 seeds)."
    )


def test_the_first_page_says_it_when_chance_may_be_all(report: ReportInput) -> None:
    seeds = {seed: run for run in report.runs if run.case.plan == "final" for seed in [run.case.seed]}
    times = {1: 1.0, 2: 2.0, 3: 0.6}
    chance = [
        replace(run, case=Case(plan="final", seed=seed), manifest={**run.manifest, "t90_s": before * times[seed]})
        for seed, before in zip((1, 2, 3), _t90(report, "preliminary"), strict=True)
        for run in [seeds[seed]]
    ]
    runs = tuple(run for run in report.runs if run.case.plan != "final")
    other = replace(report, runs=(*runs, *chance))
    words = _words(other, results.case_results(other))
    assert any("can't tell which of final and preliminary is faster (95 % CI" in line for line in words)


def test_the_first_page_says_of_which_plan_a_statement_is(report: ReportInput, cases: list[CaseResult]) -> None:
    words = _words(report, cases)
    assert words[1].startswith("With the plan “final”: 90 % of the vehicles are out")
    (held,) = [line for line in words if line.startswith("The lane that holds the city up")]
    baseline = next(case for case in cases if case.shown.plan == "baseline")
    there = tables.holding_up(baseline)
    assert there is not None
    assert f"That is with “final”; with “baseline” it is {there.name}, where people lose" in held


def test_seeds_without_a_pair_are_told(report: ReportInput) -> None:
    runs = tuple(run for run in report.runs if (run.case.plan, run.case.seed) != ("preliminary", 3))
    some = replace(report, runs=runs)
    words = _words(some, results.case_results(some))
    assert any("2 seeds); seeds left out, because only one of the two has a run: 1." in line for line in words)


def test_two_named_plans_are_the_headline(report: ReportInput) -> None:
    pair = replace(report, plan="final", compared_with="preliminary")
    cases = results.case_results(pair)
    (best,) = [words for words in _words(pair, cases) if words.startswith("The best plan")]
    assert "sooner (95 % interval" in best
    assert "with “preliminary”" in best
    found = comparing.comparisons(pair, cases, results.headline(pair, cases))
    assert [(item.after.shown.plan, item.before.shown.plan) for item in found] == [
        ("final", "preliminary"), ("baseline", "preliminary"),
    ]  # fmt: skip


def test_the_plan_before_stands_among_the_comparisons(report: ReportInput, cases: list[CaseResult]) -> None:
    found = comparing.comparisons(report, cases, results.headline(report, cases))
    pairs = [(item.after.shown.plan, item.before.shown.plan) for item in found]
    assert pairs == [("final", "baseline"), ("final", "preliminary"), ("preliminary", "baseline")]


def test_every_pair_of_cases_can_be_picked(report: ReportInput, cases: list[CaseResult]) -> None:
    content = picker.content(report, cases, results.headline(report, cases))
    one, other = content["chosen"]
    assert "final" in content["cases"][one]["words"]
    assert "baseline" in content["cases"][other]["words"]
    assert len(content["pairs"]) == len(content["cases"]) == len(cases) == 4
    for a, after in enumerate(cases):
        for b, before in enumerate(cases):
            pair = content["pairs"][a][b]
            if a == b:
                assert pair["words"] == "This is the same case twice."
                continue
            later = after.later_than(before, 90)
            wanted = text.NONE if later.mean is None else text.duration(abs(later.mean))
            assert pair["changes"][1].startswith(wanted)
            if after.shown.seed != before.shown.seed:
                assert (pair["seed"], pair["zones"]) == (None, [])
                assert "no seed in common" in pair["words"]


def test_zones_of_a_pair_are_those_of_the_manifests(report: ReportInput, cases: list[CaseResult]) -> None:
    content = picker.content(report, cases, results.headline(report, cases))
    one, other = content["chosen"]
    zones = content["pairs"][one][other]["zones"]
    for zone, before, after, change, gains in zones:
        times = [cases[number].run.manifest["zones"][zone]["t90_s"] for number in (other, one)]
        assert [before, after] == [text.duration(time) for time in times]
        assert change == f"{text.duration(times[0] - times[1])} sooner"
        assert gains == "gains"
    assert [row[3].endswith("later") for row in content["pairs"][other][one]["zones"]] == [True] * len(zones)


def test_curves_and_exits_end_at_the_manifests(report: ReportInput, cases: list[CaseResult]) -> None:
    content = picker.content(report, cases, results.headline(report, cases))
    for case, shown in zip(cases, content["cases"], strict=True):
        assert shown["out"][-1] == case.shown.evacuated
        assert {name: values[-1] for name, values in shown["exits"].items()} == dict(case.run.manifest["exits"])


def test_one_case_offers_no_choice(cases: list[CaseResult]) -> None:
    assert picker.offered(cases[:1]) == []
    assert len(picker.offered(cases * 20)) == picker.MOST_CASES
