"""Programs of signals as packets of cars need them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from evac.network.signal_programs import for_packets

FIXED = (
    '<tlLogic id="a" type="static" programID="p" offset="3"><phase duration="20" state="Gr"/>'
    '<phase duration="3" state="yr"/><phase duration="30" state="rG"/><phase duration="3" state="ru"/></tlLogic>'
)
OFFICER = (
    '<tlLogic id="b" type="static" programID="o"><phase duration="1e6" state="Gr" name="stage 0"/>'
    '<phase duration="4" state="yr" name="stage 0 to 1" next="1"/></tlLogic>'
)
ACTUATED = (
    '<tlLogic id="c" type="actuated" programID="q"><phase duration="9" minDur="5" maxDur="50" state="Gy"/></tlLogic>'
)


def _programs(text: str) -> dict[str, ET.Element]:
    return {program.attrib["id"]: program for program in ET.fromstring(text).iter("tlLogic")}


def test_a_car_needs_no_other_programs() -> None:
    text = f"<additional>{FIXED}{ACTUATED}</additional>"
    assert for_packets(text, 1, 2.2) == text


def test_packets_have_no_yellow_longer_fixed_cycles_and_longer_gaps() -> None:
    sign = '<variableSpeedSign id="y" lanes="ru"/>'
    text = for_packets(f"<additional>{FIXED}{sign}{OFFICER}{ACTUATED}</additional>", 4, 2.2)
    assert sign in text
    programs = _programs(text)
    states = {name: [phase.attrib["state"] for phase in item.iter("phase")] for name, item in programs.items()}
    assert states == {"a": ["Gr", "rr", "rG", "rr"], "b": ["Gr", "rr"], "c": ["Gr"]}
    # A green of a fixed program has room for twice as many; an officer ends his himself, and walks no slower.
    lasts = {name: [float(phase.attrib["duration"]) for phase in item.iter("phase")] for name, item in programs.items()}
    assert lasts == {"a": [40.0, 6.0, 60.0, 6.0], "b": [1e6, 4.0], "c": [9.0]}
    (gap,) = programs["c"].iter("param")
    assert (gap.attrib["key"], float(gap.attrib["value"])) == ("max-gap", 9.6)
    assert programs["b"].find("phase").attrib["name"] == "stage 0"


def test_packets_of_two_leave_fixed_times_as_they_are() -> None:
    program = _programs(for_packets(f"<additional>{FIXED}</additional>", 2, 2.2))["a"]
    assert [float(phase.attrib["duration"]) for phase in program.iter("phase")] == [20.0, 3.0, 30.0, 3.0]
