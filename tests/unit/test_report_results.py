from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import report_data
from evac.errors import EvacError
from evac.report import advice, answer, comparing, effects, estimates, front, results, tables
from evac.report.inputs import ReportPlan, ReportRun
from evac.simulate import job
from report_data import Case

GRIDLOCK = "12 of 1800: vehicles were moved to resolve gridlock; the limit is 0.50%"


def _fake(t90_s: float | None, case: job.Case, reasons: tuple[str, ...] = ()) -> ReportRun:
    manifest = {
        "planned": 100,
        "evacuated": 100,
        "driving": 0,
        "waiting": 0,
        "no_route": 0,
        "in_refuge": 0,
        "shadow": 0,
        "shadow_evacuated": 0,
        "exposed": 0,
        "exposed_vehicle_min": 0.0,
        "at_best": None,
        "lanes": [],
        "found_bottlenecks": [],
    }
    times = {"t50_s": 60.0, "t90_s": t90_s, "t95_s": t90_s, "t100_s": t90_s}
    ledger = {"trusted": not reasons, "reasons": list(reasons), "caveats": [], "households_not_ordered": 0}
    return ReportRun(case, f"job-{case}", {**manifest, **times}, ledger, Path("none"), Path("none"))


def _report(tmp_path: Path, *runs: ReportRun, **changes: object) -> report_data.ReportInput:
    return report_data.report_input(tmp_path, runs, **changes)


def test_the_run_in_the_middle_of_the_seeds_is_shown(tmp_path: Path) -> None:
    runs = [_fake(t90_s, Case(seed=seed)) for seed, t90_s in enumerate((700.0, None, 500.0))]
    (case,) = results.case_results(_report(tmp_path, *runs))
    assert case.shown.t90_s == 700.0
    assert case.spread(90) == (500.0, None)


def test_all_plans_show_the_seed_in_the_middle_of_the_one_compared_with(tmp_path: Path) -> None:
    times = {"a": {1: 500.0, 2: 900.0, 3: 700.0, 4: 800.0}, "b": {1: 300.0, 2: 200.0, 3: 100.0}}
    runs = [_fake(t90_s, Case(plan=plan, seed=seed)) for plan in times for seed, t90_s in times[plan].items()]
    report = _report(tmp_path, *runs, plan="b", compared_with="a")
    cases = results.case_results(report)
    assert [(case.shown.plan, case.shown.seed) for case in cases] == [("b", 3), ("a", 3)]
    assert "one simulation, here seed 3, under every plan." in answer.shown_seed(cases, cases[0])


def test_zones_are_not_compared_where_plans_have_no_seed_in_common(tmp_path: Path) -> None:
    zones = {"zones": {"Marsh": {"planned": 9, "evacuated": 9, "t50_s": 1, "t90_s": 2, "t95_s": 3, "t100_s": 4}}}
    runs = [
        _fake(60.0 * seed, Case(plan=plan, seed=seed))
        for plan, seeds in (("a", (1, 2)), ("b", (3, 4)))
        for seed in seeds
    ]
    runs = [replace(run, manifest={**run.manifest, **zones, "exits": {}}) for run in runs]
    report = _report(tmp_path, *runs, plan="b", compared_with="a")
    cases = results.case_results(report)
    (found,) = comparing.comparisons(report, cases, cases[0])
    assert (found.seed, found.zones, found.exits) == (None, (), ())
    assert estimates.zone_table(report, cases)["later_90_s"].isna().all()
    assert "no seed in common" in answer.shown_seed(cases, cases[0])


def test_one_doubtful_seed_makes_the_case_doubtful(tmp_path: Path) -> None:
    runs = [_fake(500.0, Case(seed=1)), _fake(600.0, Case(seed=2), (GRIDLOCK,))]
    (case,) = results.case_results(_report(tmp_path, *runs))
    assert case.shown.trusted
    assert case.doubt == f"seed 2: {GRIDLOCK}"


