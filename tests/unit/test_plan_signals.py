from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
import sumolib

from evac.errors import PlaceError, ScenarioError
from evac.network.places import StreetIndex
from evac.overlay.junctions import SignalJunction
from evac.plans.model import Movement
from plan_town import town
from signal_town import ARMS, STREETS, compiled, corridor, crossing, programs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("signals")


@pytest.fixture(scope="module")
def net_file(folder):
    return crossing(folder / "one")


@pytest.fixture(scope="module")
def junction(net_file):
    return junction_of(net_file)


def junction_of(net_file):
    net = sumolib.net.readNet(str(net_file), withPrograms=True)
    return SignalJunction(net, "c", StreetIndex(net, STREETS))


def ways(junction, **keys):
    links = junction.movement(Movement.model_validate(keys), "plan.yaml: actions.0")
    return {f"{link.source.getID()} {link.target.getID()}" for link in links}


def states(program):
    return [phase.attrib["state"] for phase in ET.fromstring(program.logic).iter("phase")]


def seconds(program):
    return [float(phase.attrib["duration"]) for phase in ET.fromstring(program.logic).iter("phase")]


def stage(green_s=20, **keys):
    return {"movements": [keys], "green_s": green_s}


def test_a_movement_is_found_by_streets_and_directions(junction):
    assert ways(junction, **{"from": "main street", "heading": "east"}) == {"wc ce", "wc cn", "wc cs"}
    assert ways(junction, **{"from": "Main Street", "heading": "east", "to": "Side Street"}) == {"wc cn", "wc cs"}
    assert ways(junction, to="Side Street", leaving="north") == {"wc cn", "ec cn", "sc cn"}
    assert len(ways(junction)) == 12


def test_an_unknown_street_names_near_ones_and_those_that_meet(junction):
    with pytest.raises(PlaceError, match=r"did you mean 'Main Street'.*'Side Street'"):
        ways(junction, **{"from": "Main St"})


def test_a_movement_that_nobody_makes_lists_those_that_are(junction):
    with pytest.raises(PlaceError, match="no traffic goes from Main Street heading north") as error:
        ways(junction, **{"from": "Main Street", "heading": "north"})
    assert "from Side Street heading north to Main Street leaving west" in str(error.value)


def test_a_movement_passes_both_nodes_of_a_divided_road(folder):
    """Side Street crosses two carriageways 20 m apart; one signal controls both."""
    nodes = {"c": (0, 0), "d": (0, 20), "w": (-300, 0), "e": (300, 0), "v": (-300, 20), "f": (300, 20),
             "n": (0, 300), "s": (0, -300)}  # fmt: skip
    edges = [(f"{a}{b}", a, b, "Main Street", 1, 9) for a, b in (("w", "c"), ("c", "e"), ("f", "d"), ("d", "v"))]
    pairs = (("s", "c"), ("c", "s"), ("c", "d"), ("d", "c"), ("d", "n"), ("n", "d"))
    edges += [(f"{a}{b}", a, b, "Side Street", 1, 3) for a, b in pairs]
    kinds = dict.fromkeys("cd", 'traffic_light" tl="c')
    junction = junction_of(compiled(folder / "two", nodes, edges, kinds))
    asked = {"from": "Side Street", "heading": "north", "to": "Main Street", "leaving": "west"}
    assert ways(junction, **asked) == {"sc cd", "cd dv"}


def test_a_dark_signal_is_sumos_own_program(net_file):
    (program,) = programs(net_file, mode="unregulated")
    assert (program.program, program.logic, program.officer) == ("off", "", False)
    assert program.before == "signals, fixed time, cycle 90 s"


@pytest.mark.parametrize(("mode", "after"), [("unregulated", "right of way"), ("all_way_stop", "all-way stop")])
def test_what_holds_at_a_dark_signal_is_told(net_file, mode, after):
    (program,) = programs(net_file, mode=mode)
    assert (program.program, program.logic, program.after) == ("off", "", f"signals off: {after}")


def test_flashing_lets_the_main_road_go_and_the_side_road_stop(net_file):
    (program,) = programs(net_file, mode="flashing")
    assert states(program) == ["sssOOosssOOo"]
    assert program.after == "flashing: yellow on Main Street, red on the others"


def test_flashing_for_a_street_without_right_of_way_is_refused(net_file):
    with pytest.raises(ScenarioError, match="wouldn't yield to 'main'"):
        programs(net_file, mode="flashing", main=["Side Street"])


