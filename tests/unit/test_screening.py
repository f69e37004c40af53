"""What a mesoscopic run says of itself comes on top of what its plan says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evac.measure.facts import RunFacts
from evac.network.exits import ResolvedExit
from evac.network.exits.resolved import Spell
from evac.plans.timetable import Diversion, Program, Timetable
from evac.simulate.meso import Meso
from evac.study.screening import Calibration, labelled


@dataclass(frozen=True)
class SomeModel:
    buses: Any = None
    incidents: Any = None


@dataclass(frozen=True)
class SomeTerms:
    facts: RunFacts = field(default_factory=RunFacts)
    meso: Meso | None = None
    timetable: Timetable = field(default_factory=Timetable)
    model: SomeModel = field(default_factory=SomeModel)
    exits: tuple[Any, ...] = ()


@dataclass(frozen=True)
class SomeGround:
    terms: Any


def _found(meso: Meso, doubts: tuple[str, ...] = ()) -> Calibration:
    return Calibration(meso, 0.03, 0.02, ("a", "b"), "c", doubts)


def test_the_warnings_of_the_plan_stay_beside_the_label():
    found = _found(Meso(), ("gridlock",))
    terms = SomeTerms(RunFacts(7, doubts=("a guess",), caveats=("look at the bridge",)))
    facts = labelled(SomeGround(terms), found).terms.facts
    assert facts == RunFacts(7, doubts=("a guess", "gridlock"), caveats=(found.label, "look at the bridge"))


def test_what_the_model_leaves_out_or_draws_is_told_by_name():
    officer = Program("officer at the bridge", 0.0, None, "tls", "p", "off", officer=True, before="", after="")
    led = Diversion("left lane to the ramps", 0.0, None, ("ab",), ("bc",), 1.0, (), (1,))
    jammed = ResolvedExit("North", ("cd",), 1, 9.0, 47.0, beyond=(Spell(0.0, 3600.0, 300.0),))
    terms = SomeTerms(
        timetable=Timetable(programs=(officer,), diversions=(led,)), model=SomeModel(buses="four"), exits=(jammed,)
    )

    def told(meso: Meso) -> tuple[str, ...]:
        return labelled(SomeGround(terms), _found(meso)).terms.facts.caveats[1:]

    without, with_signals = told(Meso("free")), told(Meso("limited"))
    assert [text.split(": ")[1] for text in without] == [
        "officer at the bridge",
        "left lane to the ramps",
        "exit North",
        "buses",
    ]
    assert [text.split(": ")[1] for text in with_signals] == ["left lane to the ramps", "exit North", "buses"]
