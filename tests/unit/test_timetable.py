"""What holds when: the union of all actions of a plan, whatever their order in the file."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from evac.plans.contradictions import Claim, contradictions
from evac.plans.timetable import ADMITTED, FLEEING, Closing, Opening, Program, Timetable

LANE = "main_0"


def _lane(*closings: Closing) -> list[tuple[float, float, bool]]:
    return [(s.from_s, s.until_s, s.holds is None) for s in Timetable(closings=closings).states().lanes[LANE]]


def test_closures_that_touch_are_one_in_either_order() -> None:
    one, other = Closing("A", 600, 1800, (LANE,)), Closing("B", 1800, 5400, (LANE,))
    expected = [(0, 600, True), (600, 5400, False), (5400, float("inf"), True)]
    assert _lane(one, other) == _lane(other, one) == expected


def test_closures_that_overlap_are_their_union() -> None:
    expected = [(0, 600, True), (600, 5400, False), (5400, float("inf"), True)]
    for some in permutations((Closing("A", 600, 1800, (LANE,)), Closing("B", 1200, 5400, (LANE,)))):
        assert _lane(*some) == expected


def test_who_may_pass_two_closures_is_admitted_by_both() -> None:
    some = Closing("A", 0, 100, (LANE,), (*ADMITTED, "custom1")), Closing("B", 50, 150, (LANE,))
    states = Timetable(closings=some).states().lanes[LANE]
    assert [set(s.holds or ()) for s in states[:2]] == [{*ADMITTED, "custom1"}, set(ADMITTED)]


def test_officers_one_after_the_other_are_one_when_their_program_is() -> None:
    spans = [Program(a, f, u, "t", "plan-0", "0", officer=True, before="x", after="y") for a, f, u in
             (("late", 1800.0, 7200.0), ("early", 300.0, 1800.0))]  # fmt: skip
    states = Timetable(programs=tuple(spans)).states().signals["t"]
    assert [(s.from_s, s.holds.program) for s in states] == [(0, "0"), (300, "plan-0"), (7200, "0")]


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20), st.booleans()), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
    st.integers(0, 5),
)
def test_order_and_splitting_change_nothing(spans: list[tuple[int, int, bool]], random: object, cut: int) -> None:
    def table(items: list[tuple[int, int, bool]]) -> Timetable:
        named = [(f"{a}-{n}", float(a), float(a + n), (LANE,), closes) for a, n, closes in items]
        return Timetable(
            closings=tuple(Closing(*item[:4]) for item in named if item[4]),
            openings=tuple(Opening(*item[:4]) for item in named if not item[4]),
        )

    def holds(items: list[tuple[int, int, bool]]) -> list[tuple[float, float, object]]:
        return [(s.from_s, s.until_s, s.holds) for s in table(items).states().lanes[LANE]]

    shuffled = list(spans)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    start, length, closes = spans[0]
    first = max(1, min(cut, length - 1))
    halves = [(start, first, closes), (start + first, length - first, closes)] if length > 1 else [spans[0]]
    assert holds(spans) == holds(shuffled) == holds([*halves, *spans[1:]])
    for minute in range(45):
        now = [c for a, n, c in spans if a <= minute < a + n]
        closed = any(now) or (not now and not all(c for *_, c in spans))
        held = next(h for f, u, h in holds(spans) if f <= minute < u)
        assert (held is not None) == closed


def test_what_touches_is_no_contradiction_and_what_overlaps_is() -> None:
    def claims(until_s: float) -> list[Claim]:
        return [Claim("A", 0, until_s, "p:1", "e", "widens"), Claim("B", 1800, 3600, "p:2", "e", "widens")]

    assert not list(contradictions(claims(1800)))
    assert len(list(contradictions(claims(1801)))) == 1


@given(st.lists(st.tuples(st.integers(0, 5000), st.booleans()), min_size=1, max_size=8))
def test_in_steps_a_hazard_closes_roads_up_to_a_step_and_two_seconds_early_and_a_plan_when_it_says(
    times: list[tuple[int, bool]],
) -> None:
    closings = tuple(
        Closing("A", float(at), None, (f"lane_{number}",), (FLEEING,) if of_hazard else ADMITTED)
        for number, (at, of_hazard) in enumerate(times)
    )
    stepped = Timetable(closings=closings).hazard_in_steps(120.0).closings
    for before, after, (_, of_hazard) in zip(closings, stepped, times, strict=True):
        assert (after.lanes, after.admits) == (before.lanes, before.admits)
        assert after.from_s % 120.0 == 0.0 if of_hazard else after.from_s == before.from_s
        early_s = before.from_s - after.from_s
        if not of_hazard:
            assert early_s == 0.0
        else:  # nobody sets out for it in the last two seconds; a step is the coarsest
            assert min(2.0, before.from_s) <= early_s < 122.0
