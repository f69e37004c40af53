"""Full junctions at which a run is known to be off: told of the run, by name and direction, and only there."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sumolib.net.edge import Edge

from evac.limits.signals import read_programs
from evac.measure.bottlenecks import FoundBottleneck, why
from evac.measure.control import Control
from evac.measure.full_junctions import gap_capacity_veh_per_h, junctions_off
from evac.measure.queues import STOP_LINE, Links, Queues
from evac.network import read_net
from evac.plans.timetable import Program, Timetable
from evac.scenario import load_scenario
from signal_town import compiled, crossing, crossing_that_stops_all_when_dark
from small_studies import run_folder_of, town_of


def ledger(test: str, folder: Path, plan: str = "baseline") -> dict:
    town_of(test, folder)
    path = plan if plan == "baseline" else str(folder / f"{plan}.yaml")
    return json.loads((run_folder_of(load_scenario(folder), folder / ".evac", path) / "ledger.json").read_text())


def test_gaps_are_those_of_the_manual() -> None:
    """Right turn into 300, 600, 900 and 1,200 veh/h: docs/method.md."""
    got = gap_capacity_veh_per_h(np.array([300.0, 600.0, 900.0, 1200.0]))
    assert got == pytest.approx([744, 505, 340, 228], abs=1)


def test_a_side_street_that_gets_in_beside_a_free_road_without_gaps_is_told(tmp_path: Path) -> None:
    """About 800 veh/h get in, where gaps let in 505, for about half an hour."""
    found = ledger("33-two-way-stop-with-turn-taking", tmp_path, "stream-600")
    ((place, number),) = found["let_in_beyond_gaps"].items()
    assert place == "Side Street into Main Road"
    assert 75 < number < 250
    assert any(text.startswith(f"{place}: {number} vehicles more got in") for text in found["caveats"])
    assert found["trusted"]


def test_two_queues_that_take_turns_are_nothing_to_tell(tmp_path: Path) -> None:
    assert ledger("37-two-queues-merge", tmp_path)["let_in_beyond_gaps"] == {}


def test_an_all_way_stop_that_holds_the_town_up_is_told_with_the_way_it_errs(tmp_path: Path) -> None:
    found = ledger("31-all-way-stop", tmp_path)
    assert set(found["junctions_off"].values()) == {"all-way stop"}
    assert any("all-way stop" in text and "clearance times are too short" in text for text in found["caveats"])


@pytest.mark.parametrize(
    ("test", "plan", "kind", "way"),
    [
        ("34-crossing-from-a-two-way-stop", "stream-600", "crossing", "too short"),
        ("42-left-turn-off-the-main-road", "stream-300", "left turn off a road", "too long"),
    ],
)
def test_who_crosses_where_others_take_turns_is_told_with_the_way_it_errs(
    tmp_path: Path, test: str, plan: str, kind: str, way: str
) -> None:
    found = ledger(test, tmp_path, plan)
    assert kind in found["junctions_off"].values()
    assert any(f"clearance times are {way}" in text for text in found["caveats"])


def test_a_left_turn_against_nobody_is_nothing_to_tell(tmp_path: Path) -> None:
    assert ledger("37-two-queues-merge", tmp_path)["junctions_off"] == {}


FROM_MIN, UNTIL_MIN = 20.0, 60.0
FLASHING = '<tlLogic id="c" type="static" programID="flash"><phase duration="9" state="{}"/></tlLogic>'


def kind(net_file: Path, edge: str, lane: int, program: str = "", *, queue_min: float = 30.0, logic: str = "") -> str:
    """Return the kind of junction of a bottleneck whose queue stands at one time, where a plan changes its signal."""
    net = read_net(net_file)
    span = Program("a", 60 * FROM_MIN, 60 * UNTIL_MIN, "c", program, "0", officer=False, before="", after="")
    timetable = Timetable(programs=(span,) if program else ())
    windows = pd.DataFrame({"lane_id": [f"{edge}_{lane}"], "window": [int(queue_min // 5)]})
    found = FoundBottleneck("x", edge, (lane,), "x", "signal", 10, 100, 1.0, STOP_LINE)
    control = Control(net, timetable.states(), read_programs([logic]))
    links = Links.of(net)
    queues = Queues(links, windows, np.zeros((1, len(links.ids)), dtype=np.bool_))
    nobody = pd.DataFrame({"lane_id": [], "minute": [], "vehicles": []})
    return junctions_off([found], queues, control, nobody).get("x", "")


def test_a_signal_that_a_plan_makes_an_all_way_stop_is_one_while_it_is_dark(tmp_path: Path) -> None:
    """Also for the left turn that has green in gaps by the usual program."""
    stops = crossing_that_stops_all_when_dark(tmp_path / "stops")
    for edge in ("wc", "nc"):
        assert kind(stops, edge, 0, "off") == "all-way stop"
        assert kind(stops, edge, 0, "off", queue_min=90.0) == ""  # the signal is back
        assert kind(stops, edge, 0) == ""


def test_a_left_turn_in_gaps_is_one_as_long_as_the_signal_runs(tmp_path: Path) -> None:
    nodes = {"c": (0, 0), "w": (-600, 0), "e": (600, 0), "n": (0, 600)}
    edges = [(f"{a}{b}", a, b, "Road", 1 + (a == "w"), 5) for x in "wen" for a, b in ((x, "c"), ("c", x))]
    usual = compiled(tmp_path / "usual", nodes, edges, {"c": "traffic_light"})
    assert kind(usual, "wc", 1) == "left turn"
    assert kind(usual, "wc", 1, "off") == ""
    assert kind(usual, "wc", 1, "off", queue_min=90.0) == "left turn"
    assert kind(usual, "wc", 0) == ""


def test_straight_across_a_signal_that_is_dark_is_a_crossing(tmp_path: Path) -> None:
    usual = crossing(tmp_path / "usual")
    assert kind(usual, "nc", 0, "off") == "crossing"
    assert kind(usual, "wc", 0, "off") == ""  # goes first
    assert kind(usual, "nc", 0) == kind(usual, "nc", 0, "off", queue_min=10.0) == ""


def test_flashing_red_for_all_is_an_all_way_stop_and_for_one_road_a_crossing(tmp_path: Path) -> None:
    usual = crossing(tmp_path / "usual")
    links = max(link.getTLLinkIndex() for _, _, link in _connections(usual)) + 1
    main = {link.getTLLinkIndex() for edge, _, link in _connections(usual) if edge in ("wc", "ec")}
    yellow = "".join("O" if number in main else "s" for number in range(links))
    assert kind(usual, "nc", 0, "flash", logic=FLASHING.format("w" * links)) == "all-way stop"
    assert kind(usual, "nc", 0, "flash", logic=FLASHING.format(yellow)) == "crossing"
    assert kind(usual, "wc", 0, "flash", logic=FLASHING.format(yellow)) == ""


def control_of(net_file: Path, *, normal: str, officer: bool, state: str) -> tuple[Control, Edge]:
    """Return what a signal does of which a plan has a program from 20 to 60 min, and the road to it."""
    net = read_net(net_file)
    span = Program("a", 60 * FROM_MIN, 60 * UNTIL_MIN, "c", "p", normal, officer=officer, before="", after="")
    logic = f'<tlLogic id="c" type="static" programID="p"><phase duration="9" state="{state}"/></tlLogic>'
    return Control(net, Timetable(programs=(span,)).states(), read_programs([logic])), net.getEdge("wc")


@pytest.mark.parametrize(
    ("normal", "officer", "letter", "meanwhile", "after", "guessed"),
    [
        ("0", False, "G", "plan's signal", "signal", True),
        ("0", True, "G", "officer", "signal", True),
        ("off", True, "G", "officer", None, False),  # the junction has no signal: nobody guesses how it runs
        ("0", False, "s", None, "signal", True),  # it flashes
    ],
)
def test_what_gives_green_is_the_guessed_program_the_plans_or_an_officer(
    tmp_path: Path, *, normal: str, officer: bool, letter: str, meanwhile: str | None, after: str | None, guessed: bool
) -> None:
    net_file = crossing(tmp_path)
    links = max(link.getTLLinkIndex() for _, _, link in _connections(net_file)) + 1
    control, edge = control_of(net_file, normal=normal, officer=officer, state=letter * links)
    assert control.signal_at(edge, [1800.0]) == meanwhile
    assert control.signal_at(edge, [1800.0, 4000.0, 4300.0]) == after
    assert why(edge, control, [1800.0]) == (meanwhile or "merge")
    assert control.is_guessed(edge) is guessed


def _connections(net_file: Path) -> list:
    net = read_net(net_file)
    return [
        (edge.getID(), lane, link) for edge in net.getEdges() for lane in edge.getLanes() for link in lane.getOutgoing()
    ]


def test_a_roundabout_whose_signal_is_dark_is_still_one(tmp_path: Path) -> None:
    """A ring of four nodes, each with an arm; the western one has a signal."""
    nodes = {"c": (-20, 0), "s": (0, -20), "e": (20, 0), "n": (0, 20)}
    arms = {"wo": (-300, 0), "so": (0, -300), "eo": (300, 0), "no": (0, 300)}
    ring = [(f"{a}{b}", a, b, "Ring", 1, 5) for a, b in pairwise("csenc")]
    ways = [(f"{a}{b}", a, b, "Arm", 1, 5) for x, y in zip(arms, nodes, strict=True) for a, b in ((x, y), (y, x))]
    net_file = compiled(tmp_path / "ring", nodes | arms, [*ring, *ways], {"c": "traffic_light"})
    told = '<roundabout nodes="c s e n" edges="cs se en nc"/></net>'
    net_file.write_text(net_file.read_text().replace("</net>", told))
    assert kind(net_file, "sos", 0) == "roundabout"
    assert kind(net_file, "woc", 0, "off") == "roundabout"
    assert kind(net_file, "nc", 0, "off") == ""  # already in it
