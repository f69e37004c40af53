"""The page and the files beside it: one source of numbers, other people's text as text, whole or not at all."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from shapely.geometry import Point

import report_data
from evac import clock
from evac.report import moving_map, page, publish, text
from evac.report.inputs import PlanPicture, ReportInput, ReportPlan
from evac.report.pictures import Picture
from evac.report.publish import write_report
from evac.report.results import case_results
from report_data import Case

GRIDLOCK = "12 of 1800: vehicles were moved to resolve gridlock; the limit is 0.50%"
ON_THE_PAGE = GRIDLOCK.replace("%", "\u00a0%")
SCRIPT, FORMULA = "<script>alert(1)</script>", '=HYPERLINK("http://example.org")'


class _Page(HTMLParser):
    """The page's tags with their attributes, its text, and its tables by id."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.words = self.style = ""
        self._table = self._style = ""
        self._cell = False
        self.source = path.read_text()
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self._table = str(dict(attrs)["id"])
            self.tables[self._table] = []
        elif tag == "tr":
            self.tables[self._table].append([])
        elif tag in {"th", "td"}:
            self.tables[self._table][-1].append("")
            self._cell = True
        elif tag in {"style", "script"}:
            self._style = tag

    def handle_endtag(self, tag: str) -> None:
        self._cell = self._cell and tag not in {"th", "td"}
        self._style = "" if tag in {"style", "script"} else self._style

    def handle_data(self, data: str) -> None:
        if self._style:
            self.style += data if self._style == "style" else ""
            return
        self.words += data
        if self._cell:
            self.tables[self._table][-1][-1] += data


def _read(folder: Path) -> _Page:
    return _Page(folder / "index.html")


def _words_of(report: ReportInput, folder: Path) -> _Page:
    """Return the page of a report alone, without figures and tables: a tenth of the time."""
    front = [Picture(name, name, "", "", {"png": b""}, "png") for name in ("front_curves", "front_map")]
    path = folder / "words.html"
    cases = case_results(report)
    path.write_text(page.page_html(report, cases, page.content(report, cases, front)))
    return _Page(path)


