"""Actions of a plan in words, for people: `contraflow on Skyway from Pearson Road, ready after 25 min`."""

from __future__ import annotations

from evac.plans.model import (
    AllowTurn,
    AnyAction,
    BanTurn,
    Barricade,
    Behaviour,
    Close,
    Contraflow,
    Dedicate,
    Divert,
    EvacuateOnly,
    Junction,
    Movement,
    Open,
    Phase,
    Signal,
    Speed,
    Stretch,
    TakeLane,
    UseShoulder,
    When,
    when_of,
)
from evac.schema.places import Place, Point


def action_words(action: AnyAction) -> str:
    """Return what an action does, where and when, in words."""
    return f"{_what(action)}{_when_words(when_of(action))}"


def _what(action: AnyAction) -> str:  # noqa: C901, PLR0911, PLR0912  a sentence for each kind of action
    match action:
        case Contraflow():
            lanes = f"{action.lanes} lane(s)" if action.lanes else "all lanes"
            kept = " but one for emergency vehicles" if action.keep_emergency_lane else ""
            return f"contraflow ({lanes}{kept}) on {_stretch(action.where)}"
        case UseShoulder():
            return f"shoulder as a lane on {_stretch(action.where)}"
        case TakeLane():
            return f"{action.lanes} lane(s) at the {action.side} taken on {_stretch(action.where)}"
        case Dedicate():
            lanes = ", ".join(map(str, action.lanes))
            onto = f", onto its lane {', '.join(map(str, action.onto_lanes))}" if action.onto_lanes else ""
            return f"lane {lanes} of {_place(action.where)} only into {action.into}{onto}"
        case Signal():
            place = f"at {_junction(action.where)}" if action.where else f"along {_stretch(action.corridor)}"
            return f"signal {action.mode.replace('_', ' ')} {place}"
        case BanTurn() | AllowTurn():
            verb = "no turn" if isinstance(action, BanTurn) else "turn allowed"
            return f"{verb} {_movement(action.movement)} at {_junction(action.where)}"
        case Barricade():
            return f"{action.street} barricaded at {_junction(action.where)}"
        case Close():
            lanes = f"lane {', '.join(map(str, action.lanes))} of " if action.lanes else ""
            to_whom = " to through traffic" if action.admit else ""
            return f"{lanes}{_stretch(action.where) if action.where else f'exit {action.exit}'} closed{to_whom}"
        case Open():
            return f"{_stretch(action.where)} opened"
        case Divert():
            lanes = f"lane {', '.join(map(str, action.lanes))} of " if action.lanes else ""
            who = f"{lanes}{_place(action.approach)}" if action.approach else f"zones {', '.join(action.zones or ())}"
            by = f" by {_place(action.by)}" if action.by else ""
            return f"{who} to exit {action.to_exit}{by} ({action.compliance:.0%} follow)"
        case Speed():
            speed = f"{action.kph:g} km/h" if action.kph else f"{action.factor:.0%} of the limit"
            return f"{speed} on {_stretch(action.where)}"
        case Phase():
            return f"zones {', '.join(action.zones)} leave {action.offset_min:g} min later"
        case EvacuateOnly():
            return (
                f"only zones {', '.join(action.zones)} ordered, {action.shadow_share:.0%} of the others leave unasked"
            )
        case Behaviour():
            return _behaviour(action)


def _behaviour(action: Behaviour) -> str:
    parts = []
    if action.informed_share is not None:
        parts.append(f"{action.informed_share:.0%} of drivers informed")
    if action.profile is not None:
        parts.append(f"{action.profile} drivers")
    if action.at_most_vehicles is not None:
        parts.append(f"at most {action.at_most_vehicles} vehicle(s) a household ({action.followed_by:.0%} follow)")
    return "; ".join(parts) or "no change of behaviour"


def _when_words(when: When) -> str:
    ready = f", from {when.ready_min:g} min" if when.ready_min else ""
    setup = f" (set up from {when.from_min:g} min)" if when.setup_min else ""
    return f"{ready}{setup}" + (f", until {when.until_min:g} min" if when.until_min is not None else "")


def _stretch(stretch: Stretch | None) -> str:
    if stretch is None:
        return "?"
    if stretch.polygon is not None:
        return f"the roads in {stretch.polygon.name}"
    if stretch.ways is not None:
        name = f"way {', '.join(map(str, stretch.ways))}"
    else:
        name = stretch.street or _spot(stretch.point)
    ends = [f" {word} {_end(end)}" for word, end in (("from", stretch.start), ("to", stretch.end)) if end is not None]
    return f"{name}{''.join(ends)}{f' {stretch.towards}bound' if stretch.towards else ''}"


def _junction(junction: Junction) -> str:
    if junction.street and junction.crossing:
        return f"{junction.street} / {junction.crossing}"
    return _spot(junction.point)


def _place(place: Place) -> str:
    name = place.street or (f"way {place.way}" if place.way is not None else _spot(place.point))
    crossing = f" at {place.crossing}" if place.crossing else ""
    return f"{name}{crossing}{f' {place.towards}bound' if place.towards else ''}"


def _movement(movement: Movement) -> str:
    source = " ".join(filter(None, [movement.street or "anywhere", movement.heading and f"{movement.heading}bound"]))
    target = " ".join(filter(None, [movement.into or "anywhere", movement.leaving and f"{movement.leaving}bound"]))
    return f"from {source} into {target}"


def _end(end: str | Point) -> str:
    return end if isinstance(end, str) else _spot(end)


def _spot(point: Point | None) -> str:
    return f"({point.lat:.5f}, {point.lon:.5f})" if point is not None else "?"
