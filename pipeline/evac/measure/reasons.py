"""Why a run isn't trusted: a sentence for each limit of trust that it passes, and for what no run can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evac.counted import counted
from evac.households.accounting import LOSSES, PLACELESS
from evac.measure.stranded import WAITING
from evac.schema.trust import Trust

_LISTED = 5


def limits_passed(counts: Mapping[str, Any], trust: Trust) -> list[str]:
    """Return a sentence for each limit of trust that the counts pass."""
    return [
        *([] if counts["planned"] else ["no vehicle is planned: there is nothing to measure"]),
        *_stuck(counts),
        *_lost_on_the_way(counts, trust),
        *_shares(counts, trust),
        *_placeless(counts, trust.unconnected_share),
        *_idle_lanes(counts),
        *_impossible(counts),
    ]


def _stuck(counts: Mapping[str, Any]) -> list[str]:
    """Tell who never gets out, however long one waits."""
    found = []
    of_all = f"of {counts['vehicles']:,} vehicles"
    if stuck := counts["stuck"]:
        who = counted(stuck, f"{of_all} is", f"{of_all} are")
        found.append(f"{who} stuck at the end, and more time would not help: {_most(counts['stuck_on'])}")
    if buses := counts.get("buses_stuck"):
        aboard = counted(counts["bus_people_stuck"], "person aboard, who is not out", "people aboard, who are not out")
        who = counted(buses, "bus stands", "buses stand")
        found.append(f"{who} at the end with {aboard}, and more time would not help: {_most(counts['buses_stuck_on'])}")
    if misdirected := counts.get("misdirected"):
        where = ", ".join(f"{number:,} to '{name}'" for name, number in misdirected.items())
        who = counted(sum(misdirected.values()), f"{of_all} never leaves", f"{of_all} never leave")
        found.append(f"{who}, sent to an exit that can't be reached while another is open: {where}")
    return found


def _lost_on_the_way(counts: Mapping[str, Any], trust: Trust) -> list[str]:
    """Tell who left the roads without having crossed an exit line, or jumped ahead."""
    found = []
    if counts["taken_out"]:
        who = counted(counts["taken_out"], "vehicle was", "vehicles were")
        found.append(f"{who} taken out of the simulation before reaching an exit")
    if counts["teleports"] > trust.teleports:
        causes = ", ".join(f"{n:,} {cause.replace('_', ' ')}" for cause, n in counts["teleports_by_cause"].items() if n)
        who = counted(counts["teleports"], "vehicle")
        found.append(f"{who} teleported ({causes}); the limit is {trust.teleports:,}")
    return found


def _shares(counts: Mapping[str, Any], trust: Trust) -> list[str]:
    """Tell of what there may be a share of, and is more."""
    found = []
    twice = "households may be counted twice, because zones lie over each other"
    for count, of, limit, what in (
        ("gridlock_vehicles", "vehicles", trust.gridlock_share, "vehicles had to pull over to resolve gridlock"),
        ("collisions", "vehicles", trust.collisions_share, "collisions among all vehicles"),
        ("unconnected_households", "households", trust.unconnected_share, "households are not connected to a street"),
        ("households_counted_twice", "households", trust.counted_twice_share, twice),
    ):
        if counts[count] > limit * counts[of]:
            share = f"{counts[count]:,.0f} of {counts[of]:,}" if counts[of] else f"{counts[count]:,.0f}"
            found.append(f"{share}: {what}; the limit is {limit:.2%}")
    return found


def _idle_lanes(counts: Mapping[str, Any]) -> list[str]:
    """Tell of lanes that a plan adds and nobody drives on."""
    if not counts["added_lanes_idle"]:
        return []
    streets = list(counts["added_lanes_idle_on"].items())
    where = ", ".join(f"{number} on {street}" for street, number in streets[:_LISTED])
    more = ", and more" if len(streets) > _LISTED else ""
    of_all = f"of {counts['added_lanes']:,} pieces of lane that the plan adds"
    idle = counted(len(counts["added_lanes_idle"]), f"{of_all} serves", f"{of_all} serve")
    return [f"{idle} nobody ({where}{more}): contraflow on paper only"]


def _impossible(counts: Mapping[str, Any]) -> list[str]:
    """Return what the run does that no run can."""
    defect = "a defect of evac, please report it"
    found = []
    if counts.get("bound_passed_by"):
        more = counted(counts["bound_passed_by"], "vehicle more is", "vehicles more are")
        found.append(f"{more} out at minute {counts['bound_passed_at_min']} than the roads can pass: {defect}")
    if counts.get("lanes_over_limit"):
        lanes = ", ".join(counts["lanes_over_limit"][:_LISTED])
        over = counted(len(counts["lanes_over_limit"]), "lane passes", "lanes pass")
        found.append(f"{over} more than drivers can follow ({lanes}): {defect}")
    return found


def _placeless(counts: Mapping[str, Any], limit: float) -> list[str]:
    """Tell of households that are given and can't be put anywhere: they are missing on the roads."""
    lost = {LOSSES[loss]: counts["households_lost"].get(loss, 0.0) for loss in PLACELESS}
    total, of = sum(lost.values()), sum(lost.values()) + counts["households"]
    if total <= limit * of:
        return []
    where = ", ".join(f"{number:,.0f} {words}" for words, number in lost.items() if number)
    return [f"{total:,.0f} of {of:,.0f} households are given and can't be placed: {where}; the limit is {limit:.2%}"]


def _most(counts: Mapping[str, int]) -> str:
    """Return the first of places with their counts in words: `31 on Main Street, 9 waiting at Hill Road`."""
    listed = [f"{count:,} {place if place.startswith(WAITING) else f'on {place}'}" for place, count in counts.items()]
    rest = sum(list(counts.values())[_LISTED:])
    return ", ".join([*listed[:_LISTED], *([f"{rest:,} elsewhere"] if rest else [])])