SHEETS = (
    "dark_signals",
    "assumptions", "at_best_streets", "clearance", "clearance_by_zone", "exits_by_hour", "findings", "forms",
    "development", "households", "ledger", "egress", "ends_by_zone", "safe_order", "missing",
    "nureg_cr_7002", "plan_changes", "resources", "routes", "states",
    "street_states", "trip_generation",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _without_pdf_and_animation() -> Iterator[None]:
    """Leave out what takes long and has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "pdf_bytes", lambda _: b"%PDF")
        patch.setattr(publish, "animation", lambda *_: {"gif": b"GIF89a"})
        yield


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ReportInput:
    return report_data.report_input(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def folder(report: ReportInput, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(report, tmp_path_factory.mktemp("reports") / "millbrook").parent


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a report in which every name is hostile and a run isn't trusted."""
    runs_folder = tmp_path_factory.mktemp("runs")
    lanes = tuple((FORMULA if number else SCRIPT, 0, 2.0) for number in range(4))
    runs = tuple(
        report_data.write_run(
            runs_folder,
            Case(plan=FORMULA, departure=SCRIPT, vehicles_per_household=vehicles),
            zones=(SCRIPT, FORMULA),
            lanes=lanes,
            reasons=(f"{GRIDLOCK} {SCRIPT}",) if vehicles == "2" else (),
            caveats=(SCRIPT,),
            stranded=5,
        )
        for vehicles in ("1", "2")
    )
    cut = {"households": 9, "from_min": 10.0, "actions": [SCRIPT]}
    runs = tuple(replace(run, ledger={**run.ledger, "households_cut_off": [cut]}) for run in runs)
    edges = report_data._edges()
    edges["name"] = SCRIPT
    report = report_data.report_input(
        runs_folder,
        runs,
        plan=FORMULA,
        edges=edges,
        scenario=report_data.scenario(
            name=SCRIPT, note=SCRIPT, departures=[{"name": SCRIPT, "curve": {"form": "rayleigh"}}]
        ),
        exits=(report_data.spot(SCRIPT, 10, 5), report_data.spot(FORMULA, 10, -1)),
        findings=(report_data.finding("error", SCRIPT),),
        failed=(report_data.failed(Case(plan=SCRIPT, seed=9), SCRIPT),),
        sources={SCRIPT: SCRIPT},
        attribution=SCRIPT,
        ways_out=report_data.ways_out(SCRIPT, FORMULA),
        bounds=report_data.bounds(FORMULA, SCRIPT),
    )
    return write_report(report, tmp_path_factory.mktemp("reports") / "x").parent


def test_all_files_are_there(folder: Path) -> None:
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    figures = {
        f"figures/{name}.{kind}"
        for name in (
            "front_curves",
            "front_map",
            "clearance_curves",
            "exits",
            "fewer_cars",
            "lane_rates",
            "map",
            "moments",
        )
        for kind in ("png", "svg")
    } | {"figures/animation.gif"}
    tables = {"results.parquet", "results.csv", "bottlenecks.csv", "bottleneck_summary.csv"}
    tables |= {f"tables/report.{kind}" for kind in ("gpkg", "kml", "xlsx")}
    tables |= {f"tables/{name}.csv" for name in SHEETS}
    assert names == {"index.html", "report.pdf", *tables, *figures}


def test_the_page_needs_no_other_file(folder: Path) -> None:
    parsed = _read(folder)
    sources = [attrs["src"] for _, attrs in parsed.tags if "src" in attrs]
    assert len(sources) == 8
    assert all(str(source).startswith("data:image/") for source in sources)
    assert not {"iframe", "object", "link[rel=stylesheet]"} & {tag for tag, _ in parsed.tags}
    assert not re.search(r"@import|url\(", parsed.style)


def test_only_the_scripts_that_the_page_names_may_run(folder: Path) -> None:
    source = (folder / "index.html").read_text()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', source)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'")
    scripts = re.findall(r"<script>(.*?)</script>", source, re.DOTALL)
    hashes = {f"'{moving_map.content_hash(script)}'" for script in scripts}
    assert len(hashes) == 4
    assert set(policy[1].split("script-src ")[1].split()) == hashes


def test_numbers_in_the_page_are_the_numbers_in_the_files(folder: Path) -> None:
    table = pd.read_parquet(folder / "results.parquet")
    as_csv = pd.read_csv(folder / "results.csv", dtype={"vehicles_per_household": str})
    times = ["t50_s", "t90_s", "t95_s", "t100_s"]
    assert list(as_csv.columns) == list(table.columns)
    pd.testing.assert_frame_equal(as_csv[times], table[times], rtol=1e-5)
    plain = table[table["capacity_factor"] == 1.0].reset_index()
    rows = _read(folder).tables["clearance"][1:]
    assert len(rows) == len(plain) == 3
    for cells, run in zip(rows, plain.itertuples(), strict=True):
        assert cells[0].startswith(f"{run.vehicles_per_household} vehicle")
        assert cells[1] == text.count(run.planned)
        shown = [cells[2], cells[3], cells[6], cells[7]]
        assert shown == [clock.clock(getattr(run, name)) for name in times]
        assert cells[4] == clock.clock(run.t90_at_best_s)


def test_the_answer_has_the_numbers_of_the_parquet_file(folder: Path) -> None:
    table = pd.read_parquet(folder / "results.parquet")
    centre = table[table["vehicles_per_household"] == "1.5"].set_index("capacity_factor")
    words = _read(folder).words
    answer = words[: words.index("Clearance time:")]
    for number in (centre.loc[1.0, "t90_s"], centre.loc[1.0, "t100_s"], *centre.loc[[0.85, 1.15], "t90_s"]):
        assert clock.clock(float(number)) in answer
    assert text.count(centre.loc[1.0, "planned"]) in answer


def test_results_agree_with_the_vehicles(report: ReportInput, folder: Path) -> None:
    table = pd.read_parquet(folder / "results.parquet").set_index("job")
    for run in report.runs:
        vehicles = pd.read_parquet(run.folder / "vehicles.parquet")
        row = table.loc[run.job]
        assert row["planned"] == len(vehicles)
        assert row["t100_s"] == vehicles["evacuated_s"].max()
        assert row["planned"] == row["evacuated"] + row["driving"] + row["waiting"] + row["no_route"]


def test_lane_rates_agree_with_the_runs(report: ReportInput, folder: Path) -> None:
    long = pd.read_csv(folder / "bottlenecks.csv")
    summary = pd.read_csv(folder / "bottleneck_summary.csv")
    assert set(long["job"]) == {run.job for run in report.runs}
    totals = long.groupby(["job", "edge", "lane"])["veh_per_min"].sum()
    pd.testing.assert_series_equal(
        summary.set_index(["job", "edge", "lane"])["vehicles"].sort_index(), totals.sort_index(), check_names=False
    )
    page_rows = list(_read(folder).tables["lanes"][1:])
    shown = summary[(summary["vehicles_per_household"] == 1.5) & (summary["capacity_factor"] == 1.0)]
    rates = sorted(text.rate(rate) for rate in shown["mean_veh_per_min"])
    assert sorted(row[1] for row in page_rows) == rates


def test_exits_and_zones_add_up(report: ReportInput, folder: Path) -> None:
    parsed = _read(folder)
    planned = next(run for run in report.runs if run.case == Case(vehicles_per_household="1.5")).manifest["planned"]
    for table, column in (("exits", 1), ("zones", 2)):
        assert sum(int(row[column].replace(",", "")) for row in parsed.tables[table][2:]) == planned


def test_accounts_are_shown_for_every_run(hostile: Path) -> None:
    for row in _read(hostile).tables["accounting"][1:]:
        planned, *parts = (int(cell.replace(",", "")) for cell in row[1:6])
        assert planned == sum(parts)
        assert parts[3] == 5


def test_vehicles_that_leave_unasked_stand_beside_the_planned(tmp_path: Path) -> None:
    run = report_data.write_run(tmp_path / "runs", Case())
    unasked = {**run.manifest, "shadow": 120, "shadow_evacuated": 110}
    report = report_data.report_input(tmp_path, (replace(run, manifest=unasked),))
    heads, row = _words_of(report, tmp_path).tables["accounting"]
    assert heads[6:8] == ["Besides: leave unasked", "Of these out"]
    assert row[6:8] == ["120", "110"]


def test_numbers_that_are_not_trusted_carry_the_reason(hostile: Path) -> None:
    parsed = _read(hostile)
    doubtful = [row for row in parsed.tables["clearance"] if row[0].startswith("2 vehicles")]
    assert ON_THE_PAGE in doubtful[0][-1]
    trusted = [row for row in parsed.tables["clearance"] if row[0].startswith("1 vehicle ")]
    assert trusted[0][-1] == "trusted"
    told = [row for row in parsed.tables["accounting"] if row[0].startswith("2 vehicles")]
    assert ON_THE_PAGE in told[0][-1]
    assert "1 of 2 cases can't be trusted" in parsed.words
    with (hostile / "results.csv").open() as file:
        assert [row["reasons"] == "" for row in csv.DictReader(file)] == [True, False]
    alts = [str(attrs["alt"]) for tag, attrs in parsed.tags if tag == "img"]
    assert any(ON_THE_PAGE in alt for alt in alts)


def test_a_plan_that_is_not_trusted_says_so_over_zones_and_exits(tmp_path: Path) -> None:
    runs = tuple(
        report_data.write_run(tmp_path, Case(plan=plan), reasons=reasons)
        for plan, reasons in (("good", ()), ("doubtful", (GRIDLOCK,)))
    )
    parsed = _words_of(report_data.report_input(tmp_path, runs, plan="good", compared_with="doubtful"), tmp_path)
    for table in ("zones", "exits"):
        heads = {cell.split(" ")[0]: ON_THE_PAGE in cell for cell in parsed.tables[table][0]}
        assert heads["doubtful"]
        assert not heads["good"]


def test_what_a_reader_must_know_of_the_scenario_stands_before_the_answer_and_once(tmp_path: Path) -> None:
    scenario = report_data.scenario(note="Made up: no advice to anybody.")
    report = report_data.report_input(tmp_path, (report_data.write_run(tmp_path, Case()),), scenario=scenario)
    words = _words_of(report, tmp_path).words
    assert 0 < words.index("no advice to anybody") < words.index("The answer")
    assert words.count("no advice to anybody") == 1


def test_the_first_page_gives_each_reason_for_distrust_once(tmp_path: Path) -> None:
    reasons = {
        ("a", "1"): ("39 of 2,000: not connected",), ("a", "2"): ("39 of 4,000: not connected",), ("b", "1"): (),
        ("b", "2"): ("3 of 4,000 stuck",), ("c", "2"): ("7 of 4,000 stuck", "39 of 4,000: not connected"),
    }  # fmt: skip
    runs = tuple(
        report_data.write_run(tmp_path, Case(plan=plan, vehicles_per_household=vehicles), reasons=why)
        for (plan, vehicles), why in reasons.items()
    )
    source = _words_of(report_data.report_input(tmp_path, runs, plan="a", compared_with="a"), tmp_path).source
    verdict = source.partition('<div class="verdict')[2].partition("</div>")[0].replace("\u00a0", " ")
    assert "4 of 5 cases" in verdict
    items = [item.partition("</li>")[0] for item in verdict.split("<li>")[1:]]
    assert len(items) == 2
    assert items[0].startswith("† as at the answer (plan “a”, 1 vehicle per household; plan “a”, 2 vehicles")
    assert items[1].startswith("3 of 4,000 stuck, or other numbers (plan “b”, 2 vehicles per household; plan “c”")


def test_simulations_have_one_ledger(report: ReportInput, folder: Path) -> None:
    rows = {row[0]: row[1:3] for row in _read(folder).tables.get("ledger", [["", "", ""]])}
    counts = [run.ledger["planned"] for run in report.runs]
    written = pd.read_csv(folder / "tables/ledger.csv")
    assert list(written["planned"]) == counts
    assert set(written["job"]) == {run.job for run in report.runs}
    assert "planned" not in rows  # it stands in the table of all cases
    words = _read(folder).words
    assert words.count("unconnected households: 4") == 1
    assert words.count("Vehicle '…' performs emergency braking") == 1


def test_households_that_a_plan_cuts_off_stand_beside_the_verdict(hostile: Path, folder: Path) -> None:
    verdict, whole = (
        (page / "index.html").read_text().partition('<div class="verdict')[2].partition("</div>")[0]
        for page in (hostile, folder)
    )
    assert "9 households lose their only way out under" in verdict
    assert "lose their only way out" not in whole


def test_not_cleared_is_shown_as_such(hostile: Path) -> None:
    assert _read(hostile).tables["clearance"][1][7] == "not cleared by 24\u00a0h"
    assert pd.read_parquet(hostile / "results.parquet")["t100_s"].isna().all()


def test_hostile_names_are_text_in_the_page(hostile: Path) -> None:
    parsed = _read(hostile)
    assert SCRIPT in parsed.words
    assert FORMULA in parsed.words
    assert SCRIPT not in parsed.source
    assert [attrs for tag, attrs in parsed.tags if tag == "script"] == [
        {"type": "application/json", "id": "map-data"}, {"type": "application/json", "id": "compare-data"},
        {"type": "application/json", "id": "page-words"}, {}, {}, {}, {},
    ]  # fmt: skip
    links = [str(attrs["href"]) for _, attrs in parsed.tags if attrs.get("href")]
    assert not [link for link in links if link.startswith("javascript")]
    assert not [name for _, attrs in parsed.tags for name in attrs if name.startswith("on")]


def test_hostile_names_are_no_formulas_in_spreadsheets(hostile: Path) -> None:
    files = [
        path for path in hostile.rglob("*.csv") if path.name not in ("findings.csv", "nureg_cr_7002.csv", "forms.csv")
    ]
    for path in files:
        with path.open(newline="") as file:
            rows = list(csv.reader(file))
        cells = {cell for row in rows for cell in row}
        if path.name not in (
            *("assumptions.csv", "households.csv", "missing.csv", "plan_changes.csv"),
            *("safe_order.csv", "egress.csv"),  # of a scenario with a hazard
            *("development.csv", "dark_signals.csv"),  # of a study with new homes, of plans that switch signals off
        ):
            assert f"'{FORMULA}" in cells, path.name
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))], path.name
        assert not [cell for cell in cells if "\n" in cell or "\r" in cell], path.name


