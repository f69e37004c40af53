"""A plan file: what the city changes compared with normal rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from evac.schema.base import Model, Name, Share
from evac.schema.demand import DepartureForm
from evac.schema.places import Compass, Place, Point

Minute = Annotated[float, Field(ge=0.0, le=10_080.0)]
"""A time in minutes after the order (a week at most)."""
Count = Annotated[int, Field(ge=0, le=10_000)]
"""A number of people or things."""
LaneNumber = Annotated[int, Field(ge=0)]
"""A lane, counted from the kerb (0 is the outermost)."""


class When(Model):
    """When a change holds: from the order to the end, without set-up, when left out."""

    from_min: Minute = 0.0
    """Minutes after the order at which the city begins to set it up."""
    setup_min: Minute = 0.0
    """Minutes that this takes: normal rules hold until `from_min` + `setup_min`."""
    until_min: Minute | None = None
    """Minutes after the order at which normal rules return; never when left out."""

    @model_validator(mode="after")
    def _it_happens(self) -> Self:
        if self.until_min is not None and self.until_min <= self.ready_min:
            raise ValueError(
                f"it would end before it is set up: 'until_min' must be later than {self.ready_min:g} "
                "('from_min' + 'setup_min')"
            )
        return self

    @property
    def ready_min(self) -> float:
        """When the change holds (minutes after the order)."""
        return self.from_min + self.setup_min

    @property
    def is_always(self) -> bool:
        """Whether the change holds all the time."""
        return self.ready_min == 0.0 and self.until_min is None


class Resources(Model):
    """What a change takes; the plan sums it up."""

    officers: Count = 0
    """People who direct traffic."""
    signs: Count = 0
    """Signs, fixed or variable."""
    cones: Count = 0
    """Traffic cones."""
    barricades: Count = 0
    """Barricades."""


class Stretch(Model):
    """A stretch of road in one direction of travel, or all roads of ways or of a polygon."""

    street: str | None = None
    """Street name or road number as OpenStreetMap has it."""
    start: str | Point | None = Field(None, alias="from")
    """Cross street or point where the stretch begins, in the direction of travel; the street's end when left out."""
    end: str | Point | None = Field(None, alias="to")
    """Cross street or point where the stretch ends; the street's end when left out."""
    towards: Compass | None = None
    """Direction of travel, where `from` and `to` don't tell it."""
    ways: Annotated[tuple[int, ...], Field(min_length=1)] | None = None
    """OpenStreetMap way ids, instead of a street; both directions unless `towards` says which."""
    point: Point | None = None
    """A point on the road, at most 50 m away: the piece of road between two junctions that passes there."""
    polygon: Path | None = None
    """A file with polygons in any format that GDAL/OGR reads: all roads whose middle lies in it."""

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        named = [self.street is not None, self.ways is not None, self.point is not None, self.polygon is not None]
        if sum(named) != 1:
            raise ValueError("name the stretch by one of 'street', 'ways', 'point' or 'polygon'")
        if self.street is None and (self.start is not None or self.end is not None):
            raise ValueError("'from' and 'to' need the 'street' that they are on")
        return self


class Junction(Model):
    """A junction: where two streets meet, or the one nearest to a point."""

    street: str | None = None
    """A street that meets there."""
    crossing: str | None = None
    """Another street that meets there."""
    point: Point | None = None
    """A point, at most 50 m away from the junction; settles which, where two streets meet twice."""

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        if self.point is None and (self.street is None or self.crossing is None):
            raise ValueError("name the junction by 'street' and 'crossing', or by 'point'")
        return self


class Movement(Model):
    """A way through a junction: from an arm of it into another."""

    street: str | None = Field(None, alias="from")
    """Street that the traffic comes from; every one when left out."""
    heading: Compass | None = None
    """Direction in which the traffic arrives, where the street has two arms at the junction."""
    into: str | None = Field(None, alias="to")
    """Street that the traffic goes into; every one when left out."""
    leaving: Compass | None = None
    """Direction in which the traffic leaves, where the street has two arms at the junction."""


class Action(Model):
    """What all actions have."""

    label: Name | None = None
    """What report and tables call this action; a description of it when left out."""
    resources: Resources = Field(Resources(), alias="with")
    """Officers, signs, cones and barricades that it takes."""


class TimedAction(Action):
    """An action that may begin after the order, and end."""

    when: When = When()
    """When it holds: from the order on when left out."""