def test_flashing_where_streets_are_equal_is_red_for_all(folder):
    """Main Street and Side Street have the same class, and the map gives right of way to neither."""
    nodes = {"c": (0, 0), **ARMS}
    edges = [(f"{a}{b}", a, b, f"{arm} street", 1, 1) for arm in ARMS for a, b in ((arm, "c"), ("c", arm))]
    extra = {"c": 'traffic_light" rightOfWay="allwayStop'}
    (program,) = programs(compiled(folder / "equal", nodes, edges, extra), mode="flashing")
    assert set(states(program)[0]) == {"w"}
    assert program.after == "flashing red on all roads: all-way stop"


def test_all_green_stops_what_crosses_and_lets_what_merges_wait(net_file):
    movements = [{"from": "Main Street", "heading": "east", "to": "Main Street"}]
    (program,) = programs(net_file, mode="all_green", movements=movements)
    (state,) = states(program)
    letters = dict(zip(_links(net_file), state, strict=True))
    assert letters["wc ce"] == "G"
    assert letters["sc ce"] == "s"
    assert letters["nc cs"] == letters["sc cn"] == letters["ec cs"] == letters["sc cw"] == "r"
    assert "red all the time for traffic" in program.warnings[0]
    assert "from Side Street heading north to Side Street" in program.warnings[0]


def test_fixed_stages_have_yellow_and_all_red_between_them(net_file):
    stages = [stage(40, **{"from": "Main Street"}), stage(20, **{"from": "Side Street"})]
    (program,) = programs(net_file, mode="fixed", stages=stages)
    assert states(program) == ["rrrGGgrrrGGg", "rrryyyrrryyy", "r" * 12, "GGgrrrGGgrrr", "yyyrrryyyrrr", "r" * 12]
    assert seconds(program) == [40, 4, 2, 20, 4, 2]
    assert program.after == "fixed time: 40 + 20 s green, cycle 72 s"


def test_a_movement_with_green_in_two_stages_keeps_it_between_them(net_file):
    east = {"from": "Main Street", "heading": "east"}
    stages = [
        {"movements": [east], "green_s": 10},
        {"movements": [east, {"from": "Main Street", "heading": "west"}], "green_s": 30},
        stage(20, **{"from": "Side Street"}),
    ]
    (program,) = programs(net_file, mode="fixed", stages=stages)
    at = _links(net_file).index("wc ce")
    assert [state[at] for state in states(program)] == ["G", "G", "G", "G", "y", "r", "r", "r", "r"]


def test_crossing_streams_in_one_stage_are_refused(net_file):
    both = {"movements": [{"from": "Main Street"}, {"from": "Side Street", "to": "Side Street"}], "green_s": 30}
    with pytest.raises(ScenarioError, match=r"they cross: from .* Side Street .* and from .* Main Street"):
        programs(net_file, mode="fixed", stages=[both, stage(20, **{"from": "Side Street"})])


def test_a_movement_without_green_is_refused_by_name(net_file):
    stages = [stage(30, **{"from": "Main Street"}), stage(20, **{"from": "Side Street", "heading": "north"})]
    with pytest.raises(ScenarioError, match="from Side Street heading south to Main Street leaving east"):
        programs(net_file, mode="fixed", stages=stages)


def test_turns_that_merge_go_along_with_their_approach(net_file):
    stages = [
        stage(30, **{"from": "Main Street", "to": "Main Street"}),
        stage(10, **{"from": "Main Street", "heading": "east", "leaving": "north"}),
        stage(10, **{"from": "Main Street", "heading": "west", "leaving": "south"}),
        stage(20, **{"from": "Side Street"}),
    ]
    (program,) = programs(net_file, mode="fixed", stages=stages)
    assert states(program)[0][_links(net_file).index("wc cs")] == "G"


def test_an_officer_has_each_stage_and_the_way_to_each_other(net_file):
    """The two of the signal, and one for each of the four approaches: left turns yield in both of the signal's."""
    (program,) = programs(net_file, mode="officer")
    names = [phase.get("name", "") for phase in ET.fromstring(program.logic).iter("phase")]
    stages = [name for name in names if name.startswith("stage") and "to" not in name]
    assert stages == [f"stage {number}" for number in range(6)]
    changes = {f"stage {a} to {b}" for a in range(6) for b in range(6) if a != b}
    assert changes <= set(names)
    assert len(names) == len(stages) + 2 * len(changes)
    greens = states(program)[:6]
    assert all(any(state[movement] == "G" for state in greens) for movement in range(len(greens[0])))
    assert program.officer
    assert program.warnings == ()


def test_coordinated_signals_share_a_cycle_and_begin_with_the_corridor(folder):
    net = corridor(folder / "corridor")
    found = programs(net, ["a", "b", "c"], ["wa", "ab", "bc", "ce"], mode="coordinated", cycle_s=100)
    assert [sum(seconds(program)) for program in found] == [100, 100, 100]
    assert all(seconds(program)[0] >= 40 for program in found)
    assert found[2].after == "fixed time, cycle 100 s, 58 s after the first signal of the corridor"
    with pytest.raises(PlaceError, match="no traffic on the corridor arrives at the signal c"):
        programs(net, ["a", "c"], ["wa", "ab"], mode="coordinated")


