from __future__ import annotations

import io
import itertools
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Annotation, Text
from PIL import Image
from shapely.geometry import box

import report_data
from evac.report import drawing, figures, maps, panels, results, tables
from evac.report.front_figures import draw_front_curves
from evac.report.inputs import ReportInput
from report_data import Case

GRIDLOCK = "12 of 1800: vehicles were moved to resolve gridlock"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ReportInput:
    return report_data.report_input(tmp_path_factory.mktemp("runs"))


def _words(figure: object) -> str:
    texts = [axes_text.get_text() for axes in figure.axes for axes_text in axes.texts]  # type: ignore[attr-defined]
    keys = [item.get_text() for axes in figure.axes if axes.get_legend() for item in axes.get_legend().get_texts()]  # type: ignore[attr-defined]
    return "\n".join([*texts, *keys, *(item.get_text() for item in figure.texts)])  # type: ignore[attr-defined]


def test_the_curves_are_shares_of_all_planned_vehicles(tmp_path: Path) -> None:
    run = report_data.write_run(tmp_path, Case(), stranded=120)
    report = report_data.report_input(tmp_path, (run,))
    figure = figures.draw_curves(results.case_results(report), None, "baseline", 24.0)
    line = max(figure.axes[0].lines, key=lambda item: len(item.get_xdata()))
    assert np.max(line.get_ydata()) == pytest.approx(1080 / 1200)
    assert "all not cleared by 24\u00a0h (90.0\u00a0% out)" in _words(figure)


def test_the_marks_stand_at_the_clearance_times(report: ReportInput) -> None:
    cases = results.case_results(report)
    figure = figures.draw_curves(cases, cases[0], "baseline", 24.0)
    marks = {
        (round(float(line.get_xdata()[0]) * 3600, 3), float(line.get_ydata()[0]))
        for line in figure.axes[0].lines
        if line.get_marker() in drawing.CASE_MARKERS
    }
    times = {(50, "t50_s"), (90, "t90_s"), (95, "t95_s")}
    assert marks == {(round(getattr(case.shown, key), 3), p / 100) for case in cases for p, key in times}


def test_dashed_are_the_departures_of_the_run(tmp_path: Path) -> None:
    run = report_data.write_run(tmp_path, Case())
    (case,) = results.case_results(report_data.report_input(tmp_path, (run,)))
    departed = pd.read_parquet(run.folder / "curve.parquet")["departed"].to_numpy() / 1200
    (dashed,) = [line for line in figures.draw_curves([case], case, "baseline", 24.0).axes[0].lines if line.is_dashed()]
    drawn = dashed.get_ydata()
    assert drawn == pytest.approx(departed[: len(drawn)])
    assert drawn[-1] == pytest.approx(0.99, abs=0.01)


def test_one_plan_is_solid_the_other_dotted(tmp_path: Path) -> None:
    runs = [report_data.write_run(tmp_path, Case(plan=plan)) for plan in ("a", "b")]
    report = report_data.report_input(tmp_path, tuple(runs), plan="a", compared_with="b")
    figure = figures.draw_curves(results.case_results(report), None, "a", 24.0)
    styles = [line.is_dashed() for line in figure.axes[0].lines if len(line.get_xdata()) > 10]
    assert styles == [False, True]


def test_the_key_of_the_curves_covers_none_of_them(tmp_path: Path) -> None:
    runs = [
        report_data.write_run(tmp_path, Case(plan=plan, vehicles_per_household=vph), speedup=speedup)
        for plan, speedup in (("contraflow on East Street", 1.0), ("baseline", 1.02))
        for vph in ("1", "1.5", "2")
    ]
    report = report_data.report_input(tmp_path, tuple(runs), compared_with="contraflow on East Street")
    cases = results.case_results(report)
    figure = figures.draw_curves(cases, cases[0], "baseline", 24.0)
    (axes,) = figure.axes
    key = axes.get_legend()
    assert key is not None
    assert len(key.get_texts()) == 7
    covered = key.get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]
    points = np.concatenate([axes.transData.transform(line.get_xydata()) for line in axes.lines[:-3]])
    assert not covered.count_contains(points)


def test_the_key_of_the_first_page_stands_below_its_curves(tmp_path: Path) -> None:
    plans = ("contraflow on East Street", "baseline", "both")
    runs = tuple(report_data.write_run(tmp_path, Case(plan=plan)) for plan in plans)
    report = report_data.report_input(tmp_path, runs, compared_with="baseline")
    cases = results.case_results(report)
    figure = draw_front_curves(report, cases, cases[0])
    (axes,), (key,) = figure.axes, figure.legends
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    assert len(key.get_texts()) == len(plans) + 1
    assert key.get_window_extent(renderer).y0 >= 0.0
    assert key.get_window_extent(renderer).y1 <= axes.get_tightbbox(renderer).y0


