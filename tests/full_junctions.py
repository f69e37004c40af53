"""Flows on a net without the toolkit's demand: what gets through a junction that is full."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from evac import sumo
from evac.demand import drivers
from evac.schema.driving import Traffic

WARM_UP_S = 600.0
"""Queues have formed by then."""
END_S = 1800.0


def arrived_veh(
    traffic: Traffic, net_file: Path, flows: str, folder: Path, additional: str = "", **attributes: object
) -> dict[str, int]:
    """Return how many vehicles of each flow arrive between `WARM_UP_S` and `END_S`; nobody may collide.

    Parameters
    ----------
    traffic
        Right of way.
    net_file
        The net.
    flows
        `<flow>` elements of the type `d`; only ids without a dot.
    folder
        Where inputs and outputs go.
    additional
        Elements of an additional file.
    **attributes
        Of the vehicle type, beside those of the normal driver.
    """
    given = {**drivers.vtype_attributes("normal"), **drivers.right_of_way_attributes(traffic), **attributes}
    vtype = " ".join(f'{key}="{value}"' for key, value in given.items())
    (folder / "r.rou.xml").write_text(f'<routes><vType id="d" {vtype}/>{flows}</routes>')
    (folder / "p.add.xml").write_text(f"<additional>{additional}</additional>")
    inputs = ["-n", str(net_file), "-r", "r.rou.xml", "-a", "p.add.xml", "--end", f"{END_S:g}"]
    options = ["--time-to-teleport", "-1", "--collision.action", "warn", *drivers.right_of_way_options(traffic)]
    outputs = ["--tripinfo-output", "t.xml", "--statistic-output", "s.xml", "--no-warnings", "--no-step-log"]
    sumo.run("sumo", [*inputs, *options, *outputs], cwd=folder)
    safety = ET.parse(folder / "s.xml").getroot().find("safety")
    assert safety is not None
    assert safety.attrib["collisions"] == "0"
    late = [trip["id"].split(".")[0] for trip in trips_of(folder) if float(trip["arrival"]) > WARM_UP_S]
    names = [flow.attrib["id"] for flow in ET.fromstring(f"<flows>{flows}</flows>")]
    return {name: late.count(name) for name in names}


def per_hour(counts: dict[str, int]) -> dict[str, float]:
    """Return counts of `arrived_veh` as vehicles an hour."""
    return {name: count * 3600.0 / (END_S - WARM_UP_S) for name, count in counts.items()}


def trips_of(folder: Path) -> list[dict[str, str]]:
    """Return SUMO's attributes of each trip that ended, from the run in a folder."""
    return [item.attrib for item in ET.parse(folder / "t.xml").getroot().iter("tripinfo")]
