"""What the report says of the map: each correction and forbidden exit of the scenario with its reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from evac.report.assumptions import _changes_to_the_map, assumptions
from evac.schema.scenario import Scenario
from report_data import report_input


def test_every_change_to_the_map_is_told_with_its_reason() -> None:
    scenario = Scenario.model_validate(
        {
            "name": "Town",
            "osm": {
                "file": "roads.osm",
                "corrections": [
                    {"street": "Main Street", "tags": {"lanes": 4, "maxspeed": None}, "because": "counted"},
                    {"way": 12, "tags": {"access": "no"}, "because": "leads nowhere"},
                ],
            },
            "households": {"zones": {"file": "zones.geojson", "count": "households"}},
            "forbidden_exits": [
                {"name": "Hill", "street": "Hill Road", "point": {"lat": 47, "lon": 9}, "because": "it burns"}
            ],
        }
    )
    assert _changes_to_the_map(scenario) == [
        ("Map corrected", "“Main Street”: lanes 4, maxspeed taken away; because counted"),
        ("Map corrected", "way 12: access no; because leads nowhere"),
        ("Forbidden exit", "nobody leaves by Hill: it burns"),
    ]


def test_a_net_without_signals_has_no_guessed_programs(tmp_path: Path) -> None:
    given = report_input(tmp_path)
    assert dict(assumptions(given))["Signals"].startswith("traffic-actuated programs, guessed")
    assert dict(assumptions(replace(given, has_signals=False)))["Signals"] == "none: no junction has a signal"
