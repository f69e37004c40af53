"""When a front crosses a trigger line, when people see it, and who leaves for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer

from crossing import EXITS, make_homes, make_net, scenario
from evac.demand import build_demand
from evac.demand.orders import NORMAL_RULES, Orders, Watching, orders_of, staying
from evac.errors import DataError, ScenarioError
from evac.hazards.arrivals import front_of
from evac.hazards.sight import crosses_s, seen_s
from evac.plans.people import EvacuateOnly, Phase
from evac.plans.reading import LoadedAction
from evac.schema.demand import AllAtOnce, Compliance, Warned
from evac.schema.hazard import Hazard
from evac.study.warned import under_warning
from hazard_files import EAST_M, NORTH_M, write_features, write_raster

HOUSEHOLDS = 400
AT_ONCE = AllAtOnce(form="all_at_once", at_min=0.0)


@pytest.fixture
def hazard(tmp_path: Path) -> Hazard:
    """A front that runs east at 25 m a minute, and is at x = 0 after 10 minutes."""
    file = write_raster(tmp_path / "toa.tif", lambda x, _: 10.0 + np.maximum(x, -200.0) / 25.0, nodata=-1e6)
    settings = {"name": "Fire", "arrival": {"form": "raster", "file": file, "unit": "minutes"}}
    return Hazard.model_validate(settings)


def _lonlat(x: list[float], y: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    moved = Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True)
    lon, lat = moved.transform(np.array(x) + EAST_M, np.full(len(x), y + NORTH_M))
    return np.asarray(lon), np.asarray(lat)


def _phase(trigger: Path, **settings: Any) -> LoadedAction:
    phase = Phase.model_validate({"do": "phase", "zones": ["A"], "trigger": trigger, **settings})
    return LoadedAction(phase, "plan.yaml: actions.0", "A leaves")


def _reached(pace: float = 1.0) -> Any:
    return SimpleNamespace(pace=pace, arrival_s={"ab": 7200.0})


@pytest.mark.parametrize("shape", [shapely.LineString([(1500, -100), (1500, 900)]), shapely.box(1500, 0, 2500, 900)])
def test_a_trigger_is_crossed_when_the_front_gets_there(hazard: Hazard, tmp_path: Path, shape: Any) -> None:
    file = write_features(tmp_path / "line.geojson", [shape])
    assert crosses_s(front_of(hazard), file, None, "plan.yaml") == pytest.approx(60.0 * (10.0 + 1500.0 / 25.0), abs=30)


def test_zones_with_a_trigger_are_ordered_when_it_is_crossed(hazard: Hazard, tmp_path: Path) -> None:
    item = _phase(
        write_features(tmp_path / "line.geojson", [shapely.LineString([(1000, 0), (1000, 900)])]), offset_min=5
    )
    homes = pd.DataFrame({"household": [], "street_lon": [], "street_lat": []})
    for pace in (1.0, 0.7):
        found = under_warning(orders_of([item.action]), [item], hazard, _reached(pace), homes=homes, end_h=4.0)
        assert found.phases[0].offset_min == pytest.approx(5.0 + pace * 50.0, abs=0.5)


def test_a_trigger_that_is_never_crossed_or_has_no_hazard_is_refused(hazard: Hazard, tmp_path: Path) -> None:
    file = write_raster(tmp_path / "part.tif", lambda x, _: np.where(x < 500.0, 10.0 + x / 25.0, np.nan), nodata=-1e6)
    part = hazard.model_copy(update={"arrival": hazard.arrival.model_copy(update={"file": file})})
    item = _phase(write_features(tmp_path / "line.geojson", [shapely.LineString([(1000, 0), (1000, 900)])]))
    homes = pd.DataFrame({"household": [], "street_lon": [], "street_lat": []})
    with pytest.raises(ScenarioError, match=r"the front never crosses line\.geojson"):
        under_warning(orders_of([item.action]), [item], part, _reached(), homes=homes, end_h=4.0)
    with pytest.raises(ScenarioError, match="the scenario has no section 'hazard'"):
        under_warning(orders_of([item.action]), [item], None, None, homes=homes, end_h=4.0)
    with pytest.raises(
        ScenarioError, match=r"crosses line\.geojson 50 min after the order; the simulation ends after 0\.5"
    ):
        under_warning(orders_of([item.action]), [item], hazard, _reached(), homes=homes, end_h=0.5)
    with pytest.raises(DataError, match="there is no such file"):
        crosses_s(front_of(hazard), tmp_path / "none.geojson", None, "plan.yaml")


def test_people_see_the_front_from_afar(hazard: Hazard) -> None:
    lon, lat = _lonlat([2000.0, 3000.0])
    found = seen_s(front_of(hazard), None, lon, lat, front_within_m=500.0, optical_density_per_m=0.02)
    assert found == pytest.approx([60.0 * (10.0 + 1500.0 / 25.0), 60.0 * (10.0 + 2500.0 / 25.0)], abs=60)


def _demand(net: Any, orders: Orders, **changes: Any) -> pd.DataFrame:
    model = scenario(**changes)
    return build_demand(
        make_homes(HOUSEHOLDS),
        vehicles_per_household=1.0,
        departure=model.departures[0],
        seed=1,
        scenario=model,
        net=net,
        exits=EXITS,
        orders=orders,
    )


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return make_net(tmp_path_factory.mktemp("net"))


def test_who_sees_the_hazard_before_the_order_leaves_then(net: Any) -> None:
    """Half of the households would leave for it; those with an even number see it, after 5 minutes."""
    seen = dict.fromkeys(range(0, HOUSEHOLDS, 2), 300.0)
    usual, found = _demand(net, NORMAL_RULES), _demand(net, Orders(watching=Watching(0.5, AT_ONCE, seen)))
    assert (found["vehicle"] == usual["vehicle"]).all()
    earlier = found["departure_s"] < usual["departure_s"]
    assert (found.loc[earlier, "departure_s"] == 300.0).all()
    assert (found.loc[earlier, "household"] % 2 == 0).all()
    assert (found.loc[~earlier, "departure_s"] == usual.loc[~earlier, "departure_s"]).all()
    could = (usual["household"] % 2 == 0) & (usual["departure_s"] > 300.0)
    assert earlier[could].mean() == pytest.approx(0.5, abs=0.1)


def test_who_is_not_ordered_or_defies_leaves_only_when_seeing_it(net: Any) -> None:
    seen = dict.fromkeys(range(HOUSEHOLDS), 3000.0)
    watching = Watching(0.4, AT_ONCE, seen)
    only = orders_of([EvacuateOnly(do="evacuate_only", zones=("west",))])
    found = _demand(net, replace(only, watching=watching))
    unasked = found[~found["ordered"]]
    others = int((make_homes(HOUSEHOLDS)["zone"] == "main").sum())
    assert len(unasked) == pytest.approx(0.4 * others, abs=0.1 * others)
    assert (unasked["departure_s"] == 3000.0).all()
    zones = make_homes(HOUSEHOLDS)["zone"]
    nobody = Compliance(share=0.0)
    defying = staying(zones, 1.0, 1, Orders(watching=watching), nobody).households_defying
    assert defying == pytest.approx(0.6 * HOUSEHOLDS, abs=0.1 * HOUSEHOLDS)
    late = _demand(net, Orders(watching=watching), compliance=nobody.model_dump())
    assert len(late) == HOUSEHOLDS - defying
    assert (late["departure_s"] == 3000.0).all()


def test_a_warning_from_door_to_door_takes_its_teams_turn_by_turn() -> None:
    spread = Warned(form="warned", by="door_to_door", households=120, teams=4, minutes_a_house=3.0).spread
    assert spread.model_dump() == {"form": "uniform", "from_min": 0.0, "until_min": 90.0}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"by": "door_to_door", "teams": 3}, "needs 'households', 'teams' and 'minutes_a_house'"),
        ({"by": "siren", "teams": 3}, "'teams' is for 'door_to_door'"),
    ],
)
def test_a_warning_that_makes_no_sense_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Warned.model_validate({"form": "warned", **settings})
