"""`evac search` on a town whose best plan is known: a fixed signal gives half of its green to an empty street."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import evac
from evac import clock
from evac.cli import run_guarded
from evac.plans.reading import load_plan
from evac.search import finals, stressing
from evac.search.attempts import Attempts
from evac.search.facts import Facts
from evac.search.laying import Sets
from evac.search.lazy import Chosen
from evac.simulate.job import Job
from evac.study.engines import Local
from evac.study.runs import Display
from evac.study.tasks import Outcome, Task
from small_studies import town_of

ARGUMENTS = ["--officers", "1", "--cones", "20", "--seeds", "2", "--jobs", "1"]
SATURATION_VEH_PER_H = 1615.0  # of the normal driver at 50 km/h: 800 cars through one lane take half an hour
HOUSEHOLDS = 400


def made(folder: Path) -> Path:
    """Return the folder of a scenario: one road with a signal before the only exit."""
    town = town_of("24-contraflow-doubles", folder / "scenarios" / "town")
    for plan in ("fixed", "contraflow"):
        (town / f"{plan}.yaml").unlink()
    text = (town / "scenario.yaml").read_text()
    (town / "scenario.yaml").write_text(text.replace("{country: LI}", "{country: LI, signals: static}"))
    zones = (town / "zones.geojson").read_text()
    (town / "zones.geojson").write_text(zones.replace('"households": 800', f'"households": {HOUSEHOLDS}'))
    return town


def command(town: Path, *options: str) -> int:
    return run_guarded(["search", str(town), *options])


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return the folder of the town after a search, and what its page was whenever a run began."""
    town = made(tmp_path_factory.mktemp("search"))
    pages: list[str] = []

    def look(event: evac.Progress) -> None:
        if event.run and not event.ended and not event.time_s:
            pages.append((results(town) / "progress.html").read_text())

    evac.open(town).search(officers=1, cones=20, seeds=2, jobs=1, on_progress=look)
    return town, pages


@pytest.fixture(scope="module")
def searched(watched: tuple[Path, list[str]]) -> Path:
    """Return the folder of the town after the command's search, whose runs have been made."""
    town, _ = watched
    assert command(town, *ARGUMENTS) == 0
    return town


def results(town: Path) -> Path:
    return town.parents[1] / "reports" / "town" / "search"


def test_the_one_officer_at_the_one_conflict_is_found(searched: Path) -> None:
    plan = load_plan(str(results(searched) / "best.yaml"), searched)
    (item,) = plan.actions
    assert item.action.in_words() == "signal officer at Main Road / Cross Street, from 0:05\u00a0h on"
    assert plan.resources.officers == 1
    assert plan.model.name == "Best with 1 officer"
    frontier = pd.read_csv(results(searched) / "frontier.csv")
    assert frontier["officers"].tolist() == [0, 1]
    # All of the green instead of about half of it, from 5 min on: by theory 90 % leave at the lane's saturation flow.
    drive_min = 4.0
    at_best_min = 0.9 * HOUSEHOLDS / SATURATION_VEH_PER_H * 60.0
    assert at_best_min < frontier["t90_min"][1] < at_best_min + 5.0 + drive_min
    assert frontier["saved_min"][1] == pytest.approx(frontier["t90_min"][0] - frontier["t90_min"][1], abs=0.02)
    assert (frontier["at_best_min"] <= frontier["t90_min"]).all()


def test_what_the_plan_is_worth_is_told_by_seeds_that_did_not_choose_it(searched: Path) -> None:
    best, nothing = pd.read_csv(results(searched) / "plans.csv").iloc[:2].to_dict("records")
    assert best["fresh_seeds"] == nothing["fresh_seeds"] == 2
    assert best["fresh_t90_min"] != best["t90_min"]
    assert best["fresh_t90_min"] == pytest.approx(best["t90_min"], rel=0.05)
    assert best["fresh_t90_low_min"] < best["fresh_t90_min"] < best["fresh_t90_high_min"]
    saved = nothing["fresh_t90_min"] - best["fresh_t90_min"]
    assert best["fresh_saved_min"] == pytest.approx(saved, abs=0.02)
    assert best["fresh_untrusted"] == best["fresh_left_behind"] == 0
    note = load_plan(str(results(searched) / "best.yaml"), searched).model.note or ""
    then = clock.hours_minutes(best["fresh_t90_min"] * clock.MINUTE_S)
    assert f"90 % out after {then} h in 2 seeds that had no part in choosing it" in note


