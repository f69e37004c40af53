"""How likely zones are to get out, as files: a table, zones for a GIS, and for the report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evac.files import write_bytes, write_text
from evac.report.hazard_answers import ANSWER
from evac.report.safe_order import json_records
from evac.report.sheets import csv_bytes
from evac.study.egress import Egress
from evac.study.prepare import Prepared


def table(found: Sequence[Egress]) -> pd.DataFrame:
    """Return a row a zone, and one for all of them: the columns of docs/hazards.md."""
    return pd.DataFrame(
        [
            {
                "zone": item.zone,
                "vehicles": item.vehicles,
                "members": item.members,
                "safe_members": item.safe_members,
                "probability": item.probability,
                "probability_low": item.interval[0],
                "probability_high": item.interval[1],
                "safe_share": item.safe_share,
                "safe_share_least": item.least_safe_share,
                "households_not_out_median": item.households_not_out[0],
                "households_not_out_most": item.households_not_out[1],
                "exposed_vehicle_min": item.exposed_vehicle_min,
            }
            for item in found
        ]
    )


def write_egress(prepared: Prepared, found: Sequence[Egress], about: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write `egress.csv` and `zones.geojson`, and return them.

    `answer.json` is for the report: `about`, which says of what the answer is, and the `zones`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = table(found)
    zones = prepared.households.zones()[["zone", "geometry"]].astype({"zone": str}).merge(rows, on="zone")
    files = [folder / "egress.csv", folder / "zones.geojson"]
    write_bytes(files[0], csv_bytes(rows))
    write_text(files[1], zones.to_json(drop_id=True) + "\n")
    content = {**about, "zones": json_records(rows)}
    write_text(folder / ANSWER, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return files
