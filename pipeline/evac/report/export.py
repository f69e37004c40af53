"""One run handed on: a folder that plain SUMO runs by itself, and its streets over time as a GeoPackage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd

from evac.files import whole_directory, write_bytes, write_text
from evac.report import gis

_CONFIGURATION = "run.sumocfg"
_NET = "net.net.xml"
_RESULTS = ("vehicles.parquet", "curve.parquet", "bottlenecks.parquet", "edges.parquet", "ledger.json", "manifest.json")
_ABOUT = """\
A run of evac, for plain SUMO {version}.

    sumo -c run.sumocfg          (or sumo-gui -c run.sumocfg)

run.sumocfg writes nothing; add --tripinfo-output, --summary-output and so on for what you need.
results/ has what evac measured in this run (docs/results.md of the toolkit explains each column).
run.gpkg has the streets every five minutes, for GIS.

{differences}
"""


def export_run(run: Path, target: Path, edges: gpd.GeoDataFrame) -> Path:
    """Write a run as a folder of its own, which replaces nothing: inputs for plain SUMO, results, and a GeoPackage.

    Parameters
    ----------
    run
        The run directory.
    target
        The new folder.
    edges
        The edges of the run's net, as `ReportInput.edges`.

    Raises
    ------
    FileExistsError
        The folder is there already.
    """
    if target.exists():
        raise FileExistsError(target)
    with whole_directory(target) as folder:
        _write_inputs(run, folder)
        (folder / "results").mkdir()
        for name in _RESULTS:
            shutil.copy(run / name, folder / "results" / name)
        write_bytes(folder / "run.gpkg", gis.geopackage({"streets_by_time": _streets(run, edges)}))
        write_text(folder / "README.txt", _about(run))
    return target


def _write_inputs(run: Path, folder: Path) -> None:
    """Copy the run's own inputs and its net, and a configuration that refers to nothing outside of the folder."""
    tree = ET.parse(run / _CONFIGURATION)  # noqa: S314 - we wrote it
    for element in tree.getroot():
        names = element.get("value", "").split(",")
        if element.tag == "net-file":
            shutil.copy(run / names[0], folder / _NET)
            element.set("value", _NET)
        elif element.tag in ("route-files", "additional-files"):
            for name in names:
                shutil.copy(run / name, folder / name)
    tree.write(folder / _CONFIGURATION, encoding="utf-8", xml_declaration=True)


def _streets(run: Path, edges: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    table = pd.read_parquet(run / "edges.parquet").astype({"edge": str})
    return edges.merge(table, on="edge").sort_values(["edge", "from_s"], ignore_index=True)


def _about(run: Path) -> str:
    job: Mapping[str, Any] = json.loads((run / "job.json").read_text())
    gridlock = len(json.loads((run / "gridlock.json").read_text()))
    controls = len(json.loads((run / "controls.json").read_text()))
    told = [f"- {controls} things that the plan does during the run (lanes, signals, diversions)"] if controls else []
    told += [f"- {gridlock} gridlocks that evac resolved"] if gridlock else []
    words = (
        "Plain SUMO leaves out what evac did from outside while the simulation ran, so its results differ here:\n"
        + "\n".join(told)
        if told
        else "Nothing was done from outside while the simulation ran: plain SUMO gives the same movement."
    )
    return _ABOUT.format(version=job["versions"]["sumo"], differences=words)
