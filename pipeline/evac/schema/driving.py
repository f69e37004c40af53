"""How people drive, what they know, and how right of way works in a saturated town."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from evac.schema.base import Model, Share


class Driver(Model):
    """The drivers: a documented profile, and how many of them know where the queues are."""

    profile: Literal["calm", "normal", "aggressive"] = "normal"
    """Car-following and lane-changing parameters; `normal` is calibrated to a cited queue-discharge rate."""
    informed_share: Share = 0.8
    """Share of vehicles that look for a faster route, and a faster exit, while they drive."""
    reroute_every_s: Annotated[int, Field(ge=30, le=3600)] = 300
    """How often an informed driver looks for a faster route (s)."""


class Traffic(Model):
    """Signals and right of way, the same for all plans unless a plan changes them."""

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    """ISO 3166 code: the side of the road, and speed limits of roads without a `maxspeed` tag. From the place on
    the map when left out (`evac check` says which); near a border that is a guess."""
    signals: Literal["actuated", "static", "off", "unregulated", "all_way_stop"] = "actuated"
    """Programs of the signals on the map. OpenStreetMap knows where signals are, not how they run, so programs are
    guessed. `off`: all signals are dark, and what holds is the country's law: an all-way stop in the United States and
    Canada, elsewhere right of way by the signs. `unregulated`: right of way by the signs; `all_way_stop`: everybody
    stops, and who came first goes first."""
    right_of_way: Literal["strict", "courteous"] = "courteous"
    """At saturated merges: `strict` holds a driver on the minor road until there is a gap; `courteous` lets drivers
    who have waited long into smaller gaps (SUMO's impatience), and a few into a crawling queue."""
    merges: Literal["alternate", "priority"] = "alternate"
    """Where streams of two roads merge into one lane and there is no signal: `alternate` lets queued drivers take
    turns, one by one, as they are observed to; `priority` gives a full main road all of it, but for what `right_of_way`
    lets in. In roundabouts those who circulate go first in any case."""
    yield_to: Literal["road", "lane"] = "road"
    """Whom a driver who turns into a road of several lanes yields to: traffic on the whole `road` (SUMO's default), or
    on the `lane` that the turn leads into, which is what the Highway Capacity Manual counts for a right turn (7th
    edition, chapter 20, conflicting flows)."""


class Simulation(Model):
    """How the simulation is run."""

    end_h: Annotated[float, Field(gt=0.0, le=168.0)] = 24.0
    """An evacuation that isn't over by then is reported as not cleared (hours after the order)."""
    router: Literal["dijkstra", "astar", "CH", "CCH"] = "CCH"
    """Routing algorithm. `CCH` is by far the quickest on large maps. `CH` doesn't see roads close or open during the
    run, and is refused with plans that do so. Never compare results across routers."""
    gridlock_after_s: Annotated[int, Field(ge=60, le=7200)] = 300
    """A ring of vehicles that block each other and haven't moved for this long is gridlock (s)."""
    teleport_after_s: Annotated[int, Field(ge=1)] | None = None
    """SUMO's teleporting: a jammed vehicle jumps ahead after this time (s). Off by default, because it flatters the
    clearance time; a run with any teleport isn't trusted."""
