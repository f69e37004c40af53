from __future__ import annotations

from evac.simulate.officer import MAX_WAIT_S, Officer


def next_stage(queues, waiting_since_s, now_s):
    officer = Officer.__new__(Officer)  # the choice needs no simulation
    officer._waiting_since_s = waiting_since_s
    return officer._next(queues, now_s)


def test_the_longest_queue_is_next():
    assert next_stage({1: 2, 2: 20}, {1: 0.0, 2: 100.0}, MAX_WAIT_S - 1) == 2
    assert next_stage({1: 20, 2: 2}, {1: 100.0, 2: 0.0}, MAX_WAIT_S - 1) == 1


def test_whoever_has_waited_too_long_goes_before_a_longer_queue():
    assert next_stage({1: 2, 2: 20}, {1: 0.0, 2: 100.0}, MAX_WAIT_S) == 1
    assert next_stage({0: 1, 2: 20}, {0: 0.0, 2: 100.0}, MAX_WAIT_S) == 0
