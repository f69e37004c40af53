"""Lanes that stood because a car crashed or stalled there: which, from when to when."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import sumolib

from evac import clock
from evac.clock import MINUTE_S
from evac.counted import counted
from evac.errors import SimulationError
from evac.network.street_names import street_of
from evac.plans.places import lanes_in_words

_LISTED = 5
_COLUMNS = ("vehicle", "street", "edge", "lane", "pos_m", "driven_m", "from_s", "until_s")


def incident_results(path: Path, net: sumolib.net.Net) -> pd.DataFrame:
    """Return the rows of `tables.INCIDENTS`, by time.

    Parameters
    ----------
    path
        `incidents.json` of the run.
    net
        The net that it drove on.

    Raises
    ------
    SimulationError
        The file is no list of incidents.
    """
    try:
        rows = [{**item, "street": street_of(net.getEdge(item["edge"]))} for item in json.loads(path.read_text())]
        table = pd.DataFrame(rows, columns=list(_COLUMNS))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SimulationError(f"{path}: is no list of incidents ({error!r}); run it again") from error
    return table.astype({"until_s": float}).sort_values(["from_s", "vehicle"], ignore_index=True)


def incident_counts(incidents: pd.DataFrame, end_s: float) -> dict[str, Any]:
    """Count the incidents for the ledger: how many, and how long they took a lane in all; and where the first were."""
    stood_s = incidents["until_s"].fillna(end_s) - incidents["from_s"]
    return {
        "incidents": len(incidents),
        "incident_lane_min": round(float(stood_s.sum()) / MINUTE_S, 1),
        "incidents_at": [_where(row) for row in incidents.to_dict("records")],
    }


def _where(row: Mapping[Hashable, Any]) -> str:
    until = "the end" if pd.isna(row["until_s"]) else clock.clock(row["until_s"])
    return f"{row['street']}, {lanes_in_words([row['lane']])}: {clock.hours_minutes(row['from_s'])} to {until}"


def incident_caveats(counts: Mapping[str, Any]) -> list[str]:
    """Tell which lanes stood by chance: another seed has others."""
    if "incidents" not in counts:
        return []
    if not counts["incidents"]:
        return ["no car crashed or stalled by chance in this run; with another seed some may"]
    listed = "; ".join(counts["incidents_at"][:_LISTED])
    more = f"; and {counts['incidents'] - _LISTED:,} more" if counts["incidents"] > _LISTED else ""
    who = counted(counts["incidents"], "car")
    return [f"{who} crashed or stalled in a lane by chance ({listed}{more}); other seeds have others"]
