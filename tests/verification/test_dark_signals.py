"""A crossing whose signal is dark, full on all approaches: one lane each, a fifth turns left and a fifth right.

Highway Capacity Manual (7th edition, chapter 21; Kyte et al., NCHRP 3-46, 1996): at an all-way stop of single lanes a
driver leaves every 5.8 s where one crossing approach is full as well, 7.0 s where two others are, 9.6 s where all are;
+ 0.2 s for a left turn, - 0.6 s for a right turn. SUMO's all-way stop isn't calibrated to it: it passes as much as that
in the first two cases, and a quarter more in the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from evac.schema.driving import Traffic
from full_junctions import arrived_veh, per_hour
from signal_town import crossing, crossing_that_stops_all_when_dark

LEFT, RIGHT = 0.2, 0.2
ADJUSTED_S = 0.2 * LEFT - 0.6 * RIGHT
STRAIGHT_ON = {"w": "e", "e": "w", "n": "s", "s": "n"}
TO_THE_LEFT = {"w": "n", "e": "s", "n": "e", "s": "w"}
DARK = '<tlLogic id="c" type="static" programID="off" offset="0"/>'


def hcm_veh_per_h(headway_s: float) -> float:
    return 3600.0 / (headway_s + ADJUSTED_S)


def per_approach(net_file: Path, arms: str = "wens", additional: str = "") -> Mapping[str, float]:
    """Return how many vehicles an hour each full approach passes."""
    flows = []
    for arm in arms:
        left = TO_THE_LEFT[arm]
        for turn, to, share in (
            ("T", STRAIGHT_ON[arm], 1 - LEFT - RIGHT),
            ("L", left, LEFT),
            ("R", STRAIGHT_ON[left], RIGHT),
        ):
            flows.append(
                f'<flow id="{arm}{turn}" type="d" from="{arm}c" to="c{to}" begin="0" end="1800" '
                f'period="exp({750 * share / 3600})" departSpeed="avg"/>'
            )
    counts = per_hour(arrived_veh(Traffic(), net_file, "".join(flows), net_file.parent, additional))
    return {arm: sum(count for name, count in counts.items() if name.startswith(arm)) for arm in arms}


@pytest.fixture(scope="module")
def dark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crossing_that_stops_all_when_dark(tmp_path_factory.mktemp("dark"))


def test_a_dark_signal_as_all_way_stop_serves_all_alike(dark: Path) -> None:
    got = per_approach(dark, additional=DARK)
    assert max(got.values()) < 1.1 * min(got.values())
    assert hcm_veh_per_h(9.6) < sum(got.values()) / 4 < 1.35 * hcm_veh_per_h(9.6)


@pytest.mark.parametrize(("arms", "headway_s"), [("wn", 5.8), ("wen", 7.0)])
def test_two_and_three_full_approaches_pass_what_the_manual_says(dark: Path, arms: str, headway_s: float) -> None:
    got = per_approach(dark, arms, DARK)
    assert sum(got.values()) / len(arms) == pytest.approx(hcm_veh_per_h(headway_s), rel=0.15)


@pytest.mark.slow
def test_it_is_the_all_way_stop_that_a_junction_can_be_for_good(dark: Path, tmp_path: Path) -> None:
    """SUMO knows all-way stops as a kind of junction, which can't begin at a time; a dark signal can."""
    for_good = per_approach(crossing(tmp_path, "allway_stop"))
    assert sum(per_approach(dark, additional=DARK).values()) == pytest.approx(sum(for_good.values()), rel=0.05)


@pytest.mark.slow
def test_the_signal_itself_works_as_before(dark: Path, tmp_path: Path) -> None:
    assert per_approach(dark) == per_approach(crossing(tmp_path))


def test_a_dark_signal_without_regulation_starves_the_side_street(tmp_path: Path) -> None:
    got = per_approach(crossing(tmp_path), additional=DARK)
    assert got["n"] + got["s"] < 0.2 * (got["w"] + got["e"])
