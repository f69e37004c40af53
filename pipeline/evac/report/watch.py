"""One run in sumo-gui, with colours for an evacuation: vehicles by speed, lanes by how full they are."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

from evac import sumo
from evac.errors import InstallationError, Problem

_CONFIGURATION = "run.sumocfg"
_DELAY_MS = "20"
_SPEEDS_MPS = (("150,0,20", "0"), ("230,90,30", "3"), ("245,190,60", "8"), ("60,150,90", "14"), ("0,90,160", "25"))
"""Colours of vehicles by speed: those that stand are dark red, the fast ones blue (readable by the colour-blind)."""
_OCCUPANCY = (("225,225,225", "0"), ("245,190,60", "0.15"), ("230,90,30", "0.35"), ("110,0,35", "0.6"))
"""Colours of lanes by the share that vehicles cover."""


def view_settings() -> ET.Element:
    """Return sumo-gui's settings: light ground, lanes by occupancy, vehicles by speed, street names."""
    view = ET.Element("viewsettings")
    scheme = ET.SubElement(view, "scheme", name="evacuation")
    ET.SubElement(scheme, "background", backgroundColor="250,250,248", showGrid="0")
    edges = ET.SubElement(
        scheme, "edges", laneEdgeMode="13", laneShowBorders="1", streetName_show="1", streetName_size="40"
    )
    _scheme(edges, "by occupancy (lanewise, brutto)", _OCCUPANCY)
    vehicles = ET.SubElement(
        scheme, "vehicles", vehicleMode="6", vehicleQuality="0", vehicle_minSize="3", vehicle_exaggeration="2.5"
    )
    _scheme(vehicles, "by speed", _SPEEDS_MPS)
    ET.SubElement(view, "delay", value=_DELAY_MS)
    return view


def _scheme(parent: ET.Element, name: str, colours: tuple[tuple[str, str], ...]) -> None:
    scheme = ET.SubElement(parent, "colorScheme", name=name, interpolated="1")
    for colour, threshold in colours:
        ET.SubElement(scheme, "entry", color=colour, threshold=threshold)


def command(run: Path, settings: Path) -> list[str]:
    """Return the command that opens a run directory; its results stay as they are.

    Parameters
    ----------
    run
        The run directory.
    settings
        The file of `view_settings`.
    """
    return [
        str(sumo.binary("sumo-gui")),
        *("--configuration-file", str(run / _CONFIGURATION)),
        *("--gui-settings-file", str(settings)),
        *("--window-size", "1400,900"),
        "--start",
    ]


def watch(run: Path) -> None:
    """Open a run in sumo-gui, and wait until its window is closed.

    Raises
    ------
    InstallationError
        There is no screen, or sumo-gui can't start.
    """
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        where = "DISPLAY isn't set, so there is no screen for sumo-gui"
        raise InstallationError(Problem("evac watch", where, "log in with a desktop, or open the report's map"))
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "view.xml"
        ET.ElementTree(view_settings()).write(settings, encoding="utf-8")
        done = subprocess.run(
            command(run.resolve(), settings), env=sumo.child_environment(), capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        raise sumo.failure("sumo-gui", done.returncode, done.stdout + done.stderr)
