"""What a mesoscopic run says of itself comes on top of what its plan says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evac.measure.facts import RunFacts
from evac.simulate.meso import Meso
from evac.study.screening import Calibration, screened


@dataclass(frozen=True)
class SomeTerms:
    facts: RunFacts
    meso: Meso | None = None


@dataclass(frozen=True)
class SomeGround:
    terms: Any


def test_the_warnings_of_the_plan_stay_beside_the_label():
    found = Calibration(Meso(), 0.03, 0.02, ("a", "b"), "c", ("gridlock",))
    ground = SomeGround(SomeTerms(RunFacts(7, doubts=("a guess",), caveats=("look at the bridge",))))
    terms = screened({"p": ground}, found)["p"].terms
    assert terms.facts == RunFacts(7, doubts=("a guess", "gridlock"), caveats=(found.label, "look at the bridge"))
    assert terms.meso == found.meso