class Contraflow(TimedAction):
    """Lanes of the opposite direction serve the stretch's direction of travel.

    With `when`, traffic drives normally until the set-up begins; then nobody enters the lanes that will be reversed,
    those on them drive out, and the reversed lanes open when the set-up is over and the last of them has left.
    """

    do: Literal["contraflow"]
    """The action."""
    where: Stretch
    """The stretch, in the direction in which the traffic shall flow."""
    lanes: Annotated[int, Field(ge=1)] | None = None
    """How many lanes of the opposite direction are reversed, from the middle of the road; all when left out."""
    keep_emergency_lane: bool = False
    """Leave one lane of the opposite direction to emergency vehicles."""


class UseShoulder(TimedAction):
    """The shoulder becomes a lane at the kerb."""

    do: Literal["use_shoulder"]
    """The action."""
    where: Stretch
    """The stretch."""


class TakeLane(TimedAction):
    """Lanes are taken away from the traffic (a work site, emergency vehicles, parked cars)."""

    do: Literal["take_lane"]
    """The action."""
    where: Stretch
    """The stretch."""
    lanes: Annotated[int, Field(ge=1)] = 1
    """How many lanes."""
    side: Literal["kerb", "middle"] = "kerb"
    """Whether the lanes at the kerb or those in the middle of the road go."""


class Dedicate(Action):
    """A lane that arrives at a junction serves one movement only. Holds from the order to the end."""

    do: Literal["dedicate"]
    """The action."""
    where: Place
    """The road that arrives: `street` and the `crossing` that it arrives at."""
    lanes: Annotated[tuple[LaneNumber, ...], Field(min_length=1)]
    """The lanes, counted from the kerb."""
    into: str = Field(alias="to")
    """The street that they lead into, and into nothing else."""
    leaving: Compass | None = None
    """Direction in which the traffic leaves, where that street has two arms at the junction."""
    onto_lanes: Annotated[tuple[LaneNumber, ...], Field(min_length=1)] | None = None
    """The lane of that street that each of `lanes` leads onto, counted from the kerb (on a street that the plan gives
    lanes: with these); from the kerb on when left out."""
    exclusive: bool = False
    """Whether only these lanes lead there: the others lose the movement."""

    @model_validator(mode="after")
    def _one_lane_each(self) -> Self:
        if self.onto_lanes is not None and len(self.onto_lanes) != len(self.lanes):
            raise ValueError(f"'onto_lanes' needs a lane for each of the {len(self.lanes)} in 'lanes'")
        return self


class GreenStage(Model):
    """A stage of a fixed programme: who has green together, and for how long."""

    movements: Annotated[tuple[Movement, ...], Field(min_length=1)]
    """The movements that have green."""
    green_s: Annotated[int, Field(ge=5, le=600)]
    """Seconds of green."""


SignalMode = Literal["off", "unregulated", "all_way_stop", "flashing", "all_green", "officer", "fixed", "coordinated"]


class Signal(TimedAction):
    """How a junction is controlled.

    `off`: dark; what holds is the law of `traffic.country`, an all-way stop in the United States and Canada, elsewhere
    right of way by the signs. `unregulated`: dark, right of way by the signs. `all_way_stop`: dark, everybody stops,
    and who came first goes first. `flashing`: yellow on the main road, red (stop, then
    go in a gap) on the others. `all_green`: the named movements have green all the time, the others wait for a gap if
    they don't cross them, else stand. `officer`: a person serves the longest queue, at a junction with or without
    signals. `fixed`: the plan's own stages. `coordinated`: the signals along a corridor get one cycle, each green when
    a platoon arrives.
    """

    do: Literal["signal"]
    """The action."""
    where: Junction | None = None
    """The junction."""
    corridor: Stretch | None = None
    """Instead of a junction: all signals along a stretch, in the direction of travel (not `all_green` and `fixed`)."""
    mode: SignalMode
    """How the junction is controlled."""
    main: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """With `flashing`: the streets that get yellow; those of the highest class when left out."""
    movements: Annotated[tuple[Movement, ...], Field(min_length=1)] | None = None
    """With `all_green`: the movements that have green."""
    stages: Annotated[tuple[GreenStage, ...], Field(min_length=2)] | None = None
    """With `fixed`: the stages in their order; yellow and all-red are added between them."""
    cycle_s: Annotated[int, Field(ge=30, le=600)] = 120
    """With `coordinated`: the common cycle (s)."""

    @model_validator(mode="after")
    def _keys_of_the_mode(self) -> Self:
        if (self.where is None) == (self.corridor is None):
            raise ValueError("give either 'where' (a junction) or 'corridor' (a stretch)")
        if self.corridor is not None and self.mode in ("all_green", "fixed"):
            raise ValueError(f"'{self.mode}' is for one junction: give 'where' instead of 'corridor'")
        if self.corridor is None and self.mode == "coordinated":
            raise ValueError("'coordinated' needs 'corridor': the stretch along which the signals are")
        for key, mode in (("main", "flashing"), ("movements", "all_green"), ("stages", "fixed")):
            if getattr(self, key) is not None and self.mode != mode:
                raise ValueError(f"'{key}' belongs to the mode '{mode}'")
        for key, mode in (("movements", "all_green"), ("stages", "fixed")):
            if getattr(self, key) is None and self.mode == mode:
                raise ValueError(f"the mode '{mode}' needs '{key}'")
        return self