@pytest.mark.parametrize(("arriving", "onward"), [("wa", "ab"), ("na_a", "a_sa")])
def test_a_signal_at_the_end_of_the_corridor_begins_with_it_too(folder, arriving, onward):
    net_file = corridor(folder / f"end-{arriving}")
    (program,) = programs(net_file, ["a"], [arriving], mode="coordinated", cycle_s=100)
    net = sumolib.net.readNet(str(net_file), withPrograms=True)
    controlled = net.getTLS("a").getConnections()
    link = next(
        n for one, other, n in controlled if (one.getEdge().getID(), other.getEdge().getID()) == (arriving, onward)
    )
    assert states(program)[0][link] == "G"


def test_a_cycle_that_is_too_short_is_refused(folder):
    nodes = {"c": (0, 0), **ARMS, "x": (500, 500), "y": (-500, -500), "z": (500, -500)}
    edges = [(f"{a}{b}", a, b, f"{arm} street", 1, 5) for arm in nodes if arm != "c"
             for a, b in ((arm, "c"), ("c", arm))]  # fmt: skip
    net = compiled(folder / "star", nodes, edges, {"c": "traffic_light"})
    with pytest.raises(ScenarioError, match="a cycle of 30 s is too short"):
        programs(net, ["c"], ["wc", "ce"], mode="coordinated", cycle_s=30)


def _links(net_file):
    """Return the movements in the order of the signal's state."""
    net = sumolib.net.readNet(str(net_file), withPrograms=True)
    entries = sorted(net.getTLS("c").getConnections(), key=lambda entry: entry[2])
    return [f"{source.getEdge().getID()} {target.getEdge().getID()}" for source, target, _ in entries]


@pytest.mark.parametrize(
    "change",
    [
        f"{{do: close, where: {{street: Main Street, towards: east}}, lanes: [{lane}]{when}}}"
        for lane in (0, 1)
        for when in ("", ", when: {from_min: 5, until_min: 20}")
    ]
    + ["{do: contraflow, where: {street: Main Street, towards: east}, when: {from_min: 5, until_min: 20}}"],
)
def test_an_approach_has_green_as_a_whole_also_where_a_plan_closes_or_adds_its_lanes(tmp_path, change):
    """Who turns off from the lane beside a closed one would cross that lane's stream, but for its being closed."""
    nodes = {"w": (-600, 0), "c": (0, 0), "e": (600, 0), "n": (0, 600), "s": (0, -600)}
    streets = [("w c e", "Main Street", 2), ("n c s", "Side Street", 1)]
    place = town(tmp_path, nodes, streets, {"east": "ce"}, kinds={"c": "traffic_light"})
    stages = "[{movements: [{from: Main Street}], green_s: 40}, {movements: [{from: Side Street}], green_s: 20}]"
    where = "where: {street: Main Street, crossing: Side Street}"
    overlay = place.under(f"  - {{do: signal, {where}, mode: fixed, stages: {stages}}}\n  - {change}\n")
    junction = junction_of(overlay.network.net_file)
    phases = {item.get("name"): item.attrib["state"] for item in ET.fromstring(overlay.additional).iter("phase")}
    for link in junction.links:
        for stage_name, street in (("stage 0", "Main Street"), ("stage 1", "Side Street")):
            assert (phases[stage_name][link.number] in "Gg") == (link.source.getName() == street)


def test_the_same_program_asked_for_twice_is_one_and_others_at_once_are_refused(tmp_path):
    nodes = {"w": (-600, 0), "c": (0, 0), "e": (600, 0), "n": (0, 600), "s": (0, -600)}
    streets = [("w c e", "Main Street", 1), ("n c s", "Side Street", 1)]
    place = town(tmp_path, nodes, streets, {"east": "ce"}, kinds={"c": "traffic_light"})
    where = "where: {street: Main Street, crossing: Side Street}"
    early = f"  - {{do: signal, label: early, {where}, mode: officer, when: {{from_min: 5, until_min: 30}}}}\n"
    late = f"  - {{do: signal, label: late, {where}, mode: %s, when: {{from_min: 20, until_min: 60}}}}\n"
    for text in (early + late % "officer", late % "officer" + early):
        (held,) = place.under(text, "same").timetable.states().signals.values()
        assert [(s.from_s, s.until_s, s.holds.officer) for s in held] == [
            (0, 300, False),
            (300, 3600, True),
            (3600, float("inf"), False),
        ]
    with pytest.raises(ScenarioError, match="'early' and 'late' contradict each other on the junction"):
        place.under(early + late % "unregulated", "other")
