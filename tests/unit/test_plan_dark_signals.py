"""A plan that switches signals off, on a crafted town with a signal at `b`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evac.errors import ScenarioError, UserError
from evac.network import read_net
from evac.schema.driving import Traffic
from plan_town import Town, town

AT = "where: {street: Main Street, crossing: Side Street}"
NODES = {"w": (0, 0), "b": (500, 0), "e": (1000, 0), "n": (500, 500), "s": (500, -500), "x": (1000, 500)}
STREETS = [("w b e", "Main Street", 1), ("n b s", "Side Street", 1), ("e x", "End Street", 1)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return town(tmp_path_factory.mktemp("dark"), NODES, STREETS, {"east": "ex"}, kinds={"b": "traffic_light"})


def dark_states(place: Town, name: str, mode: str, when: str = "") -> tuple[set[str], list[tuple[float, float | None]]]:
    """Return the links' states at the crossing while its signal is off, and when it is."""
    overlay = place.under(f"  - {{do: signal, {AT}, mode: {mode}{when}}}", name)
    net = read_net(overlay.network.net_file)
    links = [item for edge in net.getNode("b").getIncoming() for found in edge.getOutgoing().values() for item in found]
    assert {item.program for item in overlay.timetable.programs} == {"off"}
    return {item.getState() for item in links}, [(item.from_s, item.until_s) for item in overlay.timetable.programs]


def test_all_stop_at_an_all_way_stop_and_only_for_its_time(place: Town) -> None:
    states, times = dark_states(place, "stop", "all_way_stop", ", when: {from_min: 10, until_min: 40}")
    assert states == {"w"}
    assert times == [(600.0, 2400.0)]


@pytest.mark.parametrize(("country", "states"), [("US", {"w"}), ("LI", {"O", "o"}), (None, {"O", "o"})])
def test_what_off_means_is_the_law_of_the_country(place: Town, country: str | None, states: set[str]) -> None:
    abroad = replace(place, traffic=Traffic(country=country))
    assert dark_states(abroad, f"off{country}", "'off'")[0] == states


def test_some_go_first_at_an_unregulated_signal(place: Town) -> None:
    assert dark_states(place, "signs", "unregulated") == ({"O", "o"}, [(0.0, None)])


def test_one_junction_cannot_be_both(place: Town) -> None:
    actions = [
        f"  - {{do: signal, {AT}, mode: all_way_stop, when: {{until_min: 10}}}}",
        f"  - {{do: signal, {AT}, mode: unregulated, when: {{from_min: 20}}}}",
    ]
    with pytest.raises(ScenarioError, match="'unregulated' and 'all_way_stop' at one junction"):
        place.under("\n".join(actions), "both")


def test_a_junction_without_signals_has_none_to_switch_off(place: Town) -> None:
    with pytest.raises(UserError, match="no signal at this junction"):
        place.under("  - {do: signal, where: {street: Main Street, crossing: End Street}, mode: all_way_stop}", "none")