class BanTurn(Action):
    """Movements through a junction are forbidden. Holds from the order to the end."""

    do: Literal["ban_turn"]
    """The action."""
    where: Junction
    """The junction."""
    movement: Movement
    """What is forbidden."""


class AllowTurn(Action):
    """Movements through a junction that were forbidden are allowed. Holds from the order to the end."""

    do: Literal["allow_turn"]
    """The action."""
    where: Junction
    """The junction."""
    movement: Movement
    """What is allowed; `from` and `to` are needed."""

    @model_validator(mode="after")
    def _both_ends(self) -> Self:
        if self.movement.street is None or self.movement.into is None:
            raise ValueError("'movement' needs 'from' and 'to'")
        return self


class Barricade(Action):
    """A side street is barricaded at a junction: nobody passes between it and the junction, in either direction."""

    do: Literal["barricade"]
    """The action."""
    where: Junction
    """The junction."""
    street: str
    """The side street."""
    heading: Compass | None = None
    """Direction from the junction into the side street, where it has two arms there."""


class Close(TimedAction):
    """A road, some of its lanes, or an exit is closed.

    Drivers who have no other way left when it closes are let through; all others are sent another way.
    """

    do: Literal["close"]
    """The action."""
    where: Stretch | None = None
    """The stretch, in one direction of travel where `towards`, `from` or `to` say which, else in both."""
    exit: Name | None = None
    """An exit of the scenario, instead of a stretch."""
    lanes: Annotated[tuple[LaneNumber, ...], Field(min_length=1)] | None = None
    """Lanes that close, counted from the kerb; the whole road when left out."""
    emergency_may_pass: bool = True
    """Whether emergency vehicles still may pass."""
    admit: Literal["residents"] | None = None
    """`residents`: closed to through traffic only. Who lives on the stretch, or has no other way out, may drive there;
    nobody when left out."""
    accept_cut_off: bool = False
    """Whether the plan is run although this action takes the only way out from households; they are listed in any
    case."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.where is None) == (self.exit is None):
            raise ValueError("give either 'where' or 'exit'")
        if self.exit is not None and self.lanes is not None:
            raise ValueError("'lanes' belongs to 'where': an exit closes with all of its lanes")
        if self.admit is not None and (self.exit is not None or self.lanes is not None):
            raise ValueError("'admit' is for a whole stretch: leave out 'exit' and 'lanes'")
        return self


class Open(TimedAction):
    """Roads that the map closes to cars are opened: closed streets, tracks (fire roads), roads for buses, locked gates.

    Under other plans they aren't there. A path can't be opened: `osm.corrections` of the scenario makes it a road, for
    all plans.
    """

    do: Literal["open"]
    """The action."""
    where: Stretch
    """The road, or a `point` on it or at the gate; both directions where nothing says which."""


class Divert(TimedAction):
    """Traffic on an approach, or on lanes of it, or from zones, is sent to one exit."""

    do: Literal["divert"]
    """The action."""
    to_exit: Name
    """The exit."""
    approach: Place | None = None
    """Whoever passes here is sent there."""
    lanes: Annotated[tuple[LaneNumber, ...], Field(min_length=1)] | None = None
    """Only who is in these lanes of the `approach`, counted from the kerb (where the plan gives it lanes: with these);
    the lane counts in which a driver is first seen there. All lanes when left out."""
    by: Place | None = None
    """A road that the way there uses (a named ramp), with `approach`: the quickest way to the exit when left out."""
    zones: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Instead of an approach: whoever leaves from these zones."""
    compliance: Share = 1.0
    """Share of the drivers that follow."""

    @model_validator(mode="after")
    def _one_group(self) -> Self:
        if (self.approach is None) == (self.zones is None):
            raise ValueError("give either 'approach' or 'zones'")
        if self.by is not None and self.approach is None:
            raise ValueError("'by' needs an 'approach': zones choose their way to the exit themselves")
        if self.lanes is not None and self.approach is None:
            raise ValueError("'lanes' needs the 'approach' that they are on")
        return self


