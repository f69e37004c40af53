"""Turn restrictions: which movements SUMO's net has and lacks."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from evac.network import build_network, read_net
from evac.network.places import way_ids
from evac.osm import StreetMap, prepare_map
from evac.schema.driving import Traffic

CASES = Path(__file__).parents[1] / "fixtures" / "osm" / "cases"
RUSH_HOUR = datetime(2026, 3, 2, 8, 0)  # noqa: DTZ001  local time, a Monday
NIGHT = datetime(2026, 3, 2, 23, 0)  # noqa: DTZ001
Turn = tuple[int, int]


def relation(tags: str, members: str = "from:13 via:1003 to:11") -> str:
    """Return a relation from `key=value | key=value` and `role:id`."""
    lines = []
    for member in members.split():
        role, ref = member.split(":")
        kind = "node" if len(ref) > 3 else "way"
        lines.append(f'<member type="{kind}" ref="{ref}" role="{role}"/>')
    for tag in filter(None, tags.split(" | ")):
        key, value = tag.split("=", 1)
        lines.append(f'<tag k="{key}" v="{value}"/>')
    return f'<relation id="900" version="1">{"".join(lines)}<tag k="type" v="restriction"/></relation>'


def prepared(
    case: str, relations: str, folder: Path, *, at: datetime | None = None, changes: tuple[tuple[str, str], ...] = ()
) -> tuple[StreetMap, set[Turn]]:
    """Return the map of a case with other relations, and the turns of its net as pairs of ways."""
    text = re.sub("<relation.*</relation>", "", (CASES / case / "map.osm").read_text(), flags=re.DOTALL)
    for pattern, text_instead in changes:
        text = re.sub(pattern, text_instead, text)
    file = folder / "map.osm"
    file.write_text(text.replace("</osm>", f"{relations}</osm>"))
    street_map = prepare_map(file, "service", "LI", folder / "cache", at=at)
    net = read_net(build_network(street_map, Traffic(country="LI"), folder / "cache").net_file)
    return street_map, {
        (start, end)
        for edge in net.getEdges(withInternal=False)
        for after in edge.getOutgoing()
        for start in way_ids(edge)
        for end in way_ids(after)
    }


PEAK = "restriction:conditional=no_right_turn @ (Mo-Fr 07:00-09:00)"
# What the relation says, the turns that are banned, and those that must be there.
AT_A_NODE: dict[str, tuple[str, list[Turn], list[Turn]]] = {
    "plain": (relation("restriction=no_right_turn"), [(13, 11)], [(13, 12), (14, 11)]),
    "for cars": (relation("restriction:motorcar=no_right_turn"), [(13, 11)], [(13, 12)]),
    "for lorries": (relation("restriction:hgv=no_right_turn"), [], [(13, 11), (13, 12)]),
    "for lorries, by its type": (
        relation("restriction=no_right_turn").replace('"restriction"/>', '"restriction:hgv"/>', 1), [], [(13, 11)],
    ),
    "but for cars": (relation("restriction=no_right_turn | except=bicycle; motorcar"), [], [(13, 11)]),
    "only": (relation("restriction=only_left_turn", "from:13 via:1003 to:12"), [(13, 11), (13, 14)], [(13, 12)]),
    "only, several": (
        relation("restriction=only_straight_on", "from:13 via:1003 to:12 to:14"), [(13, 11)], [(13, 12), (13, 14)],
    ),
    "several from": (
        relation("restriction=no_entry", "from:13 from:14 via:1003 to:11"), [(13, 11), (14, 11)], [(13, 12)],
    ),
    "several to": (
        relation("restriction=no_exit", "from:13 via:1003 to:11 to:12"), [(13, 11), (13, 12)], [(14, 11)],
    ),
    "U-turn": (relation("restriction=no_u_turn", "from:13 via:1003 to:13"), [], [(13, 12), (13, 11)]),
    "another role": (
        relation("restriction=no_right_turn", "from:13 via:1003 to:11 location_hint:1003"), [(13, 11)], [(13, 12)],
    ),
    "at red only": (relation("restriction=no_right_turn_on_red"), [], [(13, 11), (13, 12)]),
    "at times": (relation(PEAK), [], [(13, 11)]),
    "always, but at night": (
        relation("restriction=no_right_turn | restriction:conditional=none @ (22:00-06:00)"), [(13, 11)], [(13, 12)],
    ),
    "old hours": (
        relation("restriction=no_right_turn | day_on=Monday | day_off=Friday | hour_on=07:00 | hour_off=09:00"), [],
        [(13, 11)],
    ),
    "of lorries over a weight": (
        relation("restriction:conditional=no_right_turn @ (weight&gt;7.5)"), [], [(13, 11)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", AT_A_NODE)
def test_turns_at_a_node(case: str, tmp_path: Path) -> None:
    relations, banned, there = AT_A_NODE[case]
    _, turns = prepared("restrictions", relations, tmp_path)
    assert turns.isdisjoint(banned)
    assert turns >= set(there)


@pytest.mark.parametrize(
    ("relations", "at", "banned"),
    [
        (relation(PEAK), RUSH_HOUR, True),
        (relation(PEAK), NIGHT, False),
        (AT_A_NODE["old hours"][0], RUSH_HOUR, True),
        (AT_A_NODE["old hours"][0], NIGHT, False),
        (AT_A_NODE["always, but at night"][0], RUSH_HOUR, True),
        (AT_A_NODE["always, but at night"][0], NIGHT, False),
    ],
)
def test_hours_decide_when_the_scenario_gives_one(
    relations: str, at: datetime, *, banned: bool, tmp_path: Path
) -> None:
    street_map, turns = prepared("restrictions", relations, tmp_path, at=at)
    assert ((13, 11) not in turns) is banned
    assert not street_map.doubts()


IDS_BEGIN_ALIKE = (('way id="14"', 'way id="139"'),)  # netconvert knows a way at a node by how its id begins


@pytest.mark.parametrize(
    ("relations", "banned", "there"),
    [
        (relation("restriction=no_right_turn"), {(13, 11)}, {(13, 12), (13, 139), (139, 11), (139, 12)}),
        (
            relation("restriction=only_left_turn", "from:13 via:1003 to:12"),
            {(13, 11), (13, 139)},
            {(13, 12), (139, 11), (139, 13)},
        ),
    ],
)
def test_a_ban_holds_where_ids_of_ways_begin_alike(
    relations: str, banned: set[Turn], there: set[Turn], tmp_path: Path
) -> None:
    _, turns = prepared("restrictions", relations, tmp_path, changes=IDS_BEGIN_ALIKE)
    assert turns.isdisjoint(banned)
    assert turns >= there


def test_a_ban_at_times_is_told_when_no_hour_is_given(tmp_path: Path) -> None:
    street_map, _ = prepared("restrictions", relation(PEAK), tmp_path)
    (doubt,) = street_map.doubts()
    assert (doubt["kind"], doubt["ways"], doubt["last"]) == ("turn_ban_at_times", [13], [11])
    assert "Mo-Fr 07:00-09:00" in doubt["text"]


U_TURN = relation("restriction=no_u_turn", "from:11 via:15 to:14")
LEFT_TURN = relation("restriction=no_left_turn", "from:17 via:15 to:14").replace("900", "901")


def test_a_ban_over_a_way_inside_a_junction_takes_the_movement_away(tmp_path: Path) -> None:
    street_map, turns = prepared("restriction_over_a_way", U_TURN + LEFT_TURN, tmp_path)
    assert turns.isdisjoint({(11, 14), (17, 14)})
    assert turns >= {(11, 12), (11, 16), (17, 12), (17, 16), (13, 14)}
    assert not street_map.doubts()


WIDE = ("47.2001799", "47.2020000")  # 200 m between the carriageways, so that no junction swallows the way between
WITHOUT_NORTH = ('<way id="16".*', "")


def test_a_ban_over_a_way_for_all_who_get_there_is_one_at_its_end(tmp_path: Path) -> None:
    street_map, turns = prepared("restriction_over_a_way", U_TURN + LEFT_TURN, tmp_path, changes=(WIDE,))
    assert (15, 14) not in turns
    assert turns >= {(11, 15), (17, 15), (15, 16)}
    assert not street_map.doubts()


def test_a_ban_over_a_way_that_leads_nowhere_else_is_one_at_its_beginning(tmp_path: Path) -> None:
    street_map, turns = prepared("restriction_over_a_way", U_TURN, tmp_path, changes=(WIDE, WITHOUT_NORTH))
    assert (11, 15) not in turns
    assert turns >= {(17, 15), (15, 14)}
    assert not street_map.doubts()


def test_a_ban_over_a_way_that_others_may_take_is_a_doubt(tmp_path: Path) -> None:
    street_map, turns = prepared("restriction_over_a_way", U_TURN, tmp_path, changes=(WIDE,))
    assert turns >= {(11, 15), (17, 15), (15, 14)}
    (doubt,) = street_map.doubts()
    assert (doubt["kind"], doubt["ways"], doubt["then"], doubt["last"]) == ("turn_ban_over_ways", [11], [15], [14])
