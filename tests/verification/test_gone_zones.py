"""Who has long left needs no simulation: a trial without them says of a zone what the whole run says."""

from __future__ import annotations

from pathlib import Path

import pytest

import evac
from evac.study.engines import Serial
from evac.study.runs import Silent
from evac.study.safe_order import Trial
from evac.study.trials import Asked, Trials
from evac.study.verdicts import Question
from one_road import one_road

NEAR, FAR, CLOSES_MIN = 120, 120, 60.0


@pytest.mark.parametrize("coarse", [False, True])
def test_a_trial_without_zones_that_have_long_left_says_what_the_whole_run_says(
    tmp_path: Path, *, coarse: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both zones leave at once, in about 10 minutes; `near` alone is ordered later, in time and too late."""
    place = evac.open(one_road(tmp_path / "road", {"near": NEAR, "far": FAR}, CLOSES_MIN), workspace=tmp_path)
    wanted = place.under("baseline")
    asked = Asked(wanted.vehicles, wanted.departure, (1,), coarse=coarse)
    trials = Trials(place.prepare().stages.prepared(), wanted.loaded, asked, place.cache, Serial(), Silent())
    trials.manifests([Trial((), 1)])
    trials.learn_who_is_gone(1)
    assert 120.0 < trials.out_s[1]["far"] < 1200.0
    driven: list[int] = []
    driving = Question.driving

    def counted(question: Question, vehicles: object) -> object:
        rows = driving(question, vehicles)  # type: ignore[arg-type]
        driven.append(len(rows))
        return rows

    monkeypatch.setattr(Question, "driving", counted)
    for minute, vehicles in ((5.0, NEAR + FAR), (45.0, NEAR), (57.0, NEAR)):
        trial = Trial((("near", minute),), 1, about=("near",))
        (cut,) = trials.judge([trial])
        assert driven.pop() == vehicles  # at minute 5 the others are still there
        (manifest,) = trials.manifests([trial])
        whole = manifest["hazard_zones"]["near"]
        assert (cut["near"] >= asked.share) == (whole["safe"] / whole["planned"] >= asked.share) == (minute < 50.0)
