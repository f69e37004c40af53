"""The report's words: all come from one catalogue, and a city's `report.yaml` replaces them."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from matplotlib.text import Text

import report_data
import report_words
from evac.errors import ScenarioError
from evac.report import drawing, publish, settings
from evac.report.catalogue import catalogue, catalogue_text
from evac.report.inputs import ReportInput, ReportPlan
from evac.report.publish import write_report
from evac.report.settings import ReportSettings
from evac.report.words import say, speaking
from evac.simulate.job import Case as SimulatedCase
from evac.statistics import mean_interval
from evac.study.precision import Shortfall, Unhelped
from report_data import Case

ROOT = Path(__file__).parents[2]
_SHOWN = ("alt", "aria-label", "title", "placeholder", "data-all", "data-exit")


class _Texts(HTMLParser):
    """What a reader sees or hears of a page, piece by piece."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = tag in {"style", "script"}
        self.texts += [value for name, value in attrs if name in _SHOWN and value]

    def handle_endtag(self, tag: str) -> None:
        self._hidden = self._hidden and tag not in {"style", "script"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.texts.append(data)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ReportInput:
    """Return a report that has nearly every text: plans, seeds, capacities, doubts, what is missing and cut off."""
    folder = tmp_path_factory.mktemp("runs")
    runs = [
        report_data.write_run(folder, Case(plan=plan, seed=seed), speedup=speedup, caveats=("k",) * 5)
        for plan, speedup in (("p1", 1.0), ("p2", 1.1), ("p3", 1.3))
        for seed in (1, 2)
    ]
    factors = [Case(plan="p3", capacity_factor=factor) for factor in (0.85, 1.15)]
    runs += [report_data.write_run(folder, case) for case in factors]
    runs.append(report_data.write_run(folder, Case(plan="p3", vehicles_per_household="2"), reasons=("r",), stranded=3))
    plans = {
        "p3": ReportPlan("p3", "p3", actions=("a",), resources={"officers": 2, "cones": 9}, extends="p2"),
        "p2": ReportPlan("p2", "p2"),
    }
    shortfalls = [
        Shortfall(SimulatedCase(vehicles_per_household="1", departure="d", seed=1, plan="p3"), mean_interval(times))
        for times in ([1.0], [1.0, 9.0], [1.0, None])
    ]
    return report_data.report_input(
        folder, tuple(runs), plan="p3", compared_with="p1", plans=plans, versions={"SUMO": "1.28.0"},
        failed=(report_data.failed(Case(plan="p1", seed=9), "m"),), imprecise=tuple(shortfalls),
        unhelped=(Unhelped(shortfalls[0].case, 0.1, 8),),
        settings=ReportSettings(words=report_words.marks()),
    )  # fmt: skip


@pytest.fixture(scope="module")
def drawn() -> list[str]:
    """Return the texts of all figures that were drawn."""
    return []


@pytest.fixture(scope="module")
def pages(report: ReportInput, drawn: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Return the page, and the content of the PDF."""
    printed: list[str] = []

    def collect(figure: Any) -> bytes:
        drawn.extend(item.get_text() for item in figure.findobj(Text))
        return b""

    def keep(html: str) -> bytes:
        printed.append(html)
        return b"%PDF"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "png_bytes", collect)
        patch.setattr(drawing, "svg_bytes", lambda _: b"")
        patch.setattr(publish, "pdf_bytes", keep)
        patch.setattr(publish, "animation", lambda *_: {"gif": b"GIF89a"})
        page = write_report(report, tmp_path_factory.mktemp("report"))
        yield [page.read_text(), *printed]


def test_no_english_is_left_in_page_and_paper(report: ReportInput, pages: list[str]) -> None:
    for page in pages:
        texts = _Texts(page).texts
        assert sum(report_words.MARK in text for text in texts) > 200
        assert report_words.english_left(texts, report_words.data_of(report)) == []


def test_no_english_is_left_in_the_figures(report: ReportInput, pages: list[str], drawn: list[str]) -> None:
    assert pages
    assert sum(report_words.MARK in text for text in drawn) > 20
    assert report_words.english_left(drawn, report_words.data_of(report)) == []


def test_the_committed_catalogue_is_that_of_the_code() -> None:
    assert (ROOT / "docs" / "report-words.yaml").read_text() == catalogue_text(), "run `make docs`"


def test_words_are_said_with_their_values() -> None:
    english = "{low} to {high}"
    assert english in catalogue()
    assert say(english, low="a", high="{low}") == "a to {low}"
    with speaking({english: "{high} von {low} an"}):
        assert say(english, low="a", high="b") == "b von a an"
    assert say(english, low="a", high="b") == "a to b"


@pytest.mark.parametrize(
    ("english", "german", "problem"),
    [
        ("The anser", "Die Antwort", "is no text of the report\n    try: 'The answer' is"),
        ("{low} to {high}", "{low} bis {oben}", "its places are: {high}, {low}"),
        ("{low} to {high}", "{low bis", "its places are: {high}, {low}"),
        ("The answer", "{plan.__class__}", "its places are: none"),
    ],
)
def test_words_that_cannot_be_said_are_refused(tmp_path: Path, english: str, german: str, problem: str) -> None:
    (tmp_path / settings.FILE_NAME).write_text(f"words:\n  {english!r}: {german!r}\n")
    with pytest.raises(ScenarioError) as refused:
        settings.load_settings(tmp_path)
    assert problem in str(refused.value)
