"""Pictures of the traffic while a run goes on: the newest alone, and not too many."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evac.simulate.answers import Car
from evac.studio import frames
from evac.studio.frames import Frames, Newest
from evac.studio.job_child import _called
from evac.watching import Progress


def _minute(run: str, *cars: Car, ended: bool = False) -> Progress:
    return Progress("simulating", 0.5, run=run, time_s=60.0, cars=cars, ended=ended)


@pytest.fixture
def said() -> list[Any]:
    return []


@pytest.fixture
def maker(said: list[Any], monkeypatch: pytest.MonkeyPatch) -> Frames:
    clock = iter(range(1000))
    monkeypatch.setattr(frames.time, "monotonic", lambda: float(next(clock)))  # a second between any two looks
    return Frames(lambda **words: said.append(words["frame"]))


def test_a_frame_has_the_cars_by_their_roads(maker: Frames, said: list[Any]) -> None:
    maker.take(_minute("a", Car("in", 12.7, stands=False), Car("in", 0.0, stands=True), Car("out", 3.2, stands=True)))
    assert said == [{"run": "a", "time_s": 60.0, "cars": {"in": [12, -1], "out": [-4]}}]


def test_frames_are_of_one_run_until_it_ends(maker: Frames, said: list[Any]) -> None:
    car = Car("in", 1.0, stands=False)
    for name in ("a", "b", "a"):
        maker.take(_minute(name, car))
    maker.take(_minute("a", ended=True))
    maker.take(_minute("b", car))
    assert [frame["run"] for frame in said] == ["a", "a", "b"]


def test_more_cars_make_fewer_frames(maker: Frames, said: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "_CARS_PER_S", 1)
    for _ in range(9):
        maker.take(_minute("a", *[Car("in", 1.0, stands=False)] * 3))
    assert len(said) == 9 // 3  # three cars, three seconds


def test_whoever_is_slow_sees_the_newest_and_everybody_the_end() -> None:
    async def heard() -> list[int]:
        newest = Newest()
        seen = []

        async def hear() -> None:
            async for value in newest.heard():
                seen.append(value)
                await asyncio.sleep(0.01)

        hearer = asyncio.create_task(hear())
        for number in range(50):
            newest.put(number)
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.03)
        newest.end()
        await asyncio.wait_for(hearer, 1.0)
        return seen

    seen = asyncio.run(heard())
    assert seen == sorted(set(seen))
    assert seen[-1] == 49
    assert len(seen) < 50


def test_runs_are_called_by_their_plans_own_names_and_told_apart_where_these_are_the_same() -> None:
    asked = {"plans": ["baseline", "flood", "flood-2"], "names": ["Baseline", "Flood", "Flood"], "seeds": [1, 2]}
    case = {"vehicles": "1.5", "departure": "slow", "fidelity": "micro"}
    called = _called({**asked, **case})
    rest = "1.5 vehicles per household · slow"
    assert called[f"flood · {rest} · seed 2"] == f"Flood (flood) · {rest} · seed 2"
    assert called[f"{rest} · seed 1"] == f"Baseline · {rest} · seed 1"
    assert len(set(called.values())) == len(called) == 6
