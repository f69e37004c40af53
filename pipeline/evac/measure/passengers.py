"""What became of the people who have no car: which bus took them, when they were out, who was left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evac import clock
from evac.counted import counted
from evac.demand.buses import BusService
from evac.errors import SimulationError
from evac.measure.stranded import Ending


def passenger_results(service: BusService, trips_file: Path, trips: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `tables.PASSENGERS`, one for each household without a car.

    Parameters
    ----------
    service
        The buses and the people of the run.
    trips_file
        Its `buses.json`.
    trips
        `measure.trips.read_trips` of the run: a bus is out when it arrives.

    Raises
    ------
    SimulationError
        The file is none, or has people twice or people whom the demand doesn't know.
    """
    out_s = trips.set_index("vehicle")["arrived_s"]
    try:
        rows = [
            (int(household), str(trip["bus"]), float(boarded_s), float(out_s.get(trip["bus"], np.nan)))
            for trip in json.loads(trips_file.read_text())
            for household, boarded_s in trip["boarded"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SimulationError(f"{trips_file}: is no list of buses' trips ({error!r}); run it again") from error
    boarded = pd.DataFrame(rows, columns=["household", "bus", "boarded_s", "evacuated_s"])
    strange = set(boarded["household"]) - set(service.passengers["household"])
    if boarded["household"].duplicated().any() or strange:
        raise SimulationError(f"{trips_file}: has people twice, or people whom nobody planned; run it again")
    done = service.passengers.merge(boarded, on="household", how="left", validate="1:1")
    states = [done["stop"].isna(), done["evacuated_s"].notna(), done["bus"].notna()]
    done["status"] = np.select(states, ["no_stop", "evacuated", "aboard"], default="waiting")
    return done


def stranded_buses(trips_file: Path, ending: Ending) -> pd.DataFrame:
    """Return the buses that more time wouldn't have helped: `bus`, `edge` where each stands, `people` in it.

    They stand on the road for good, as the cars of `stranded` do. A bus that waits for people at its stop doesn't.

    Parameters
    ----------
    trips_file
        The run's `buses.json`.
    ending
        How it ended.

    Raises
    ------
    SimulationError
        The file is none.
    """
    try:
        rows = [
            (str(trip["bus"]), ending.left[trip["bus"]][0], int(trip["people"]))
            for trip in json.loads(trips_file.read_text())
            if (trip["at_stop_s"] is None or trip["left_stop_s"] is not None) and ending.stands_for_good(trip["bus"])
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SimulationError(f"{trips_file}: is no list of buses' trips ({error!r}); run it again") from error
    return pd.DataFrame(rows, columns=["bus", "edge", "people"]).astype({"edge": str, "people": int})


def passenger_counts(done: pd.DataFrame) -> dict[str, Any]:
    """Count people and what became of them, for the ledger; times are of those who are out.

    The wait is from being at the stop until getting in, mean and longest over people (s).
    """
    people = done["people"]
    out = done["status"] == "evacuated"
    waited_s = (done["boarded_s"] - done["at_stop_s"])[out]
    weights = people[out]
    return {
        "bus_households": len(done),
        "bus_people": int(people.sum()),
        "bus_people_evacuated": int(people[out].sum()),
        "bus_people_aboard": int(people[done["status"] == "aboard"].sum()),
        "bus_people_waiting": int(people[done["status"] == "waiting"].sum()),
        "bus_people_no_stop": int(people[done["status"] == "no_stop"].sum()),
        "bus_trips": int(done["bus"].nunique()),
        "bus_wait_mean_s": round(float(np.average(waited_s, weights=weights)), 1) if out.any() else None,
        "bus_wait_longest_s": round(float(waited_s.max()), 1) if out.any() else None,
        "bus_last_evacuated_s": round(float(done["evacuated_s"].max()), 1) if out.any() else None,
    }


def bus_caveats(counts: Mapping[str, Any]) -> list[str]:
    """Tell what became of the people without a car: they are in no clearance time of vehicles."""
    if not counts["bus_people"]:
        return ["the scenario has buses, and no household of this case is without a car"]
    homes = counted(counts["bus_households"], "household")
    people = f"{counted(counts['bus_people'], 'person', 'people')} of {homes} without a car"
    rest = {"aboard": "still in a bus", "waiting": "still waiting for one", "no_stop": "too far from every stop"}
    numbers = {words: counts[f"bus_people_{key}"] for key, words in rest.items()}
    left = ", ".join(f"{number:,} {words}" for words, number in numbers.items() if number)
    if counts["bus_last_evacuated_s"] is None:
        return [f"none of the {people} got out by bus: {left}"]
    times = (
        f"the last {clock.clock(counts['bus_last_evacuated_s'])} after the order; they waited for a bus "
        f"{clock.span(counts['bus_wait_mean_s'])} in the mean and {clock.span(counts['bus_wait_longest_s'])} at most"
    )
    trips = counted(counts["bus_trips"], "trip")
    text = f"{counts['bus_people_evacuated']:,} of {people} got out by bus in {trips}, {times}"
    return [f"{text}; {left}" if left else text]
