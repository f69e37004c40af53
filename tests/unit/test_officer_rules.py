"""What an officer decides by what is seen; movements: 0 straight on, 1 left, both from lane `a`; 2 from lane `b`."""

from __future__ import annotations

from evac.simulate.officer import LOOK_S, MAX_GREEN_S, MAX_WAIT_S, MIN_GREEN_S, Car, Rules

STRAIGHT, LEFT, SIDE = 0, 1, 2


def queue(*movements, moving=False, name="car"):
    return [
        Car(f"{name}{place}", "lane", movement, 2.0 + 7.5 * place, 8.0 if moving else 0.0)
        for place, movement in enumerate(movements)
    ]


def test_a_green_goes_on_while_its_stream_flows_and_ends_when_it_stands():
    lanes = {"a": queue(STRAIGHT, STRAIGHT, moving=True), "b": queue(SIDE, name="side")}
    standing = {**lanes, "a": queue(STRAIGHT, STRAIGHT)}
    assert Rules(["GGr", "rrG"]).next_stage(0, 60.0, lanes, 60.0) == 0
    assert Rules(["GGr", "rrG"]).next_stage(0, 60.0, standing, 60.0) == 1
    assert Rules(["GGr", "rrG"]).next_stage(0, MIN_GREEN_S - 1, standing, 60.0) == 0
    assert Rules(["GGr", "rrG"]).next_stage(0, MAX_GREEN_S, lanes, 200.0) == 1


def test_a_green_goes_on_where_nobody_else_waits():
    lanes = {"a": queue(STRAIGHT, STRAIGHT), "b": queue(SIDE, moving=True)}
    assert Rules(["GGr", "rrG"]).next_stage(0, 10 * MAX_GREEN_S, lanes, 2000.0) == 0


def test_next_is_the_stage_that_lets_most_go():
    rules = Rules(["Grr", "rGr", "rrG"])
    lanes = {"a": queue(LEFT, LEFT), "b": queue(SIDE, SIDE, SIDE, name="side")}
    assert rules.next_stage(0, 60.0, lanes, 60.0) == 2
    assert rules.next_stage(0, 60.0, {**lanes, "b": lanes["b"][:1]}, 60.0) == 1


def test_green_for_those_behind_a_driver_who_has_red_is_no_use():
    """The lane has green, as one of its movements has; who stands first in it wants the other."""
    rules = Rules(["Grr", "rGr", "rrG"])
    lanes = {"a": queue(LEFT, STRAIGHT, STRAIGHT, STRAIGHT), "b": queue(SIDE, SIDE, name="side")}
    assert rules.next_stage(2, 60.0, {"a": lanes["a"]}, 60.0) == 1
    assert Rules(["Grr", "GGr", "rrG"]).next_stage(0, 60.0, lanes, 60.0) == 1


def test_who_stands_first_is_let_go_within_the_longest_wait():
    """Two lanes never cease to flow; a single driver waits in a third."""
    rules = Rules(["Grr", "rGr", "rrG"])
    stage, began_s, now_s = 0, 0.0, 0.0
    while stage != 1:
        side = queue(*[SIDE] * 10, moving=stage == 2, name=f"side{now_s}")
        main = queue(*[STRAIGHT] * 10, moving=stage == 0, name=f"main{now_s}")
        following = rules.next_stage(stage, now_s - began_s, {"a": main, "b": side, "c": queue(LEFT)}, now_s)
        began_s = now_s if following != stage else began_s
        stage, now_s = following, now_s + LOOK_S
        assert now_s <= MAX_WAIT_S
    assert now_s > MAX_GREEN_S


def test_a_green_with_a_duty_to_yield_is_no_turn():
    rules = Rules(["Ggr", "rGr", "rrG"])
    lanes = {"a": queue(STRAIGHT, STRAIGHT, moving=True), "c": queue(LEFT, name="left")}
    stages = [rules.next_stage(0, MIN_GREEN_S + now_s, lanes, now_s) for now_s in (0.0, 60.0, MAX_WAIT_S)]
    assert stages == [0, 0, 1]
