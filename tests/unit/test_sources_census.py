"""Census blocks with their households: totals kept, both of block groups and of vehicles; keys asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from evac.errors import CensusKeyError, DataError, SourceError
from evac.sources import CensusZones, fetch_blocks, is_in_us, write_provenance
from evac.sources.spread import VEHICLES, _deal, spread_over_blocks
from loopback import QUICK, TOWN, Server, census_grid, serve, small_world

ALL = shapely.box(-122.53, 37.97, -122.47, 38.03)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(small_world(tmp_path_factory.mktemp("world"))) as running:
        yield running


def _blocks(server: Server, cache: Path, area: shapely.Geometry = ALL, **more: Any) -> CensusZones:
    return fetch_blocks(area, server.endpoints, cache, tell=lambda _: None, patience=QUICK, **more)


def test_block_groups_have_the_households_and_vehicles_of_the_survey(server: Server, tmp_path: Path) -> None:
    zones = _blocks(server, tmp_path).zones
    assert server.world.census is not None
    groups = server.world.census.groups
    assert len(zones) == 144
    assert zones.groupby("block_group")["households"].sum().equals(groups["B25044_001E"].rename_axis("block_group"))
    for number, name in enumerate(VEHICLES):
        surveyed = groups[f"B25044_{3 + number:03d}E"] + groups[f"B25044_{10 + number:03d}E"]
        assert (zones.groupby("block_group")[name].sum() == surveyed).all()
    assert (zones[list(VEHICLES)].sum(axis=1) == zones["households"]).all()


def test_blocks_keep_their_share_of_the_census_count(server: Server, tmp_path: Path) -> None:
    zones = _blocks(server, tmp_path).zones
    growth = zones.groupby("block_group")[["households", "households_counted"]].transform("sum")
    quota = zones["households_counted"] * growth["households"] / growth["households_counted"]
    assert (abs(zones["households"] - quota) < 1.0).all()
    assert (zones.loc[zones["households_counted"] == 0, "households"] == 0).all()


def test_only_blocks_that_overlap_the_area_and_all_pages_of_them(server: Server, tmp_path: Path) -> None:
    server.questions.clear()
    assert len(_blocks(server, tmp_path / "all").zones) == 144
    assert server.asked("tigerweb", "/query") == 4  # pages of 40
    part = _blocks(server, tmp_path / "part", TOWN).zones
    assert 0 < len(part) < 36
    assert part.intersects(TOWN).all()
    whole = _blocks(server, tmp_path / "all").zones.set_index("name")
    assert (part.set_index("name")["households"] == whole.loc[part["name"], "households"]).all()


def test_provenance_tells_counts_margin_dates_and_licence(server: Server, tmp_path: Path) -> None:
    census = _blocks(server, tmp_path)
    write_provenance(tmp_path / "PROVENANCE.md", census.provenance)
    text = (tmp_path / "PROVENANCE.md").read_text()
    assert f"{census.zones['households'].sum():,} households in these blocks" in text
    assert f"{census.zones['vehicles_0'].sum():,} of them without a vehicle" in text
    assert "± " in text
    assert "table B25044" in text
    assert "2020/dec/pl, H1_002N" in text
    assert "not endorsed or certified by the Census Bureau" in text
    assert text.count("public domain") == 3


@pytest.mark.parametrize(("key", "words"), [(None, "wants a key"), ("wrong-1234", "doesn't know the key")])
def test_says_where_to_get_a_key(key: str | None, words: str, tmp_path: Path) -> None:
    with serve(small_world(tmp_path, census_key="s3cret-k3y")) as server:
        with pytest.raises(CensusKeyError, match=words) as caught:
            _blocks(server, tmp_path / "cache", key=key)
        assert "https://api.census.gov/data/key_signup.html" in str(caught.value)
        assert "EVAC_CENSUS_KEY" in str(caught.value)
        assert caught.value.exit_code == 2
        assert server.asked("census", "/2020/dec/pl") == 1  # asking again wouldn't help
        assert len(_blocks(server, tmp_path / "cache", key="s3cret-k3y").zones) == 144
    kept = [path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert kept
    assert not any(b"s3cret" in content for content in kept)


def test_the_key_is_in_no_message(tmp_path: Path) -> None:
    world = small_world(tmp_path, census_key="s3cret-k3y")
    with serve(world) as server, pytest.raises(SourceError) as caught:
        _blocks(server, tmp_path, key="s3cret-k3y", acs_year=2022)  # which this server doesn't have
    assert "status 404" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_connecticut_stays_with_its_counties(tmp_path: Path) -> None:
    grid = census_grid((-72.8, 41.3, -72.7, 41.4), county="09009")
    with serve(small_world(tmp_path, census=grid)) as server:
        census = _blocks(server, tmp_path / "cache", shapely.box(-72.8, 41.3, -72.7, 41.4))
        assert server.asked("census", "/2021/acs/acs5") == 1
    assert "2017-2021" in census.provenance[-1].source


@pytest.mark.parametrize(
    ("years", "words"),
    [
        ({"year": 2000}, "found 2000, expected 2010 or 2020"),
        ({"acs_year": 2018}, "in the ACS of 2020 or later"),
        ({"year": 2010, "acs_year": 2023}, "in the ACS of 2013 to 2019"),
    ],
)
def test_years_that_dont_fit_are_refused(years: dict[str, int], words: str, server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words):
        _blocks(server, tmp_path, **years)


def test_no_block_anywhere_is_an_error(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no US census block"):
        _blocks(server, tmp_path, shapely.box(-121.0, 36.0, -120.9, 36.1))


def test_the_state_around_an_area_tells_whether_it_is_in_the_us(server: Server, tmp_path: Path) -> None:
    assert is_in_us(TOWN, server.endpoints, tmp_path, patience=QUICK)
    mexico = shapely.box(-115.0, 31.0, -114.9, 31.1)
    assert not is_in_us(mexico, server.endpoints, tmp_path, patience=QUICK)


def _table(occupied: list[int], units: list[int] | None = None) -> pd.DataFrame:
    names = [f"06041010000100{n}" for n in range(len(occupied))]
    return pd.DataFrame(
        {"name": names, "block_group": "060410100001", "units": units or occupied, "occupied": occupied}
    )


def _group(*vehicles: int) -> pd.DataFrame:
    row = {"total": sum(vehicles), **dict(zip(VEHICLES, vehicles, strict=True))}
    return pd.DataFrame([row], index=["060410100001"])


def test_a_block_group_that_the_survey_missed_keeps_its_count() -> None:
    usual = _group(1, 3, 4, 1, 1, 0).rename(index={"060410100001": "060410100002"})
    found = spread_over_blocks(_table([4, 0, 6]), pd.concat([usual, _group(0, 0, 0, 0, 0, 0)]))
    assert found["households"].tolist() == [4, 0, 6]
    assert found[list(VEHICLES)].sum().tolist() == [1, 3, 4, 1, 1, 0]  # as in the counties' other block groups
    assert spread_over_blocks(_table([4, 0, 6]), usual)["households"].tolist() == [4, 0, 6]


def test_houses_built_since_the_census_go_where_housing_is() -> None:
    assert spread_over_blocks(_table([0, 0], [1, 3]), _group(0, 8, 0, 0, 0, 0))["households"].tolist() == [2, 6]
    assert spread_over_blocks(_table([0, 0], [0, 0]), _group(0, 8, 0, 0, 0, 0))["households"].tolist() == [4, 4]


@given(
    classes=st.lists(st.integers(0, 60), min_size=6, max_size=6),
    cuts=st.lists(st.integers(0, 360), min_size=0, max_size=9),
)
def test_dealing_keeps_both_totals_and_gives_each_its_share(classes: list[int], cuts: list[int]) -> None:
    total = sum(classes)
    ends = sorted([0, *(min(cut, total) for cut in cuts), total])
    sizes = np.diff(ends)
    dealt = _deal(np.array(classes), sizes)
    assert (dealt.sum(axis=0) == classes).all()
    assert (dealt.sum(axis=1) == sizes).all()
    share = np.outer(sizes, np.array(classes) / total) if total else np.zeros_like(dealt)
    assert (abs(dealt - share) < len(classes)).all()  # a run of the row has each class to within one a class