def test_figures_carry_the_reason_not_to_trust_them(tmp_path: Path) -> None:
    run = report_data.write_run(tmp_path, Case(), reasons=(GRIDLOCK,))
    report = report_data.report_input(tmp_path, (run,))
    (case,) = results.case_results(report)
    assert GRIDLOCK in _words(figures.draw_curves([case], None, "baseline", 24.0))
    assert GRIDLOCK in _words(figures.draw_lane_rates(case, None))


def test_the_lanes_panels_show_five_minute_means(report: ReportInput) -> None:
    case = results.case_results(report)[0]
    figure = figures.draw_lane_rates(case, None)
    lanes = tables.lane_rates(case.run)
    assert [axes.get_title("left") for axes in figure.axes] == [lane.name for lane in lanes]
    minutes = tables.lane_minutes(case.run)
    counts = minutes[(minutes["edge"] == lanes[0].edge) & (minutes["lane"] == lanes[0].lane)]["vehicles"].to_numpy()
    drawn = figure.axes[0].lines[0].get_ydata()
    assert drawn[30] == pytest.approx(counts[28:33].mean())
    assert len(drawn) == len(counts)


def test_the_other_plan_is_shaded(tmp_path: Path) -> None:
    runs = [report_data.write_run(tmp_path, Case(plan=plan)) for plan in ("a", "b")]
    report = report_data.report_input(tmp_path, tuple(runs), plan="a", compared_with="b")
    cases = results.case_results(report)
    alone, both = figures.draw_lane_rates(cases[0], None), figures.draw_lane_rates(cases[0], cases[1])
    assert len(both.axes[0].collections) == len(alone.axes[0].collections) + 1


def test_the_map_names_exits_and_bottlenecks_apart(report: ReportInput) -> None:
    run = report.runs[0]
    spots = tables.bottleneck_spots(run, report)
    figure = maps.draw_map(report, tables.queues(run, report.edges), spots, "note", report.plan)
    axes = figure.axes[0]
    labels = [text for text in axes.texts if isinstance(text, Annotation) and text.get_text() not in ("", "N")]
    names = {spot.name for spot in (*report.exits, *spots)}
    assert {label.get_text() for label in labels} == names
    boxes = [drawing._label_box(label) for label in labels]
    assert not [pair for pair in itertools.combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    assert any("OpenStreetMap" in text.get_text() for text in axes.texts)


def test_labels_that_crowd_never_cover_each_other_and_what_is_left_out_is_counted() -> None:
    figure = drawing.new_figure(5.0, 3.0)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, 100), ylim=(0, 60))
    words = "East Blithedale Avenue eastbound: lane 0\nto Northern ramp, lane 1 straight on"
    crowd = [(40.0 + number, 30.0 + number % 3, f"{number} {words}") for number in range(14)]
    crowd.append((75.0, 50.0, "far"))
    placed = drawing.place_labels(axes, crowd)
    labels = [item for item in axes.texts if item.get_text()]
    assert 3 <= len(labels) < len(crowd), "some find room, not all"
    assert len(placed.left_out) == len(crowd) - len(labels)
    assert labels[0].get_text() == crowd[0][2], "the first has the first choice"
    boxes = [drawing.text_box(label) for label in labels]
    assert not [pair for pair in itertools.combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    points = axes.transData.transform([(x, y) for x, y, _ in crowd])
    assert not any(box.count_contains(points) for box in boxes), "no label hides what another is of"


def test_titles_of_panels_end_before_the_next_panel(tmp_path: Path) -> None:
    plans = ["contraflow on East Blithedale Avenue with officers", "the preliminary plan without its signals"]
    runs = [report_data.write_run(tmp_path, Case(plan=plan)) for plan in (*plans, "third")]
    report = report_data.report_input(tmp_path, tuple(runs), plan=plans[0])
    cases = results.case_results(report)
    long = "East Blithedale Avenue eastbound at Roque Moraes Drive and Shoreline Highway, lane 2"
    for figure in (panels.draw_panels(cases, None, 24.0), figures.draw_lane_rates(cases[0], None)):
        for axes in figure.axes:
            if not axes.get_title("left").count("\n"):
                drawing.write_title(axes, long, size=8.6)
            title = axes._left_title  # type: ignore[attr-defined] # matplotlib gives no other way
            assert drawing.text_box(title).x1 <= axes.get_window_extent().x1 + 1.0, title.get_text()


def test_a_metre_is_as_long_across_as_up(report: ReportInput) -> None:
    figure = maps.draw_map(report, tables.queues(report.runs[0], report.edges), [], "note", report.plan)
    axes = figure.axes[0]
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    box = axes.get_window_extent()
    assert (east - west) / box.width == pytest.approx((north - south) / box.height, rel=1e-6)


def test_other_peoples_text_is_no_formula_and_any_script_is_drawn(report: ReportInput) -> None:
    spots = [tables.Spot(name, report_data.LON, report_data.LAT) for name in ("$\\frac{", "東京", "שלום", "a\nb")]
    figure = maps.draw_map(report, tables.queues(report.runs[0], report.edges), spots, "$x_1$", report.plan)
    assert drawing.png_bytes(figure).startswith(b"\x89PNG")
    ET.fromstring(drawing.svg_bytes(figure))


def test_a_figure_is_the_same_bytes_for_the_same_data(report: ReportInput) -> None:
    cases = results.case_results(report)
    twice = [figures.draw_curves(cases, cases[0], "baseline", 24.0) for _ in range(2)]
    for saved in (drawing.png_bytes, drawing.svg_bytes):
        assert saved(twice[0]) == saved(twice[1])
    assert b"<dc:date>" not in drawing.svg_bytes(twice[0])


def test_a_png_is_the_whole_figure_on_white_without_transparency() -> None:
    figure = drawing.new_figure(2.0, 1.2)
    image = Image.open(io.BytesIO(drawing.png_bytes(figure)))
    assert (image.mode, image.getpixel((0, 0))) == ("RGB", (255, 255, 255))
    assert image.info["dpi"] == pytest.approx((160, 160), abs=0.1)
    assert image.size == (320, 192)
    figure.text(0.5, 0.5, "words")
    assert np.asarray(Image.open(io.BytesIO(drawing.png_bytes(figure)))).min() < 128


def test_lines_and_text_stand_out_from_white() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    for colour in (
        *figures.PLAN_SHADES,
        *figures.OTHER_SHADES,
        drawing.QUEUE,
        drawing.EXIT,
        drawing.GREY,
        drawing.DOUBT,
    ):
        assert 1.05 / (luminance(colour) + 0.05) >= 3.0


def test_many_plans_have_a_panel_each_with_the_same_axes(tmp_path: Path) -> None:
    runs = tuple(
        report_data.write_run(tmp_path, Case(plan=plan), speedup=speedup, reasons=("gridlock",) if plan == "c" else ())
        for plan, speedup in (("a", 1.0), ("b", 1.2), ("c", 1.4), ("d", 0.8))
    )
    report = report_data.report_input(tmp_path, runs, plan="d", compared_with="a")
    cases = results.case_results(report)
    figure = panels.draw_panels(cases, "a", 24.0)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title.split("\n")[0] for title in titles] == ["d", "b", "c"]
    assert [title.split("\n")[1].startswith("† not trusted · 90") for title in titles] == [False, False, True]
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    solid = [line for line in figure.axes[1].lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 2]
    curve = pd.read_parquet(runs[1].folder / "curve.parquet")["evacuated"].to_numpy() / 1200
    assert max(solid[0].get_ydata()) == pytest.approx(curve.max())
    assert "plan “c”, 1 vehicle per household" in panels.panels_alt(report, cases)
    assert "(not trusted: gridlock)" in panels.panels_alt(report, cases)


