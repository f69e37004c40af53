"""What became of the people who walk to refuges: counts by status, refuge and zone, and what the ledger tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from evac.counted import counted
from evac.demand.walkers import CUT_OFF, FULL, STATUSES, TOO_FAR
from evac.hazards.refuges import ResolvedRefuge


def walker_counts(walkers: pd.DataFrame) -> dict[str, int]:
    """Count households, and people by status, for ledger and manifest."""
    by_status = {f"walk_people_{status}": number for status, number in _people(walkers).items()}
    return {"walk_households": len(walkers), "walk_people": int(walkers["people"].sum()), **by_status}


def walkers_by_place(walkers: pd.DataFrame, refuges: Sequence[ResolvedRefuge]) -> dict[str, Any]:
    """Return people on foot by refuge (`people`, its room, and `taken`) and by zone and status, for the manifest."""
    taken = walkers.groupby("refuge")["people"].sum()
    return {
        "refuges": {
            item.name: {"people": item.people, "taken": int(taken.get(item.name, 0))} for item in refuges if item.people
        },
        "zones": {str(zone): _people(rows) for zone, rows in walkers.groupby("zone", observed=True)},
    }


def _people(walkers: pd.DataFrame) -> dict[str, int]:
    return {status: int(walkers.loc[walkers["status"] == status, "people"].sum()) for status in STATUSES}


def walk_caveats(counts: Mapping[str, Any]) -> list[str]:
    """Tell what becomes of the people without a car who walk: they are in no clearance time of vehicles."""
    if not counts["walk_people"]:
        return ["the scenario lets people walk to refuges, and no household of this case is without a car"]
    words = {
        FULL: "found all within reach full",
        CUT_OFF: "were still at home when the front was there",
        TOO_FAR: "have none within walking distance",
    }
    numbers = {text: counts[f"walk_people_{status}"] for status, text in words.items()}
    left = ", ".join(f"{number:,} {text}" for text, number in numbers.items() if number)
    homes = counted(counts["walk_households"], "household")
    people = f"{counted(counts['walk_people'], 'person', 'people')} of {homes} without a car"
    text = f"{counts['walk_people_in_refuge']:,} of {people} walk to a refuge"
    return [f"{text}; {left}" if left else text]