def test_a_plan_says_why_it_has_its_actions_and_what_it_withstands(searched: Path) -> None:
    text = (results(searched) / "best.yaml").read_text()
    reason = " ".join(re.findall(r"^  # (.*)$", text, re.MULTILINE))
    assert "A signal stands here" in reason
    assert re.search(r"Alone it saves \d+\.\d min", reason)
    frontier = pd.read_csv(results(searched) / "frontier.csv")
    rows = pd.read_csv(results(searched) / "robustness.csv")
    rows = rows[rows["plan"] == frontier["plan"][1]].set_index("failure")
    missing = rows.loc["no officer comes: officer at Main Road / Cross Street", "t90_min"]
    assert missing == pytest.approx(frontier["t90_min"][0], rel=0.05)  # as if there were no plan
    assert rows.loc["nothing goes wrong", "t90_min"] < rows.loc["set-up 30 min late", "t90_min"] <= missing


def test_what_is_too_dear_is_not_tried(searched: Path) -> None:
    rows = pd.read_csv(results(searched) / "candidates.csv")
    dear = rows[rows["kind"] == "contraflow"]
    assert len(dear)
    assert dear["alone_saves_min"].isna().all()
    assert dear["why_not"].str.startswith("takes more than there is: ").all()
    plans = pd.read_csv(results(searched) / "plans.csv")
    assert (plans[["officers", "cones", "barricades"]] <= [1, 20, 0]).all(axis=None)


def test_a_search_that_is_interrupted_in_each_stage_goes_on_to_the_same(
    searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = made(tmp_path)
    find_facts, simulated = Sets._find_facts, Local.run
    found: list[Chosen] = []
    runs: list[Job] = []

    def counted(self: Sets, chosen: Chosen) -> Facts:
        found.append(chosen)
        return find_facts(self, chosen)

    def noted(self: Local, tasks: Sequence[Task], cache: Path, display: Display) -> Generator[tuple[Job, Outcome]]:
        for job, outcome in simulated(self, tasks, cache, display):
            runs.append(job)
            yield job, outcome

    monkeypatch.setattr(Sets, "_find_facts", counted)
    monkeypatch.setattr(Local, "run", noted)
    stages: list[tuple[Any, str]] = [
        (Attempts, "_simulate"), (finals, "_play_some"), (finals, "_played"), (stressing, "_worth"),
    ]  # fmt: skip
    for owner, name in stages:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, interrupting(getattr(owner, name), at=2))
            assert command(town, *ARGUMENTS) == 130, name
        assert [file.name for file in results(town).iterdir()] == ["progress.html"]
        page = (results(town) / "progress.html").read_text()
        assert "It was interrupted." in page
        assert "<script" not in page
    assert command(town, *ARGUMENTS) == 0
    assert len(found) == len(set(found))  # what was laid over the net before isn't again
    assert len(runs) == len(set(runs))  # nor is what was simulated
    for file in sorted(results(searched).glob("*.*")):
        if file.suffix not in (".png", ".html"):
            assert (results(town) / file.name).read_bytes() == file.read_bytes(), file.name


def interrupting(function: Callable[..., Any], at: int) -> Callable[..., Any]:
    """Return a function that is interrupted when it is called for the so manieth time."""
    calls = iter(range(1, at + 1))

    def interrupted(*args: Any, **options: Any) -> Any:
        if next(calls) == at:
            raise KeyboardInterrupt
        return function(*args, **options)

    return interrupted


def test_the_page_says_what_was_found_and_how_sure_that_is(searched: Path) -> None:
    page = html.unescape((results(searched) / "progress.html").read_text())
    frontier = pd.read_csv(results(searched) / "frontier.csv").iloc[-1]
    assert "It is done." in page
    assert f"{clock.clock(60.0 * frontier['fresh_t90_min'])}</span> until 90 % are out" in page
    assert f"{clock.clock(60.0 * frontier['t90_min'])} with the 2 seeds that it was chosen by" in page
    assert "officer at Main Road / Cross Street" in page
    assert re.search(r"2 seeds, 95 % interval 0:\d\d.h to \d:\d\d.h", page)
    assert "in its worst case: " in page
    assert "1 officer, 20 cones, 0 barricades" in page


