"""SUMO as it comes beside the toolkit on verification tests: expected, ours, plain SUMO's, as a Markdown table.

    evac verify 09 16 17 18 20 21 22 --workspace FOLDER
    python benchmarks/plain_sumo_beside.py FOLDER

takes nets, trips and signal programs of the toolkit's own runs, and lets `sumo` drive them with its default driver, its
default insertion and all other options as they come. What differs is then the toolkit's driver and its options.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd

from evac import sumo

_HOUR_S = 3600.0
_OF_THE_TOOLKIT = re.compile(r' (depart(Pos|Lane|Speed)|speedFactor)="[^"]*"')
_DRIVER = re.compile(r'<vType id="(\w+)"[^>]*>.*?</vType>')


def drive(run: Path, folder: Path) -> pd.DataFrame:
    """Run plain SUMO on a run's files; return a row a car: `out_s`, `drive_s`, `delay_s`."""
    routes = (run / "trips.rou.xml").read_text(encoding="utf-8")
    plain = _DRIVER.sub(r'<vType id="\1" vClass="passenger"/>', _OF_THE_TOOLKIT.sub("", routes))
    (folder / "trips.rou.xml").write_text(plain, encoding="utf-8")
    given = ET.parse(run / "run.sumocfg").getroot()  # noqa: S314  our own
    value = {element.tag: element.attrib["value"] for element in given.iter() if "value" in element.attrib}
    additional = ",".join(str(run / name) for name in value["additional-files"].split(","))
    sumo.run(
        "sumo",
        [
            "--net-file", (run / value["net-file"]).resolve(), "--route-files", "trips.rou.xml",
            "--additional-files", additional, "--end", "14400", "--no-step-log", "--tripinfo-output", "out.xml",
        ],
        cwd=folder,
    )  # fmt: skip
    rows = [
        (float(item.attrib["arrival"]), float(item.attrib["duration"]), float(item.attrib["timeLoss"]) + _wait(item))
        for item in ET.parse(folder / "out.xml").getroot()  # noqa: S314  SUMO's own
    ]
    return pd.DataFrame(rows, columns=["out_s", "drive_s", "delay_s"])


def _wait(trip: ET.Element) -> float:
    return float(trip.attrib["departDelay"])


def measure(cars: pd.DataFrame, name: str) -> float:
    """Return a measure of the suite."""
    out_s = np.sort(cars["out_s"])
    first, last = int(0.2 * len(out_s)), int(0.8 * len(out_s)) - 1
    return {
        "drive_mean_s": float(cars["drive_s"].mean()),
        "delay_mean_s": float(cars["delay_s"].mean()),
        "clearance_min": float(out_s[-1]) / 60,
        "flow_veh_per_h": float((last - first) / (out_s[last] - out_s[first]) * _HOUR_S),
    }[name]


def main() -> None:
    """Run SUMO and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    workspace = parser.parse_args().workspace.resolve()
    ours = pd.read_csv(workspace / "reports" / "verification" / "verification.csv")
    print("| test | measure | expected | toolkit | plain SUMO |\n|---|---|---:|---:|---:|")
    for record in sorted((workspace / ".evac" / "studies").glob("*.json")):
        study = json.loads(record.read_text(encoding="utf-8"))
        for job in study["runs"]:
            with tempfile.TemporaryDirectory() as folder:
                cars = drive(workspace / ".evac" / "runs" / job["job"], Path(folder))
            for row in ours[ours["test"] == study["place"]].itertuples():
                name = str(row.measure).split()[0]
                if name in ("drive_mean_s", "delay_mean_s", "clearance_min", "flow_veh_per_h"):
                    print(
                        f"| {row.test} | `{name}` | {row.expected:,.4g} | {row.got:,.4g} | {measure(cars, name):,.4g} |"
                    )


if __name__ == "__main__":
    main()