def test_capacity_runs_serve_their_case_only(tmp_path: Path) -> None:
    runs = [
        _fake(500.0, Case(vehicles_per_household="1")),
        _fake(600.0, Case(vehicles_per_household="1.5")),
        _fake(800.0, Case(vehicles_per_household="1.5", capacity_factor=0.85), (GRIDLOCK,)),
        _fake(550.0, Case(vehicles_per_household="1.5", capacity_factor=1.15)),
    ]
    one, one_and_half = results.case_results(_report(tmp_path, *runs))
    assert one.less is None
    assert one_and_half.less is not None
    assert one_and_half.more is not None
    assert (one_and_half.less.t90_s, one_and_half.more.t90_s) == (800.0, 550.0)
    assert one_and_half.doubt == ""
    assert GRIDLOCK in answer.range_doubt(one_and_half)


def test_capacity_runs_stand_beside_the_run_of_their_own_seed(tmp_path: Path) -> None:
    runs = [_fake(600.0 * seed, Case(seed=seed)) for seed in (1, 2, 3)]
    varied = [_fake(t90_s, Case(seed=1, capacity_factor=factor)) for factor, t90_s in ((0.85, 720.0), (1.15, 540.0))]
    report = _report(tmp_path, *runs, *varied)
    (case,) = results.case_results(report)
    assert (case.shown.seed, case.capacity_seed) == (2, 1)
    assert case.assumed is not None
    assert case.assumed.t90_s == 600.0
    words = " ".join(item.words for item in answer.ranges(report, [case], case)).replace("\u00a0", " ")
    assert "Lanes: 0:09 h if lanes pass 15 % more vehicles, 0:12 h if they pass 15 % less (seed 1 only, which" in words
    assert "takes 0:10 h as assumed)" in words
    (row,) = estimates.clearance_table([case]).to_dict("records")
    assert (row["capacity_seed"], row["t90_assumed_capacity_s"], row["t90_s"]) == (1, 600.0, 1200.0)
    alone = results.case_results(_report(tmp_path, *runs))[0]
    assert alone.capacity_seed is None


@pytest.mark.parametrize("fixed_s", [900.0, 1100.0])
def test_first_page_says_what_other_signal_programs_do_and_whether_the_plans_change_places(
    tmp_path: Path, fixed_s: float
) -> None:
    runs = [
        _fake(600.0, Case(plan="now")),
        _fake(660.0, Case(plan="then")),
        _fake(1020.0, Case(plan="now", signals="static"), (GRIDLOCK,)),
        _fake(fixed_s, Case(plan="then", signals="static")),
    ]
    report = _report(tmp_path, *runs, plan="now")
    cases = results.case_results(report)
    assert [[result.seed for result in case.seeds] for case in cases] == [[1], [1]]
    found = [item for item in answer.ranges(report, cases, cases[0]) if "How the signals run" in item.words]
    assert [item.doubt for item in found] == [GRIDLOCK]
    words = found[0].words.replace("\u00a0", " ")
    assert "stands at one: 0:17 h with fixed signal programs." in words
    assert ("Then “then” is the fastest plan, and not “now”." in words) == (fixed_s < 1020.0)


def test_no_run_is_an_error(tmp_path: Path) -> None:
    only_sensitivity = _fake(500.0, Case(capacity_factor=0.85))
    for runs in ((), (only_sensitivity,)):
        with pytest.raises(EvacError, match="Millbrook: no run has ended well"):
            results.case_results(_report(tmp_path, *runs))


def test_cases_stand_in_the_scenarios_order_and_the_plan_first(tmp_path: Path) -> None:
    runs = [_fake(1.0, Case(plan=plan, vehicles_per_household=vph)) for plan in ("a", "b") for vph in ("2", "1")]
    cases = results.case_results(_report(tmp_path, *runs, plan="b", compared_with="a"))
    labels = [(case.shown.plan, case.shown.vehicles_per_household) for case in cases]
    assert labels == [("b", "1"), ("b", "2"), ("a", "1"), ("a", "2")]


def test_the_counterpart_is_the_same_case_of_the_other_plan(tmp_path: Path) -> None:
    runs = [_fake(60.0, Case(plan=plan, vehicles_per_household=vph)) for plan in ("a", "b") for vph in ("1", "2")]
    report = _report(tmp_path, *runs, plan="b", compared_with="a")
    cases = results.case_results(report)
    other = results.counterpart(report, cases, cases[1])
    assert other is not None
    assert (other.shown.plan, other.shown.vehicles_per_household) == ("a", "2")
    assert results.counterpart(report, cases, other) is None


