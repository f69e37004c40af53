"""Movements keep their order and are found by edge; an edit touches only what is at its edges."""

from __future__ import annotations

from pathlib import Path

import pytest

from evac.overlay import plain
from evac.overlay.movements import Movement, Movements
from evac.overlay.plain import PlainNet

EDITED = 20


def write_street(folder: Path, edges: int) -> Path:
    """A street of two lanes whose every lane leads to both lanes of the next edge, as plain XML."""
    folder.mkdir()
    lanes = "".join(f'<lane index="{lane}"/>' for lane in range(2))
    elements = {
        "nod": [f'<node id="n{number}" x="{number}" y="0"/>' for number in range(edges + 1)],
        "edg": [
            f'<edge id="e{number}" from="n{number}" to="n{number + 1}" numLanes="2">{lanes}</edge>'
            for number in range(edges)
        ],
        "con": [
            f'<connection from="e{number}" to="e{number + 1}" fromLane="{one}" toLane="{other}"/>'
            for number in range(edges - 1)
            for one in range(2)
            for other in range(2)
        ],
        "tll": [],
    }
    for kind, items in elements.items():
        (folder / f"plain.{kind}.xml").write_text(f"<net>{''.join(items)}</net>")
    for name in ("plain.typ.xml", "plain.netccfg"):
        (folder / name).write_text("<net/>")
    return folder


@pytest.mark.parametrize("edit", ["widen", "widen at the kerb", "narrow", "remove"])
def test_the_work_of_an_edit_does_not_grow_with_the_net(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edit: str
) -> None:
    """Counted are the look-ups of movements, each of which hashes one: a pass over the net hashes them all."""
    looked_up = 0

    class Counted(Movement):
        def __hash__(self) -> int:
            nonlocal looked_up
            looked_up += 1
            return super().__hash__()

    monkeypatch.setattr(plain, "Movement", Counted)
    work = []
    for edges in (100, 1000):
        net = PlainNet.read(write_street(tmp_path / str(edges), edges))
        looked_up = 0
        for number in range(EDITED):
            edge = f"e{4 * number + 2}"
            if edit == "narrow":
                net.narrow(edge, 1)
            elif edit == "remove":
                net.remove_edge(edge)
            else:
                net.widen(edge, 1, at_kerb=edit == "widen at the kerb")
        work.append(looked_up)
    assert work[0] == work[1]
    assert (work[0] > 0) == (edit != "widen")


def test_a_lane_at_the_kerb_loses_no_movement(tmp_path: Path) -> None:
    """Both lanes lead to both lanes: on their way up the numbers pass those that others still have."""
    net = PlainNet.read(write_street(tmp_path / "street", 3))
    net.widen("e1", 1, at_kerb=True)
    into = {(item.from_edge, item.from_lane, item.to_lane) for item in net.into("e1")}
    assert into == {("e0", one, other) for one in (0, 1) for other in (1, 2)}
    out_of = {(item.from_lane, item.to_lane) for item in net.out_of("e1")}
    assert out_of == {(one, other) for one in (1, 2) for other in (0, 1)}


def test_what_is_renamed_keeps_its_place_and_what_is_added_comes_last() -> None:
    found: Movements[str] = Movements()
    first, second, third = (Movement("a", lane, "b", lane) for lane in range(3))
    for movement in (first, second, third):
        found[movement] = f"lane {movement.from_lane}"
    renamed = Movement("a", 7, "b", 7)
    found.rename({second: renamed, Movement("not", 0, "there", 0): first})
    found[second] = "new"
    assert list(found) == [first, renamed, third, second]
    assert found[renamed] == "lane 1"
    assert found.out_of("a") == found.into("b") == found.at(["a", "b"]) == list(found)
    assert found.out_of("b") == found.into("nowhere") == []
    del found[first]
    assert first not in found
    assert list(found) == [renamed, third, second]
