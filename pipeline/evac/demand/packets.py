"""Packets: one simulated vehicle that stands for several cars, in the mesoscopic model alone.

A packet of four takes the headway of four cars and the room that they have in a queue that moves, and chooses one way;
a run costs nearly as many times less as a packet has cars. The method is CONTRAM's (Leonard, Gower and Taylor, CONTRAM:
Structure of the Model, TRL RR 178, 1989); UXsim calls the same platoons. What it loses: cars of a packet take one way,
and minor roads get more of them into gaps (`study.screening` measures what comes of it in a town).

No car is lost: each is of one packet, and what its leader meets with is what becomes of it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

import pandas as pd

from evac.demand.routes import leaves_s
from evac.files import write_text

PACKETS = "packets.json"
_LEAST, _MOST_CARS = 4_000, 4
"""Packets that a run has at least, and cars that a packet has at most: of Balzers' 4,000 cars each drives itself, and a
town of 16,000 and more has packets of four (docs/performance.md has what that costs in accuracy)."""
_ALIKE = ("resident", "exit", "informed", "errand", "ordered", "held_until_s")
"""What the cars of a packet share: else one would be led, told or held as another is."""


def packet_size(vehicles: int) -> int:
    """Return how many cars a packet has in a town with so many vehicles."""
    return min(max(vehicles // _LEAST, 1), _MOST_CARS)


@dataclass(frozen=True)
class Packets:
    """Who drives for whom.

    Parameters
    ----------
    size
        Cars that a simulated vehicle has the room of; 1: each car drives itself.
    followers
        By the vehicle that is simulated, its leader, the other cars of a packet; some packets have fewer than `size`.
    """

    size: int = 1
    followers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, vehicles: pd.DataFrame, size: int) -> Self:
        """Put planned vehicles into packets: those of one zone that leave one after the other, of one kind.

        What is left over of the zones, fewer than `size` each, makes packets across zones.

        Parameters
        ----------
        vehicles
            The demand's table.
        size
            Cars a packet.
        """
        if size == 1:
            return cls()
        going = vehicles[vehicles["status"] == "planned"].assign(leaves_s=leaves_s)
        kind = going.groupby(list(_ALIKE), dropna=False, sort=True).ngroup()
        going = going.assign(kind=kind).sort_values(["kind", "zone", "leaves_s", "vehicle"])
        place = going.groupby(["kind", "zone"]).cumcount()
        many = going.groupby(["kind", "zone"])["vehicle"].transform("size")
        is_whole = place < many // size * size
        of_zone = _groups(going[is_whole], ["kind", "zone"], size)
        rest = going[~is_whole].sort_values(["kind", "leaves_s", "vehicle"])
        groups = [*of_zone, *_groups(rest, ["kind"], size)]
        return cls(size, dict(_led(group) for group in groups))

    @classmethod
    def read(cls, run_dir: Path) -> Self:
        """Read who drove for whom in a run; everybody himself where the run doesn't say."""
        path = run_dir / PACKETS
        if not path.is_file():
            return cls()
        content = json.loads(path.read_text())
        return cls(content["size"], {leader: tuple(names) for leader, names in content["followers"].items()})

    def write(self, run_dir: Path) -> None:
        """Write it into a run's directory."""
        content = {"size": self.size, "followers": {leader: list(names) for leader, names in self.followers.items()}}
        write_text(run_dir / PACKETS, json.dumps(content, ensure_ascii=False) + "\n")

    @cached_property
    def leader_of(self) -> dict[str, str]:
        """The leader of each car that follows one."""
        return {name: leader for leader, names in self.followers.items() for name in names}

    def all_of(self, leaders: Iterable[str]) -> set[str]:
        """Return simulated vehicles with the cars that follow them."""
        there = set(leaders)
        return there.union(*(self.followers.get(leader, ()) for leader in there)) if self.followers else there

    def leaders(self, vehicles: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of vehicles that are simulated, and of those that have no way."""
        if not self.followers:
            return vehicles
        return vehicles[~vehicles["vehicle"].isin(self.leader_of)].reset_index(drop=True)

    def leaves_s(self, vehicles: pd.DataFrame) -> pd.Series:
        """Return when each vehicle's packet wants to get onto the street (s)."""
        own_s = leaves_s(vehicles)
        if not self.followers:
            return own_s
        of_leader = dict(zip(vehicles["vehicle"], own_s, strict=True))
        return vehicles["vehicle"].map(lambda name: of_leader[self.leader_of.get(name, name)])

    def spread(self, trips: pd.DataFrame, vehicles: pd.DataFrame, end_s: float) -> pd.DataFrame:
        """Return simulated trips with those of the cars that follow: as much earlier or later as each leaves.

        Parameters
        ----------
        trips
            `measure.trips.read_trips` of the run.
        vehicles
            The demand's table.
        end_s
            When the run ended: who is out is out by then.
        """
        if not self.followers:
            return trips
        leads = pd.DataFrame(list(self.leader_of.items()), columns=["follower", "vehicle"])
        followed = leads.merge(trips, on="vehicle")
        leaves = dict(zip(vehicles["vehicle"], leaves_s(vehicles), strict=True))
        later_s = followed["follower"].map(leaves) - followed["vehicle"].map(leaves)
        followed["entered_s"] = (followed["entered_s"] + later_s).clip(upper=end_s)
        followed["arrived_s"] = (followed["arrived_s"] + later_s).clip(upper=end_s)
        followed = followed.drop(columns="vehicle").rename(columns={"follower": "vehicle"})
        return pd.concat([trips, followed[list(trips.columns)]], ignore_index=True)


def _groups(rows: pd.DataFrame, by: Collection[str], size: int) -> list[pd.DataFrame]:
    """Return runs of `size` rows one after the other, in the groups of some columns."""
    if rows.empty:
        return []
    number = rows.groupby(list(by)).cumcount() // size
    return [group for _, group in rows.groupby([*(rows[name] for name in by), number], sort=False)]


def _led(group: pd.DataFrame) -> tuple[str, tuple[str, ...]]:
    """Return the leader of a packet, who leaves last, and those who follow: so nobody is out before leaving."""
    *names, leader = group["vehicle"].tolist()
    return leader, tuple(names)