def test_hostile_names_are_text_in_the_geopackage(hostile: Path) -> None:
    path = hostile / "tables/report.gpkg"
    assert set(pyogrio.list_layers(path)[:, 0]) >= {"streets", "bottlenecks", "exits", "households"}
    assert set(pyogrio.read_dataframe(path, layer="exits")["exit"]) == {SCRIPT, FORMULA}
    assert set(pyogrio.read_dataframe(path, layer="streets")["name"]) == {SCRIPT}


def test_hostile_names_are_text_in_workbook_and_placemarks(hostile: Path) -> None:
    sheet = pyogrio.read_dataframe(hostile / "tables/report.xlsx", layer="clearance")
    assert set(sheet["plan"]) == {f"'{FORMULA}"}
    marks = pyogrio.read_dataframe(hostile / "tables/report.kml")
    assert {SCRIPT, FORMULA} <= set(marks["Name"])
    assert not [words for words in marks["Description"] if "<script" in words]


def test_parquet_keeps_names_as_they_are(hostile: Path) -> None:
    assert set(pd.read_parquet(hostile / "results.parquet")["plan"]) == {FORMULA}


def test_figures_of_hostile_names_stay_in_the_folder(tmp_path: Path) -> None:
    names = ("../../up", "/etc/x")
    runs = tuple(report_data.write_run(tmp_path / "runs", Case(plan=name)) for name in names)
    spots = gpd.GeoDataFrame({"kind": ["officer"], "words": ["one"]}, geometry=[Point(-122.5, 37.9)], crs="EPSG:4326")
    none = gpd.GeoDataFrame({"kind": [], "street": [], "towards": [], "words": []}, geometry=[], crs="EPSG:4326")
    exits = gpd.GeoDataFrame({"name": ["out"], "closed": [""]}, geometry=[Point(-122.5, 37.9)], crs="EPSG:4326")
    picture = PlanPicture("name", none, spots, none, exits, report_data._streets())
    plans = {name: ReportPlan(name, name, picture=picture) for name in names}
    report = report_data.report_input(tmp_path, runs, plan=names[0], plans=plans)
    write_report(report, tmp_path / "a" / "b" / "c")
    written = set(tmp_path.rglob("*.svg"))
    assert {path.parent for path in written} == {tmp_path / "a" / "b" / "c" / "figures"}
    assert len([path for path in written if path.name.startswith("plan-")]) == 2


