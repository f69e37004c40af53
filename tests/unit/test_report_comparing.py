"""Any two cases beside each other: what the page's picker has is what the runs differ in, pair by pair."""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import report_data
from evac import clock
from evac.report import comparing, effects, front, picker, results, tables, text
from evac.report.inputs import ReportInput, ReportPlan
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


def _effect(report: ReportInput, plan: str) -> effects.Effect:
    cases = results.case_results(report)
    found = effects.effects(report, cases, results.headline(report, cases))
    return next(item for item in found if item.case.shown.plan == plan)


def _t90(report: ReportInput, plan: str) -> list[float]:
    of_plan = [run for run in report.runs if (run.case.plan, run.case.vehicles_per_household) == (plan, "1")]
    return [run.manifest["t90_s"] for run in sorted(of_plan, key=lambda run: run.case.seed)]


def test_the_first_page_tells_a_plan_from_the_one_before_it(report: ReportInput) -> None:
    found = _effect(report, "final")
    times = [clock.minutes(statistics.fmean(_t90(report, plan))) for plan in ("final", "preliminary")]
    later = [
        (after - before) / 60 for after, before in zip(_t90(report, "final"), _t90(report, "preliminary"), strict=True)
    ]
    mean, half = (
        statistics.fmean(later),
        4.302652729696142 * pd.Series(later).sem(),
    )  # Student's t, 2 degrees of freedom
    assert found.against is not None
    assert found.against.shown.plan == "preliminary"
    assert found.words == clock.span(60 * (times[1] - times[0])) + " sooner"
    ends = sorted(clock.span(60 * abs(end)) for end in (mean - half, mean + half))
    assert sorted(found.basis.removeprefix("95 % interval ").removesuffix(", 3 seeds").split(" to ")) == ends


def test_the_first_page_claims_no_benefit_when_chance_may_be_all(report: ReportInput) -> None:
    seeds = {seed: run for run in report.runs if run.case.plan == "final" for seed in [run.case.seed]}
    times = {1: 1.0, 2: 2.0, 3: 0.6}
    chance = [
        replace(run, case=Case(plan="final", seed=seed), manifest={**run.manifest, "t90_s": before * times[seed]})
        for seed, before in zip((1, 2, 3), _t90(report, "preliminary"), strict=True)
        for run in [seeds[seed]]
    ]
    runs = tuple(run for run in report.runs if run.case.plan != "final")
    assert _effect(replace(report, runs=(*runs, *chance)), "final").words == "no demonstrated benefit"


def test_the_first_page_tells_what_a_plan_buys_with_other_vehicles_shown_or_not(tmp_path: Path) -> None:
    """On Balzers a plan buys nothing with 1.5 cars and ten minutes with 2: who reads one number alone is misled."""
    speeds = {("p1", "1"): 1.0, ("p2", "1"): 1.0, ("p1", "2"): 1.0, ("p2", "2"): 1.25}
    runs = tuple(
        report_data.write_run(tmp_path, Case(plan=plan, vehicles_per_household=number), speedup=speed)
        for (plan, number), speed in speeds.items()
    )
    plans = {"p2": ReportPlan("p2", "p2")}
    report = report_data.report_input(tmp_path, runs, plan="p2", compared_with="p1", plans=plans)
    cases = results.case_results(report)
    centre = results.headline(report, cases)
    reference, plan = front.front(report, cases, centre).bars
    other = "2" if centre.shown.vehicles_per_household == "1" else "1"
    said = {"1": "1 vehicle per household: no demonstrated benefit", "2": "2 vehicles per household: "}
    assert reference.elsewhere == ""
    assert plan.elsewhere.startswith(said[other])
    assert plan.elsewhere.endswith("no demonstrated benefit" if other == "1" else "sooner")


def test_the_first_page_says_of_which_plan_a_statement_is(report: ReportInput, cases: list[CaseResult]) -> None:
    centre = results.headline(report, cases)
    page = front.front(report, cases, centre)
    assert page.plan == "Final"
    baseline = next(case for case in cases if case.shown.plan == "baseline")
    here, there = tables.holding_up(centre), tables.holding_up(baseline)
    assert here is not None
    assert there is not None
    wanted = "it is the same" if here.name == there.name else f"it is {there.name}"
    assert page.lane == here.name
    assert page.lane_sentences[1].words.startswith(f"With “baseline” {wanted}")


def test_seeds_without_a_pair_are_told(report: ReportInput) -> None:
    runs = tuple(run for run in report.runs if (run.case.plan, run.case.seed) != ("preliminary", 3))
    some = replace(report, runs=runs)
    cases = results.case_results(some)
    words = [item.verdict for item in comparing.comparisons(some, cases, results.headline(some, cases))]
    assert any("2 seeds); seeds left out, because only one of the two has a run: 1" in line for line in words)


def test_two_named_plans_are_the_headline(report: ReportInput) -> None:
    pair = replace(report, plan="final", compared_with="preliminary")
    cases = results.case_results(pair)
    page = front.front(pair, cases, results.headline(pair, cases))
    assert [bar.effect.state for bar in page.bars] == ["reference", "sooner", "later"]
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
            later = after.later_shown(before, 90)
            wanted = text.NONE if later.mean is None else clock.span(abs(later.mean))
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
        assert [before, after] == [clock.clock(time) for time in times]
        assert change == f"{clock.span(clock.between(times[0], times[1]))} sooner"
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
