"""SUMO as it comes beside the toolkit on verification tests: expected, ours, plain SUMO's, as a Markdown table.

    evac verify 09 16 17 18 20 21 22 31 37 39 --workspace FOLDER
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

import pandas as pd

from evac import sumo
from evac.verify import load_tests
from evac.verify.measures import MEASURES
from evac.verify.running import suite_folder

_MEASURED = ("drive_mean_s", "delay_mean_s", "clearance_min", "flow_veh_per_h", "out_veh")
_OF_THE_TOOLKIT = re.compile(r' (depart(Pos|Lane|Speed)|speedFactor)="[^"]*"')
_DRIVER = re.compile(r'<vType id="(driver\w*)"[^>]*/>')


def drive(run: Path, folder: Path) -> pd.DataFrame:
    """Run plain SUMO on a run's files; return the run's table of vehicles with what plain SUMO makes of each."""
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
    trips = [item.attrib for item in ET.parse(folder / "out.xml").getroot()]  # noqa: S314  SUMO's own
    cars = pd.DataFrame(
        {
            "vehicle": [trip["id"] for trip in trips],
            "evacuated_s": [float(trip["arrival"]) for trip in trips],
            "entered_s": [float(trip["depart"]) for trip in trips],
            "delay_s": [float(trip["timeLoss"]) + float(trip["departDelay"]) for trip in trips],
        }
    )
    table = pd.read_parquet(run / "vehicles.parquet").drop(columns=["evacuated_s", "entered_s", "delay_s"])
    return table.merge(cars, on="vehicle", how="left")


def main() -> None:
    """Run SUMO and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    workspace = parser.parse_args().workspace.resolve()
    print("| test | measure | expected | toolkit | plain SUMO |\n|---|---|---:|---:|---:|")
    for record in sorted((workspace / ".evac" / "studies").glob("*.json")):
        study = json.loads(record.read_text(encoding="utf-8"))
        (test,) = load_tests(suite_folder(), [study["place"]])
        for job in study["runs"]:
            run = workspace / ".evac" / "runs" / job["job"]
            plan = Path(json.loads((run / "job.json").read_text())["case"]["plan"]).stem
            asked = [item for item in test.model.expect if item.measure in _MEASURED and item.plan == plan]
            ours = pd.read_parquet(run / "vehicles.parquet")
            with tempfile.TemporaryDirectory() as folder:
                theirs = drive(run, Path(folder)) if asked else ours
            for item in asked:
                got = [f"{MEASURES[item.measure](table, item):,.4g}" for table in (ours, theirs)]
                print(f"| {test.name} | `{item.words}` | {item.value:,.4g} | {' | '.join(got)} |")


if __name__ == "__main__":
    main()