def test_the_page_is_no_wider_than_a_telephone(browser: Any, searched: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((results(searched) / "progress.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.get_by_role("heading", name="Found so far").is_visible()
    page.close()


def test_while_it_goes_on_the_page_says_what_is_tried_and_is_looked_at_again(watched: tuple[Path, list[str]]) -> None:
    _, pages = watched
    assert all("location.reload()" in page for page in pages)
    assert "The first run, which shows where queues stand" in pages[0]
    assert any("1 plan tried, trying: officer at Main Road / Cross Street" in page for page in pages)
    assert "Letting things go wrong with officer at Main Road / Cross Street" in pages[-1]


def test_from_python_the_best_plan_can_be_run_and_its_tables_are_those_written(searched: Path, tmp_path: Path) -> None:
    town = shutil.copytree(searched.parents[1], tmp_path / "town") / "scenarios" / "town"
    search = evac.open(town).search(officers=1, cones=20, seeds=2, jobs=1)
    assert search.best.actions()["label"].tolist() == ["officer at Main Road / Cross Street"]
    assert search.best.run().clearance(0.9).total_seconds() / 60.0 == pytest.approx(
        search.plans()["t90_min"][0], rel=0.1
    )
    assert search.safest is not None
    assert not search.cut_short
    assert search.bounds.reversible.earliest_s(90) <= 60.0 * search.frontier()["t90_min"].min()
    written = search.write(tmp_path / "found")
    assert written[0] == tmp_path / "found" / "best.yaml"
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "found" / "plans.csv"), search.plans(), check_dtype=False)


def test_the_plan_that_is_best_in_its_worst_case_is_told(searched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(searched, *ARGUMENTS) == 0
    out = capsys.readouterr().out
    said = " ".join(out.split())
    worst = pd.read_csv(results(searched) / "robustness.csv").groupby("plan")["t90_min"].max()
    told = re.search(r"Best in the worst case: (\S+),", said)
    assert told
    assert worst[told[1]] == worst.min()
    assert "progress.html" in "".join(out.split())  # a long path may be wrapped


def test_what_the_city_forbids_is_in_no_plan_and_why_nothing_is_left_is_told(
    searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    town = shutil.copytree(searched.parents[1], tmp_path / "town") / "scenarios" / "town"
    city = tmp_path / "city.yaml"
    city.write_text("never: officer at Cross Street\n")
    shutil.rmtree(results(town))
    assert command(town, *ARGUMENTS, "--city", str(city)) == 2
    words = capsys.readouterr().err
    assert "officer: 1: the city forbids it" in words
    assert re.search(r"contraflow: \d+: takes more officers and cones and barricades than there are", words)
    assert "phase: nothing of this kind fits what the first run shows" in words
    assert [file.name for file in results(town).iterdir()] == ["progress.html"]
    assert "no action makes it quicker" in (results(town) / "progress.html").read_text()
    city.write_text("never: officer at Cros Street\n")
    assert command(town, *ARGUMENTS, "--city", str(city)) == 2
    assert "did you mean 'Cross Street'" in capsys.readouterr().err


@pytest.mark.slow
def test_the_coarse_model_screens_and_the_last_plans_are_simulated_vehicle_by_vehicle(
    searched: Path, tmp_path: Path
) -> None:
    town = shutil.copytree(searched.parents[1], tmp_path / "town") / "scenarios" / "town"
    assert command(town, *ARGUMENTS, "--screen", "meso") == 0
    assert (results(town) / "plans.csv").read_bytes() == (results(searched) / "plans.csv").read_bytes()


def test_a_search_that_is_out_of_time_says_so(
    searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    town = shutil.copytree(searched.parents[1], tmp_path / "town") / "scenarios" / "town"
    assert command(town, *ARGUMENTS, "--within", "0.001s") == 0
    assert "Time was up before all was simulated" in " ".join(capsys.readouterr().out.split())
    assert load_plan(str(results(town) / "best.yaml"), town).actions == ()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--officers", "1", "--within", "soon"], "'soon' is no time"),
        (["--officers", "1", "--within", "9" * 400 + "h"], "within: expected up to a year, found inf s"),
        (["--officers", "1", "--vehicles", "7"], "has no case '7'"),
        (["--officers", "1", "--city", "nowhere.yaml"], "nowhere.yaml"),
        (["--officers", "1", "--plan", "none"], "there is no file"),
        (["--officers", "-1"], "--officers"),
        (["--officers", "1", "--cones", "1e3"], "--cones"),
        (["--officers", "1", "--barricades", "20000"], "--barricades"),
        (["--officers", "1", "--seed", "2147483647"], "seed: expected 0 to 2,147,483,519, as more follow the first"),
    ],
)
def test_bad_options_are_told(
    searched: Path, options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(searched, *options) == 2
    assert told in " ".join(capsys.readouterr().err.split())


def test_bad_numbers_from_python_are_told_before_anything_is_prepared(searched: Path) -> None:
    town = evac.open(searched)
    with pytest.raises(evac.ScenarioError, match=r"cones: expected a whole number .* found 2\.5"):
        town.search(officers=1, cones=2.5)  # type: ignore[arg-type]
    for within_s in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(evac.UserError, match="within: expected up to a year"):
            town.search(officers=1, within_s=within_s)
    for seeds in (0, 2.5, 65):
        with pytest.raises(evac.UserError, match=rf"seeds: expected 1 to 64, found {seeds}"):
            town.search(officers=1, seeds=seeds)  # type: ignore[arg-type]
    for seed in (-1, 1.5, 2**31 - 1):  # other seeds follow the first
        with pytest.raises(evac.UserError, match=rf"seed: expected 0 to 2,147,483,519, .* found {seed}"):
            town.search(officers=1, seed=seed)  # type: ignore[arg-type]