class Speed(TimedAction):
    """A speed limit, or the speed that smoke leaves."""

    do: Literal["speed"]
    """The action."""
    where: Stretch
    """The stretch; both directions where nothing says which."""
    kph: Annotated[float, Field(gt=0.0, le=200.0)] | None = None
    """The new limit (km/h)."""
    factor: Annotated[float, Field(gt=0.0, le=3.0)] | None = None
    """Instead: a multiple of the limit that holds normally."""

    @model_validator(mode="after")
    def _one_speed(self) -> Self:
        if (self.kph is None) == (self.factor is None):
            raise ValueError("give either 'kph' or 'factor'")
        return self


class Phase(Action):
    """Zones leave in a wave of their own."""

    do: Literal["phase"]
    """The action."""
    zones: Annotated[tuple[str, ...], Field(min_length=1)]
    """The zones."""
    offset_min: Minute = 0.0
    """Minutes after the order at which these zones are told to leave: their departures move by this."""
    curve: DepartureForm | None = None
    """Their own departure curve, after the offset; that of the case when left out."""


class EvacuateOnly(Action):
    """Only these zones are ordered to leave; the rest of the city stays, or leaves unasked."""

    do: Literal["evacuate_only"]
    """The action."""
    zones: Annotated[tuple[str, ...], Field(min_length=1)]
    """The zones that are ordered to leave."""
    shadow_share: Share = 0.0
    """Share of the other households that leave unasked (shadow evacuation); they are traffic, and not counted in the
    clearance time."""


class Behaviour(Action):
    """What people do differently under this plan (a campaign, an app, a message)."""

    do: Literal["behaviour"]
    """The action."""
    informed_share: Share | None = None
    """Share of drivers with information, instead of the scenario's."""
    profile: Literal["calm", "normal", "aggressive"] | None = None
    """Driving style, instead of the scenario's."""
    at_most_vehicles: Annotated[int, Field(ge=1, le=9)] | None = None
    """Households take at most this many vehicles (the one-car campaign)."""
    followed_by: Share = 1.0
    """Share of the households that follow `at_most_vehicles`."""


AnyAction = Annotated[
    Contraflow
    | UseShoulder
    | TakeLane
    | Dedicate
    | Signal
    | BanTurn
    | AllowTurn
    | Barricade
    | Close
    | Open
    | Divert
    | Speed
    | Phase
    | EvacuateOnly
    | Behaviour,
    Field(discriminator="do"),
]
DEMAND_ACTIONS = (Phase, EvacuateOnly, Behaviour)
"""Actions that change who leaves, when, and how they drive, and no road."""


class Plan(Model):
    """A plan: an overlay of changes on the scenario's normal rules."""

    name: Name
    """The plan, as reports have it."""
    note: str = ""
    """What a reader must know about this plan."""
    extends: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)] | None = None
    """Another plan of the same folder, by its file name without `.yaml`: its actions come first."""
    without: tuple[Name, ...] = ()
    """Labels of actions of the extended plan that this one leaves out."""
    actions: tuple[AnyAction, ...] = ()
    """The changes."""

    @model_validator(mode="after")
    def _labels_are_unique(self) -> Self:
        labels = [action.label for action in self.actions if action.label is not None]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise ValueError(f"'actions' has the label {', '.join(map(repr, twice))} twice")
        if self.without and self.extends is None:
            raise ValueError("'without' needs 'extends'")
        return self


def when_of(action: Any) -> When:
    """Return when an action holds; those without a time hold always."""
    return action.when if isinstance(action, TimedAction) else When()