def _effects(tmp_path: Path, *runs: ReportRun, **changes: object) -> list[effects.Effect]:
    report = _report(tmp_path, *runs, **{"plan": "b", "compared_with": "a", **changes})
    cases = results.case_results(report)
    return effects.effects(report, cases, results.headline(report, cases))


def test_what_a_plan_saves_is_no_number_where_either_is_not_trusted(tmp_path: Path) -> None:
    runs = [_fake(3600.0, Case(plan="a"), (GRIDLOCK,)), _fake(1800.0, Case(plan="b"))]
    reference, plan = _effects(tmp_path, *runs)
    assert (reference.state, plan.state) == ("reference", "not trusted")
    assert plan.doubt == GRIDLOCK


@pytest.mark.parametrize(
    ("later_s", "state", "words"),
    [
        (-119.0, "not shown", "no demonstrated benefit"),
        (-120.0, "sooner", "2 min sooner"),
        (130.0, "later", "2 min later"),
        (-3900.0, "sooner", "1:05 h sooner"),
    ],
)
def test_one_simulation_of_each_shows_two_minutes_at_least(
    tmp_path: Path, later_s: float, state: str, words: str
) -> None:
    _, plan = _effects(tmp_path, _fake(7200.0, Case(plan="a")), _fake(7200.0 + later_s, Case(plan="b")))
    assert (plan.state, plan.words.replace("\u00a0", " ")) == (state, words)
    assert plan.basis.startswith("one simulation of each")


@pytest.mark.parametrize(
    ("later_s", "state"), [((-700.0, -500.0, -600.0), "sooner"), ((-700.0, 500.0, -600.0), "not shown")]
)
def test_several_seeds_show_a_benefit_when_the_interval_excludes_zero(
    tmp_path: Path, later_s: tuple[float, ...], state: str
) -> None:
    runs = [_fake(7200.0, Case(plan="a", seed=seed)) for seed in (1, 2, 3)]
    runs += [_fake(7200.0 + later, Case(plan="b", seed=seed)) for seed, later in enumerate(later_s, start=1)]
    _, plan = _effects(tmp_path, *runs)
    assert plan.state == state
    assert plan.basis.startswith("95 % interval")


def test_a_plan_is_held_against_the_one_that_it_extends(tmp_path: Path) -> None:
    times = {"a": 3600.0, "flood": 6000.0, "b": 4800.0}
    plans = {"a": ReportPlan("a", "A"), "flood": ReportPlan("flood", "F"), "b": ReportPlan("b", "B", extends="flood")}
    found = _effects(tmp_path, *(_fake(time, Case(plan=plan)) for plan, time in times.items()), plans=plans)
    assert [(item.case.shown.plan, item.against and item.against.shown.plan) for item in found] == [
        ("a", None), ("flood", "a"), ("b", "flood"),
    ]  # fmt: skip
    assert [item.words.replace("\u00a0", " ") for item in found[1:]] == ["40 min later", "20 min sooner"]


def test_a_plan_that_is_not_cleared_has_no_number(tmp_path: Path) -> None:
    _, plan = _effects(tmp_path, _fake(3600.0, Case(plan="a")), _fake(None, Case(plan="b")))
    assert plan.state == "no number"


def test_what_moves_the_answer_most_stands_first(tmp_path: Path) -> None:
    runs = [
        _fake(3600.0, Case(vehicles_per_household="1.5")),
        _fake(3000.0, Case(vehicles_per_household="1")),
        _fake(4500.0, Case(vehicles_per_household="2")),
        _fake(4000.0, Case(vehicles_per_household="1.5", capacity_factor=0.85)),
        _fake(3650.0, Case(vehicles_per_household="1.5", departure="slow")),
    ]
    report = _report(tmp_path, *runs)
    cases = results.case_results(report)
    found = effects.levers(cases, results.headline(report, cases))
    assert [lever.size_s for lever in found] == [900.0, 420.0, 60.0]
    assert found[0].words.replace("\u00a0", " ") == "with 1: \u221210 min; with 2: +15 min"


