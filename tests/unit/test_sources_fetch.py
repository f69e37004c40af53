"""What the fetch layer does when a service fails: it asks again and is right, or has a clear last word."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evac.errors import DataError, SourceError
from evac.sources import Endpoints, Patience, fetch_blocks, fetch_map, find_area, is_in_us
from evac.sources.fetch import ask
from evac.sources.overpass import SERVER_TIMEOUT_S
from evac.sources.transfer import Question
from loopback import (
    QUICK,
    TOWN,
    Failure,
    Server,
    breaks_off,
    breaks_off_compressed,
    breaks_off_unnoticed,
    busy,
    empty,
    gateway_timeout,
    gives_up,
    reports_error,
    serve,
    slow,
    small_world,
    web_page,
)

Client = Callable[[Server, Path, Patience], Any]
FAILURES: dict[str, tuple[Failure, str]] = {
    "429": (busy(), "status 429 Too Many Requests"),
    "429 with Retry-After": (busy("0"), "status 429 Too Many Requests"),
    "504": (gateway_timeout, "The server is probably too busy"),
    "body breaks off": (breaks_off, "broke off after"),
    "body breaks off unnoticed": (breaks_off_unnoticed, "breaks off"),
    "compressed body breaks off": (breaks_off_compressed, "breaks off"),
    "empty": (empty, "the answer is empty"),
    "web page": (web_page, "a web page instead of data: 'Sign in Please sign in to the guest network.'"),
}


def _quiet(_: str) -> None:
    pass


def _area(server: Server, cache: Path, patience: Patience) -> Any:
    return find_area("Testville", server.endpoints, cache, patience=patience).geometry.wkt


def _map(server: Server, cache: Path, patience: Patience) -> Any:
    fetched = fetch_map(TOWN, TOWN, cache / "map.osm.pbf", server.endpoints, cache, tell=_quiet, patience=patience)
    return fetched.counts


def _blocks(server: Server, cache: Path, patience: Patience) -> Any:
    return (
        fetch_blocks(TOWN, server.endpoints, cache, tell=_quiet, patience=patience)
        .zones.drop(columns="geometry")
        .to_csv()
    )


CLIENTS: dict[str, Client] = {"nominatim": _area, "overpass": _map, "census": _blocks, "tigerweb": _blocks}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(small_world(tmp_path_factory.mktemp("world"))) as server:
        yield server


@pytest.fixture
def server(world: Server) -> Server:
    world.recovers()
    world.questions.clear()
    return world


@pytest.fixture(scope="module")
def right(world: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    world.recovers()
    return {name: client(world, tmp_path_factory.mktemp(name), QUICK) for name, client in CLIENTS.items()}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("service", CLIENTS)
def test_asks_again_and_is_right(
    service: str, failure: str, server: Server, right: dict[str, Any], tmp_path: Path
) -> None:
    server.fails(service, FAILURES[failure][0])
    assert CLIENTS[service](server, tmp_path, QUICK) == right[service]
    assert server.repeated(service) == 1


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("service", CLIENTS)
def test_has_a_clear_last_word(service: str, failure: str, server: Server, tmp_path: Path) -> None:
    how, words = FAILURES[failure]
    server.always_fails(service, how)
    with pytest.raises(SourceError) as caught:
        CLIENTS[service](server, tmp_path, replace(QUICK, retries=1))
    text = str(caught.value)
    assert text.startswith(f"{service} ({server.url}/{service}")
    assert words in text
    assert "2 times in" in text
    assert f"EVAC_{service.upper()}_URL=" in text
    assert caught.value.exit_code == 1
    assert not (tmp_path / "map.osm.pbf").exists()
    for kept in (tmp_path / "fetched").iterdir():  # of the other services; nothing half-written
        assert json.loads((kept / "about.json").read_text())["service"] != service


def test_overpass_that_gives_up_with_status_200_is_asked_again(
    server: Server, right: dict[str, Any], tmp_path: Path
) -> None:
    server.fails("overpass", None, gives_up)
    assert _map(server, tmp_path, QUICK) == right["overpass"]
    server.always_fails("overpass", gives_up)
    with pytest.raises(SourceError, match="the server gave up: 'runtime error: Query timed out"):
        _map(server, tmp_path / "again", QUICK)


def test_an_error_of_arcgis_with_status_200_is_asked_again_if_it_may_pass(
    server: Server, right: dict[str, Any], tmp_path: Path
) -> None:
    server.fails("tigerweb", None, reports_error(500))
    assert _blocks(server, tmp_path, QUICK) == right["tigerweb"]
    server.always_fails("tigerweb", reports_error(400))
    with pytest.raises(
        SourceError, match=r"once in \d+ s: the server reports error 400: Error performing query operation"
    ):
        _blocks(server, tmp_path / "again", QUICK)


def test_waits_as_long_as_retry_after_says(server: Server, tmp_path: Path) -> None:
    server.fails("nominatim", busy("1"))
    told: list[str] = []
    started = time.monotonic()
    ask(_question(server), tmp_path, lambda _: None, patience=QUICK, tell=told.append)
    assert time.monotonic() - started >= 1.0
    assert told == [
        "nominatim: status 429 Too Many Requests ('<html><body>Too Many Requests</body></html>'); asking again in 1 s"
    ]


def test_a_server_that_wants_too_long_a_pause_isnt_waited_for(server: Server, tmp_path: Path) -> None:
    server.always_fails("nominatim", busy("3600"))
    started = time.monotonic()
    with pytest.raises(SourceError, match=r"the next try, in 3600 s, would be beyond the 60 s it may take"):
        _area(server, tmp_path, QUICK)
    assert time.monotonic() - started < 10.0


def test_busy_overpass_is_asked_for_its_next_slot(server: Server, tmp_path: Path) -> None:
    server.fails("overpass", busy())
    told: list[str] = []
    fetch_map(TOWN, TOWN, tmp_path / "map.osm.pbf", server.endpoints, tmp_path, tell=told.append, patience=QUICK)
    assert server.asked("overpass", "/status") == 1
    assert told[0].endswith("asking again in 1 s")


def test_slow_bytes_end_at_the_deadline(server: Server, tmp_path: Path) -> None:
    server.always_fails("overpass", slow(30.0, pieces=300))
    started = time.monotonic()
    with pytest.raises(SourceError, match=r"came too slowly: [\d,]+ bytes when time was up"):
        _map(server, tmp_path, replace(QUICK, total_s=1.0))
    assert time.monotonic() - started < 15.0


def test_silence_ends_at_the_read_timeout(server: Server, tmp_path: Path) -> None:
    server.always_fails("overpass", slow(10.0, pieces=2))
    with pytest.raises(SourceError, match=r"broke off after [\d,]+ bytes \(.*timed out"):
        _map(server, tmp_path, replace(QUICK, read_s=0.2, retries=1))


def test_slow_bytes_in_time_are_fine(server: Server, right: dict[str, Any], tmp_path: Path) -> None:
    server.fails("overpass", slow(1.0))
    assert _map(server, tmp_path, QUICK) == right["overpass"]


def test_nobody_there_is_told_soon(tmp_path: Path) -> None:
    nowhere = Endpoints(nominatim="http://127.0.0.1:9")
    with pytest.raises(SourceError, match=r"3 times in \d s: no connection \(.*refused"):
        find_area("Testville", nowhere, tmp_path, patience=replace(QUICK, retries=5))


def test_a_wrong_address_isnt_asked_again(server: Server, tmp_path: Path) -> None:
    wrong = replace(server.endpoints, nominatim=f"{server.url}/nothing-here")
    with pytest.raises(SourceError, match=r"once in \d s: status 404 Not Found"):
        find_area("Testville", wrong, tmp_path, patience=QUICK)


@pytest.mark.parametrize("service", CLIENTS)
def test_a_second_start_asks_nothing(service: str, server: Server, right: dict[str, Any], tmp_path: Path) -> None:
    CLIENTS[service](server, tmp_path, QUICK)
    server.questions.clear()
    assert CLIENTS[service](server, tmp_path, QUICK) == right[service]
    assert server.questions == []


def test_a_second_start_after_a_failure_asks_only_for_what_is_missing(
    server: Server, right: dict[str, Any], tmp_path: Path
) -> None:
    server.fails("overpass", None, None, None, *[gateway_timeout] * 3)
    with pytest.raises(SourceError, match="tile 4 of 8"):
        _map(server, tmp_path, QUICK)
    server.recovers()
    server.questions.clear()
    assert _map(server, tmp_path, QUICK) == right["overpass"]
    assert server.asked("overpass") == 5


def test_user_agent_names_the_toolkit(server: Server, tmp_path: Path) -> None:
    _area(server, tmp_path, QUICK)
    assert all(agent.startswith("evac/") for agent in server.user_agents)


def test_overpass_may_think_as_long_as_it_is_allowed_to() -> None:
    assert Patience().read_s > SERVER_TIMEOUT_S


def test_endpoints_from_the_environment(server: Server) -> None:
    assert Endpoints.from_environment(server.environment()) == server.endpoints
    assert Endpoints.from_environment({}) == Endpoints()
    assert Endpoints.from_environment({"EVAC_OVERPASS_URL": " https://mirror/api/ "}).overpass == "https://mirror/api"
    with pytest.raises(DataError, match=r"EVAC_CENSUS_URL: found 'api.census.gov', expected an address"):
        Endpoints.from_environment({"EVAC_CENSUS_URL": "api.census.gov"})


def test_is_in_us_asks_nobody_far_from_the_us(server: Server, tmp_path: Path) -> None:
    liechtenstein = TOWN.__class__([(9.5, 47.1), (9.6, 47.1), (9.6, 47.2)])
    assert not is_in_us(liechtenstein, server.endpoints, tmp_path, patience=QUICK)
    assert server.questions == []


def _question(server: Server) -> Question:
    return Question("nominatim", "a place", f"{server.url}/nominatim/search", params={"q": "Testville"})
