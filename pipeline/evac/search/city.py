"""What a city has, and what it forbids: the resources of a search, and the file of `evac search --city`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args

from pydantic import AfterValidator, ValidationError, field_validator

from evac.clock import HOUR_MIN
from evac.errors import Problem, ScenarioError
from evac.network.place_names import near_names, normal_name
from evac.plans.action import Count, Minute, Resources
from evac.schema.base import Model
from evac.validation import read_model

Kind = Literal["officer", "contraflow", "turn ban", "lane led", "diversion", "phase"]
KINDS: tuple[Kind, ...] = get_args(Kind)
RESOURCES = ("officers", "cones", "barricades")
"""What a search has only so much of."""
Sort = Literal["street", "exit", "zone"]
_PLACES: dict[Kind, tuple[Sort, ...]] = {
    "officer": ("street",),
    "contraflow": ("street",),
    "turn ban": ("street",),
    "lane led": ("street", "exit"),
    "diversion": ("zone", "exit"),
    "phase": ("zone",),
}
"""What the places are at which each kind acts."""
_RULE = re.compile(rf"({'|'.join(KINDS)})(?: (?:on|at|from|to|of) (.+))?")


def _parsed(text: str) -> str:
    if _RULE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no rule: write one of {', '.join(KINDS)}, and where: contraflow on Main Street")
    return text


class SetUp(Model):
    """Minutes after the order until an action holds: the way there, and setting it up."""

    officer: Minute = 5.0
    """Until an officer is at a junction, or leads a lane."""
    contraflow: Minute = 15.0
    """Until lanes are reversed."""


class City(Model):
    """What a city forbids, and how quick it is: the file of `evac search --city`."""

    never: tuple[Annotated[str, AfterValidator(_parsed)], ...] = ()
    """What no plan may have: a kind (`officer`, `contraflow`, `turn ban`, `lane led`, `diversion`, `phase`), or a kind
    and a street, exit or zone: `contraflow on Main Street`."""
    setup_min: SetUp = SetUp()
    """Minutes after the order until an action holds."""

    @field_validator("never", mode="before")
    @classmethod
    def _one_is_a_list(cls, given: Any) -> Any:
        return [given] if isinstance(given, str) else given

    def forbids(self, kind: Kind, places: Collection[str]) -> bool:
        """Return whether an action of a kind that touches some streets, exits or zones is forbidden."""
        names = {normal_name(place) for place in places}
        return any(rule == kind and (place is None or normal_name(place) in names) for rule, place in self._rules())

    def check(self, known: Mapping[Sort, Collection[str]], end_h: float, where: str) -> None:
        """Refuse rules about places that aren't there or that the kind has nothing to do with, and endless set-up.

        Parameters
        ----------
        known
            The names of the streets, exits and zones.
        end_h
            When the simulation ends (hours after the order).
        where
            What the problems say that they are in.

        Raises
        ------
        ScenarioError
            With a `Problem` for each.
        """
        problems = []
        for kind, place in self._rules():
            sorts = _PLACES[kind]
            names = {name for sort in sorts for name in known[sort]}
            if place is not None and normal_name(place) not in {normal_name(name) for name in names}:
                what = f"'never: {kind}': no {' or '.join(sorts)} is called '{place}'"
                problems.append(Problem(where, what, _near(place, names)))
        for name, minutes in self.setup_min:
            if minutes >= end_h * HOUR_MIN:
                what = f"'setup_min.{name}': {minutes:g} min is after the end of the simulation ({end_h:g} h)"
                remedy = f"lower it, or forbid what takes so long: 'never: {name}'"
                problems.append(Problem(where, what, remedy))
        if problems:
            raise ScenarioError(problems)

    def _rules(self) -> list[tuple[Kind, str | None]]:
        return [(cast(Kind, found[1]), found[2]) for rule in self.never if (found := _RULE.fullmatch(rule))]


def _near(place: str, names: Collection[str]) -> str:
    found = near_names(place, names)
    return f"did you mean {', '.join(map(repr, found))}?" if found else "write it as the map has it"


def read_city(path: Path | None) -> City:
    """Read a city's file; a city without one forbids nothing.

    Raises
    ------
    ScenarioError
        With a `Problem` for every key that is wrong.
    """
    return City() if path is None else read_model(path, City)[1]


class Budget(Model):
    """How much of each resource there is."""

    officers: Count = 0
    """People who direct traffic."""
    cones: Count = 0
    """Traffic cones."""
    barricades: Count = 0
    """Barricades."""

    def lacks(self, takes: Sequence[Resources]) -> list[str]:
        """Return of which resources there is too little for actions together."""
        return [name for name in RESOURCES if sum(getattr(item, name) for item in takes) > getattr(self, name)]

    def over(self, takes: Sequence[Resources]) -> str:
        """Return what is lacking for actions together, in words; nothing where it suffices."""
        wanted = {name: sum(getattr(item, name) for item in takes) for name in self.lacks(takes)}
        return ", ".join(f"{number} {name} of {getattr(self, name)}" for name, number in wanted.items())

    def share(self, takes: Resources) -> float:
        """Return the largest share of any resource that an action takes; what there is none of isn't taken."""
        shares = [getattr(takes, name) / had for name in RESOURCES if (had := getattr(self, name))]
        return max(shares, default=0.0)


def budget_of(officers: int, cones: int, barricades: int) -> Budget:
    """Return what a city has.

    Raises
    ------
    ScenarioError
        With a `Problem` for each number that can't be.
    """
    try:
        return Budget(officers=officers, cones=cones, barricades=barricades)
    except ValidationError as error:
        expected = "a whole number from 0 to 10,000"
        wrong = [(str(item["loc"][0]), item["input"]) for item in error.errors()]
        raise ScenarioError(
            [Problem(name, f"expected {expected}, found {found!r}") for name, found in wrong]
        ) from error