def test_who_is_not_ordered_is_in_the_answer_and_not_in_its_households(tmp_path: Path) -> None:
    run = _fake(3600.0, Case())
    ledger = {**run.ledger, "households_not_ordered": 900, "households_unasked": 90}
    run = replace(run, ledger=ledger, manifest={**run.manifest, "shadow": 120, "shadow_evacuated": 120})
    report = _report(tmp_path, run)
    (case,) = results.case_results(report)
    words = " ".join(item.words for item in (answer.ordered(report, case), *advice.unknown(report, case)))
    assert "ordered out: 300 households with 100 vehicles" in words
    assert "900 more households are not ordered to leave: 810 stay, 90 leave unasked with 120 vehicles" in words
    (row,) = results.results_table(report).to_dict("records")
    assert (row["planned"], row["shadow"]) == (100, 120)


def test_not_cleared_is_said_in_the_answer(tmp_path: Path) -> None:
    run = report_data.write_run(tmp_path, Case(), stranded=200)
    report = report_data.report_input(tmp_path, (run,))
    cases = results.case_results(report)
    page = front.front(report, cases, cases[0])
    assert page.time == "not cleared by 24\u00a0h"
    assert page.how_long.words == "By then 83.3\u00a0% of the vehicles are out."
    assert page.unknown[0].words == "Of the vehicles, 200 have no way out at the end."


def test_the_head_of_the_queues_with_most_delay_holds_the_city_up(tmp_path: Path) -> None:
    report = report_data.report_input(tmp_path, (report_data.write_run(tmp_path, Case()),))
    (case,) = results.case_results(report)
    worst = tables.holding_up(case)
    assert worst is not None
    found = case.run.manifest["found_bottlenecks"]
    assert worst.delay_veh_h == max(item["delay_veh_h"] for item in found)
    (head,) = [lane for lane in tables.lane_rates(case.run) if lane.edge == found[0]["edge"]]
    assert worst.queued_veh_per_min == head.queued_veh_per_min


def test_the_queues_table_has_each_edges_worst_five_minutes(tmp_path: Path) -> None:
    report = report_data.report_input(tmp_path, (report_data.write_run(tmp_path, Case()),))
    queues = tables.queues(report.runs[0], report.edges)
    assert queues["edge"].is_unique
    assert queues["queue_veh"].is_monotonic_decreasing
    streets = tables.worst_streets(queues, 2)
    assert len({street["street"] for street in streets}) == 2


def test_a_bottleneck_stands_where_it_holds_traffic_up(tmp_path: Path) -> None:
    """At the end of its edge; but where traffic is held as it merges onto the edge, at the edge's beginning."""
    runs = [report_data.write_run(tmp_path, Case(seed=seed)) for seed in (1, 2)]
    report = report_data.report_input(tmp_path, tuple(runs))
    end = (report_data.LON + 10 * 0.002, report_data.LAT - 0.002)
    beginning = (report_data.LON + 7 * 0.002, report_data.LAT - 0.5 * 0.002)
    found = next(item for item in runs[0].manifest["found_bottlenecks"] if item["name"] == "Shore Road")
    for where, delay_veh_h, place in (("stop line", 1e6, end), ("merge", 0.0, end), ("merge", 1e6, beginning)):
        found |= {"where": where, "delay_veh_h": delay_veh_h}
        for run in report.runs:
            (shore,) = [spot for spot in tables.bottleneck_spots(run, report) if spot.name == "Shore Road"]
            assert (shore.lon, shore.lat) == pytest.approx(place)
            assert tables.held_at(report)[found["edge"]] == pytest.approx(place)


def test_a_queue_in_which_people_wait_for_less_than_a_minute_holds_nobody_up() -> None:
    # 10 vehicles a minute for 30 minutes: 300 vehicles, whose minutes are 5 hours together.
    assert tables.Holdup("Main Street", "merge", 30, 4.9, 10.0).is_slight
    assert not tables.Holdup("Main Street", "merge", 30, 5.1, 10.0).is_slight
    assert not tables.Holdup("Main Street", "merge", 30, 4.9, None).is_slight