def test_every_departure_curve_has_a_panel_of_its_own(tmp_path: Path) -> None:
    runs = tuple(
        report_data.write_run(tmp_path, Case(departure=departure, vehicles_per_household=vehicles), speedup=speedup)
        for departure, speedup in (("quick", 1.5), ("slow", 1.0))
        for vehicles in ("1", "2")
    )
    report = report_data.report_input(tmp_path, runs)
    cases = results.case_results(report)
    figure = panels.draw_panels(cases, None, 24.0)
    assert [axes.get_title("left").split("\n")[0] for axes in figure.axes] == ["quick", "slow"]
    for axes, departure in zip(figure.axes, ("quick", "slow"), strict=True):
        mine = [case for case in cases if case.shown.departure == departure]
        solid = [line for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 2]
        assert [line.get_xdata()[-1] for line in solid] == pytest.approx(
            [-(-(case.shown.t100_s or 0) // 60) / 60 for case in mine]
        )
        assert [text.get_text() for text in axes.texts] == ["1", "2"]
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()
    assert "time after the evacuation order (h:mm)" in {item.get_text() for item in figure.findobj(Text)}


def test_a_zone_that_reaches_far_beyond_the_roads_does_not_shrink_the_map(report: ReportInput) -> None:
    def width_m(zones: gpd.GeoDataFrame) -> float:
        west, east = maps.draw_map(replace(report, zones=zones), queues, [], "", report.plan).axes[0].get_xlim()
        return float(east - west)

    queues = tables.queues(report.runs[0], report.edges)
    far = report.zones.copy()
    far.loc[0, "geometry"] = far.geometry[0].union(box(-124.0, 37.0, -122.5, 39.0))
    assert width_m(far) < 1.8 * width_m(report.zones)
