from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from evac.audit import audit_households, audit_network
from evac.audit.findings import Finding, ranked
from evac.network.exits import resolve_exits
from evac.schema.places import Exit
from placed_town import made_up_town, real_town


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return made_up_town(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def exits(town):
    return resolve_exits(town.ground(), [Exit(name="east", street="Main Street", towards="east")])


def edge_between(town, start, end):
    (edge,) = [e for e in town.net.getNode(start).getOutgoing() if e.getToNode().getID() == end]
    return edge.getID()


def audited(town, exits, weights=None, warnings=()):
    return audit_network(town.net, town.edges, list(warnings), exits, weights)


def of(findings, kind):
    return [finding for finding in findings if finding.kind == kind]


def test_homes_without_a_way_out_are_an_error_with_their_number(town, exits):
    weights = {edge_between(town, "16", "17"): 12.0, edge_between(town, "9", "5"): 88.0}
    lost = of(audited(town, exits, weights), "no_way_out")
    assert lost[0].severity == "error"
    assert "Sink Alley" in lost[0].text
    assert "12 vehicles" in lost[0].text
    assert lost[0].share == pytest.approx(0.12)
    island = next(finding for finding in lost if "Island Road" in finding.text)
    assert island.severity == "note"
    assert "joined to no road" in island.text


def test_a_guess_is_a_warning_where_much_traffic_passes_and_silent_where_none_does(town, exits):
    findings = audited(town, exits, {edge_between(town, "9", "5"): 100.0})
    guessed = {finding.text.split(" has")[0]: finding for finding in of(findings, "lanes_guessed")}
    main = next(finding for finding in guessed.values() if "Main Street" in finding.text)
    assert main.severity == "warning"
    assert main.share == pytest.approx(1.0)
    assert not any("Ring Road" in finding.text for finding in findings)
    assert not any("Main Street" in finding.text for finding in of(findings, "speed_guessed"))


def test_two_loaded_feeders_of_one_lane_are_reported(town, exits):
    weights = {edge_between(town, "7", "4"): 50.0, edge_between(town, "1", "2"): 50.0}
    merges = of(audited(town, exits, weights), "merge")
    assert any("Main Street" in item.text and "Road share 1 lane" in item.text for item in merges)


def test_much_traffic_for_a_lane_says_how_long_it_takes_at_best(town, exits):
    findings = of(audited(town, exits, {edge_between(town, "9", "5"): 3800.0}), "much_traffic_for_the_lanes")
    assert any("at least 2:00\u00a0h" in finding.text for finding in findings)
    assert of(audited(town, exits), "much_traffic_for_the_lanes") == []


def test_a_road_without_a_name_has_an_article_in_every_finding(town, exits):
    nameless = town.edges.assign(name=None, lanes_guessed=True, speed_guessed=True)
    leaving = {("9", "5"): 2000.0, ("7", "4"): 500.0, ("1", "2"): 500.0}
    weights = {edge_between(town, *ends): vehicles for ends, vehicles in leaving.items()}
    found = audit_network(town.net, nameless, [], exits, weights)
    texts = [finding.text for finding in found if "nnamed" in finding.text]
    kinds = {finding.kind for finding in found if finding.text in texts}
    assert kinds >= {"lanes_guessed", "speed_guessed", "merge", "much_traffic_for_the_lanes", "no_way_out"}
    for text in texts:
        before = [part[-3:] for part in text.replace("Unnamed", "unnamed").split("unnamed ")[:-1]]
        assert all(part in ("an ", "An ", " / ") or part[-2:-1].isdigit() for part in before), text


def test_netconverts_warnings_count_where_somebody_drives(town, exits):
    used, unused = edge_between(town, "16", "5"), edge_between(town, "1", "2")
    warnings = [{"kind": "connection_lost", "text": "", "ids": [f"{edge}_0"]} for edge in (used, unused)]
    warnings.append({"kind": "way_lost", "text": "", "ids": ["123"]})
    findings = audited(town, exits, {edge_between(town, "7", "4"): 1.0}, warnings)
    (lost,) = of(findings, "connection_lost")
    assert "Main Street" in lost.text
    assert lost.lon > 9.5
    (way,) = of(findings, "way_lost")
    assert "123" in way.text


def test_findings_lie_on_the_map_and_link_to_it(town, exits):
    findings = audited(town, exits)
    assert findings
    for finding in findings:
        assert 9.46 < finding.lon < 9.54
        assert 46.98 < finding.lat < 47.02
        assert finding.map_url.startswith("https://www.openstreetmap.org/?mlat=4")


def test_findings_are_ranked_by_effect_and_capped_by_kind():
    many = [Finding("note", "lane_drop", f"number {n}", 0.0, 0.0, n / 100) for n in range(30)]
    few = [Finding("warning", "merge", "a merge", 0.0, 0.0, 0.001)]
    shown = ranked([*many, *few])
    assert shown[0].kind == "merge"
    assert [finding.text for finding in shown[1:3]] == ["number 29", "number 28"]
    assert len(shown) == 12
    assert shown[-1].text.startswith("and 20 more")


def test_unconnected_households_are_grouped_and_graver_over_the_limit():
    households = gpd.GeoDataFrame(
        {"zone": ["A"] * 4, "connected": [True, True, False, False], "reason": [None, None, "too far", "too far"]},
        geometry=[shapely.Point(9.5, 47.0)] * 4,
        crs=4326,
    )
    (strict,) = audit_households(households, 0.005)
    (loose,) = audit_households(households, 0.6)
    assert strict.severity == "error"
    assert loose.severity == "warning"
    assert strict.text == "2 households of zone A can't be connected to a street: too far"
    assert audit_households(households[households["connected"]], 0.005) == []


@pytest.mark.real
@pytest.mark.slow
def test_the_guessed_lane_of_the_rhine_bridge_is_among_the_first_findings(tmp_path):
    town = real_town("liechtenstein/liechtenstein-2013-08-03.osm.pbf", "LI", tmp_path)
    exits = resolve_exits(town.ground(), [Exit(name="Rhine", street="Rheinbrücke")])
    findings = audit_network(town.net, town.edges, town.network.warnings(), exits)
    guessed = [finding.text for finding in of(findings, "lanes_guessed")[:3]]
    assert any("Rheinbrücke" in text and "guessed: 1" in text for text in guessed)