def test_failed_runs_and_findings_are_told(hostile: Path) -> None:
    parsed = _read(hostile)
    assert "Simulations that failed" in parsed.words
    assert parsed.tables["audit"][1][:2] == ["error", SCRIPT]


def test_findings_stand_by_severity(tmp_path: Path) -> None:
    findings = [report_data.finding(severity, severity) for severity in ("note", "error", "warning")]
    run = report_data.write_run(tmp_path, Case())
    report = report_data.report_input(tmp_path, (run,), findings=tuple(findings))
    parsed = _words_of(report, tmp_path)
    assert [row[0] for row in parsed.tables["audit"][1:]] == ["error", "warning"]
    assert "1 notes of less weight are in tables/findings.csv" in parsed.words


def test_pictures_have_their_numbers_as_text(report: ReportInput, folder: Path) -> None:
    alts = [str(attrs["alt"]) for tag, attrs in _read(folder).tags if tag == "img"]
    assert clock.clock(report.runs[1].manifest["t90_s"]) in alts[0]
    assert "North ramps" in alts[1]
    assert clock.clock(report.runs[0].manifest["t90_s"]) in alts[2]
    assert "One car less per household buys" in alts[3]
    assert "vehicles per minute" in alts[4]


def test_the_map_of_the_ways_out_says_what_they_take_and_what_is_none(folder: Path) -> None:
    page = (folder / "index.html").read_text()
    assert "Exits: 1 North ramps (1 lane); 2 Ridge (2 lanes); 3 Landing (60 vehicles an hour)" in page
    assert "a no exit: Ridge, it ends" in page
    assert "The map reaches beyond the area: 0.9 km north, 0.9 km east, 0.9 km south, 0.9 km west" in page
    assert (folder / "figures" / "exits.png").is_file()


def test_headings_go_down_one_step_at_a_time(folder: Path) -> None:
    levels = [int(tag[1]) for tag, _ in _read(folder).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_the_same_runs_give_the_same_bytes(report: ReportInput, folder: Path, tmp_path: Path) -> None:
    write_report(report, tmp_path)
    for path in folder.rglob("*.*"):
        assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes(), path.name


def test_an_interrupted_report_leaves_the_old_one(
    report: ReportInput, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def stop(*_: Any, **__: Any) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(page, "_templates", stop)
    with pytest.raises(KeyboardInterrupt):
        write_report(report, folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_figures_of_cases_that_are_no_more_go(tmp_path: Path) -> None:
    report = report_data.report_input(tmp_path, (report_data.write_run(tmp_path / "runs", Case()),))
    old, other = (tmp_path / "out/figures" / name for name in ("clearance_curves-old.svg", "mine.svg"))
    old.parent.mkdir(parents=True)
    for path in (old, other):
        path.write_text("old")
    write_report(report, tmp_path / "out")
    assert not old.exists()
    assert other.exists()
