"""A whole scenario file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Discriminator, Field, Tag, model_validator

from evac.schema.background import Background
from evac.schema.base import Model, Name
from evac.schema.buses import Buses
from evac.schema.demand import ROUNDING, Compliance, Departure, Errand, ExitChoice, Rayleigh, VehiclesPerHousehold
from evac.schema.driving import Driver, Simulation, Traffic
from evac.schema.hazard import Hazard
from evac.schema.incidents import Incidents
from evac.schema.places import Bottleneck, Exit, ForbiddenExit, FoundExits
from evac.schema.refuge import Refuge, Walking
from evac.schema.sources import Area, Fetch, Households, OsmSource
from evac.schema.trust import Trust

Mean = Annotated[float, Field(gt=0.0, le=9.0)]
Vehicles = Annotated[
    Annotated[Mean, Tag("mean")] | Annotated[VehiclesPerHousehold, Tag("distribution")],
    Discriminator(lambda value: "distribution" if isinstance(value, dict | VehiclesPerHousehold) else "mean"),
]
Exits = Annotated[
    Annotated[tuple[Exit, ...], Field(min_length=1), Tag("named")] | Annotated[FoundExits, Tag("found")],
    Discriminator(lambda value: "found" if isinstance(value, dict | FoundExits) else "named"),
]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class Scenario(Model):
    """A place that is ordered to leave: roads, households, ways out, drivers, and the cases to run."""

    name: Name
    """The place, as the report's title has it."""
    note: str = ""
    """What a reader must know about this scenario (sources, approximations); shown with every result."""
    report: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)] | None = None
    """Name of the report's folder below `reports/`: letters, digits, `-`, `_` and `.`, so that it can't leave it. The
    name of the scenario's folder when left out."""
    fetch: Fetch | None = None
    """What the first run downloads. Without it every file must be there."""
    osm: OsmSource
    """The roads."""
    area: Area | None = None
    """The area ordered to leave; the boundary of the zones when left out."""
    households: Households
    """The households."""
    exits: Exits = FoundExits()
    """The ways out, named; or found, when left out: each road of at least a class that leaves the map."""
    ways_out: Path | None = None
    """What `evac new` decided on the whole map before it cut it: which roads that leave the area are ways out, and why
    the others are none. Decided on the scenario's own map when left out. Exits that it found and the scenario names
    keep their caveats: that only the map's cut shows that they lead on, or that they share a road behind it. Leave it
    out once a person has looked."""
    forbidden_exits: tuple[ForbiddenExit, ...] = ()
    """Roads that lead out and that nobody may leave by."""
    refuges: tuple[Refuge, ...] = ()
    """Where people are safe without having left, as long as there is room; none when left out."""
    bottlenecks: tuple[Bottleneck, ...] = ()
    """Lanes to measure; found when left out."""
    vehicles_per_household: Annotated[tuple[Vehicles, ...], Field(min_length=1)] = (1.0, 1.5, 2.0)
    """Cases: means over all households (1.5: half take one, half take two) or named distributions."""
    departures: Annotated[tuple[Departure, ...], Field(min_length=1)] = (
        Departure(name="90 % within 60 min", curve=Rayleigh(form="rayleigh")),
    )
    """Cases: departure curves."""
    compliance: Compliance = Compliance()
    """How many of the households that are ordered to leave do so; all when left out."""
    before_leaving: tuple[Errand, ...] = ()
    """Trips before leaving: to fetch a child or a relative."""
    buses: Buses | None = None
    """Buses for households without a car; none when left out."""
    walking: Walking | None = None
    """Households without a car that walk to a refuge; none when left out. Who has one within reach takes no bus."""
    exit_choice: ExitChoice = ExitChoice()
    """Which exit a vehicle takes."""
    hazard: Hazard | None = None
    """The fire or flood that people flee from: it closes roads as it comes. None when left out."""
    incidents: Incidents | None = None
    """Crashes and stalled cars by rate; none when left out, but for those of a plan (`take_lane`)."""
    background: Background = Background()
    """Traffic that isn't evacuating; none when left out. A departure curve may have its own: night, midday, evening."""
    driver: Driver = Driver()
    """The drivers."""
    traffic: Traffic = Traffic()
    """Signals and right of way."""
    simulation: Simulation = Simulation()
    """How the simulation is run."""
    trust: Trust = Trust()
    """Limits of trust."""
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = (1,)
    """Seeds: each gives one replication of every case."""

    @model_validator(mode="after")
    def _fetched_around_an_area(self) -> Self:
        if self.fetch is not None and self.area is None:
            raise ValueError("'fetch' needs the 'area' around which data are fetched")
        return self

    @model_validator(mode="after")
    def _walks_somewhere(self) -> Self:
        if (self.walking is not None) != any(item.people is not None for item in self.refuges):
            raise ValueError("'walking' and a refuge with room for 'people' go together: say both, or neither")
        return self

    @model_validator(mode="after")
    def _each_goes_one_errand(self) -> Self:
        total = sum(item.share for item in self.before_leaving)
        if total > 1.0 + ROUNDING:
            raise ValueError(f"the shares of 'before_leaving' add up to {total:g}, expected 1 or less")
        return self

    @model_validator(mode="after")
    def _router_sees_drives_change(self) -> Self:
        named = self.exits.also if isinstance(self.exits, FoundExits) else self.exits
        timed = [item.name for item in named if any(spell.beyond_min is not None for spell in item.beyond)]
        if timed and self.simulation.router == "CH":
            raise ValueError(f"the router 'CH' doesn't see the drive beyond '{timed[0]}' change; take 'CCH'")
        return self

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        exits = [] if isinstance(self.exits, FoundExits) else [item.name for item in self.exits]
        for what, names in {
            "exits": exits,
            "refuges": [item.name for item in self.refuges],
            "exits and refuges": [*dict.fromkeys(exits), *{item.name for item in self.refuges}],
            "forbidden_exits": [item.name for item in self.forbidden_exits],
            "bottlenecks": [item.name for item in self.bottlenecks],
            "departures": [item.name for item in self.departures],
            "before_leaving": [item.name for item in self.before_leaving],
            "seeds": [str(seed) for seed in self.seeds],
            "vehicles_per_household": [vehicles_label(case) for case in self.vehicles_per_household],
        }.items():
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"'{what}' has {', '.join(map(repr, twice))} twice")
        return self


def vehicles_label(case: float | VehiclesPerHousehold) -> str:
    """Return the name of a vehicles-per-household case: `1.5`, or the distribution's name."""
    return case.name if isinstance(case, VehiclesPerHousehold) else f"{case:g}"


def case_label(given: float | str) -> str:
    """Return a vehicles-per-household case as the scenario calls it: 1.0 and `1.0` are its `1`."""
    try:
        return vehicles_label(float(given))
    except ValueError:
        return str(given)


def vehicles_words(label: str) -> str:
    """Return a case by its label in words: `1 vehicle per household`, `1.5 vehicles per household`."""
    return f"{label} vehicle{'' if label == '1' else 's'} per household"
