"""The studio answers its own page, with its key, and nobody else."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from evac.errors import UserError
from evac.report.from_cache import Asked, write_asked
from evac.studio import assets, guard
from evac.studio.app import build_app
from evac.studio.sessions import Sessions
from evac.studio.workspace import Workspace
from studio_workspace import ADDRESS, balzers, client_of

FOREIGN = "http://example.org"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return balzers(tmp_path_factory.mktemp("workspace"))


@pytest.fixture
def client(folder: Path) -> TestClient:
    return client_of(folder)


def test_the_page_asks_for_all_of_its_scripts_at_once() -> None:
    """A browser would find them one after the other, by what each imports."""
    asked = re.findall(r'href="/page/([\w-]+\.js)"', (assets.PAGE / "index.html").read_text())
    assert asked == sorted(path.name for path in assets.PAGE.glob("*.js") if path.stem != "main")


def test_the_page_is_given_without_a_key_and_data_are_not(folder: Path) -> None:
    stranger = client_of(folder, Accept="*/*")
    assert stranger.get("/").status_code == 200
    for path in ("words", "places", "places/balzers/plans", "places/balzers/picture", "places/balzers/runs"):
        assert stranger.get(f"/api/{path}").status_code == 401
    assert client_of(folder, Authorization="Bearer wrong").get("/api/places").status_code == 401
    assert client_of(folder, Authorization="Basic Og==").get("/api/places").status_code == 401


def test_a_token_works_once(folder: Path) -> None:
    sessions = Sessions()
    token = sessions.new_token()
    client = TestClient(build_app(Workspace(folder), sessions, ["127.0.0.1:8765"]), base_url=ADDRESS)
    key = client.post("/api/session", json={"token": token}).json()["key"]
    assert client.get("/api/places", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert client.post("/api/session", json={"token": token}).status_code == 401
    assert client.post("/api/session", json={"token": "guess"}).status_code == 401
    assert client.get("/api/places", headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1", "127.0.0.1:1", "localhost.example.org:8765", ""])
def test_another_name_of_the_server_is_refused(client: TestClient, host: str) -> None:
    """Against rebinding: a page of another site whose name leads to this machine."""
    for path in ("/", "/api/places", "/page/main.js"):
        assert client.get(path, headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://127.0.0.1:9999", "https://127.0.0.1:8765"])
def test_another_site_is_refused_though_it_had_the_key(client: TestClient, origin: str) -> None:
    assert client.get("/api/places", headers={"Origin": origin}).status_code == 403
    assert client.post("/api/session", json={"token": "x"}, headers={"Origin": origin}).status_code == 403


def test_its_own_page_is_answered(client: TestClient) -> None:
    own = {"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}
    assert client.get("/api/places", headers=own).status_code == 200
    assert client.get("/api/places", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_no_site_is_told_that_it_may_read(client: TestClient) -> None:
    for path, method in (("/api/places", "GET"), ("/api/places", "OPTIONS"), ("/", "GET")):
        answer = client.request(method, path, headers={"Origin": ADDRESS, "Access-Control-Request-Method": "GET"})
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_every_answer_forbids_scripts_that_are_no_files(client: TestClient) -> None:
    for path in ("/", "/api/places", "/api/nowhere", "/page/main.js", "/page/none.js"):
        headers = client.get(path).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_the_page_has_no_script_and_no_style_within() -> None:
    for path in assets.PAGE.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", text)
        assert not re.search(r"https?://", text)


_MAKES_HTML = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|setHTML|new Function")


def test_no_script_makes_html_of_text() -> None:
    for path in assets.PAGE.glob("*.js"):
        assert not _MAKES_HTML.search(path.read_text())


def test_the_libraries_are_as_published() -> None:
    there = {path.name for path in assets.VENDOR.iterdir() if not path.name.endswith(".LICENSE")}
    assert there == set(assets.SHA256)
    for name, digest in assets.SHA256.items():
        assert hashlib.sha256((assets.VENDOR / name).read_bytes()).hexdigest() == digest
        library = re.split(r"-\d", name)[0]
        assert list(assets.VENDOR.glob(f"{library}-*.LICENSE")), f"{name} has no licence beside it"


@pytest.mark.parametrize("name", ["..", "..%2f..%2fetc", "%2e%2e", "nowhere", "balzers%00", "."])
def test_a_name_leads_nowhere_but_to_a_place(client: TestClient, name: str) -> None:
    for path in ("plans", "runs", "picture", "prepare"):
        assert client.get(f"/api/places/{name}/{path}").status_code in (404, 422)


@pytest.mark.parametrize("plan", ["..%2fbalzers%2fflood", "flood.yaml", "..%2f..%2fsecret.yaml", "nowhere"])
def test_a_name_leads_nowhere_but_to_a_plan(client: TestClient, folder: Path, plan: str) -> None:
    (folder / "secret.yaml").write_text("name: secret\n")
    answer = client.get(f"/api/places/balzers/plans/{plan}/diff")
    assert answer.status_code in (404, 422)
    assert "name: secret" not in answer.text


def test_files_beside_the_page_are_not_given(client: TestClient) -> None:
    for path in ("/page/../app.py", "/page/%2e%2e/app.py", "/vendor/..%2f..%2fapp.py", "/page//etc/passwd", "/app.py"):
        assert client.get(path).status_code == 404


def test_a_report_is_read_by_its_own_address_and_runs_apart(folder: Path) -> None:
    report = folder / "reports" / "balzers"
    report.mkdir(parents=True)
    client = client_of(folder)
    assert client.get("/api/places/balzers/report").json() == {}
    assert client.post("/api/places/balzers/report", json={}).status_code == 404
    (report / "index.html").write_text("<h1>Report</h1>")
    write_asked(Asked(("baseline", "flood")), report)
    (folder / "secret").write_text("secret")
    (report / "away").symlink_to(folder / "secret")
    told = client.get("/api/places/balzers/report").json()
    assert (told["plans"], told["folder"]) == (["Baseline", "Rhine flood, answered"], "reports/balzers")
    url = client.post("/api/places/balzers/report", json={}).json()["url"]
    stranger = TestClient(client.app, base_url=ADDRESS)
    answer = stranger.get(url)
    assert answer.text == "<h1>Report</h1>"
    assert answer.headers["content-security-policy"].startswith("sandbox ")
    assert "allow-same-origin" not in answer.headers["content-security-policy"]
    ticket = url.split("/")[2]
    for path in (f"/report/{ticket}/../../secret", f"/report/{ticket}/%2e%2e/%2e%2e/secret", f"/report/{ticket}/away"):
        assert stranger.get(path).status_code == 404
    assert stranger.get("/report/guess/index.html").status_code == 404
    assert stranger.post(url).status_code == 405


def test_a_body_has_its_size(client: TestClient) -> None:
    own = {"Content-Type": "application/json"}
    large = b'{"token": "' + b"x" * guard.MOST_JSON_BYTES + b'"}'
    assert client.post("/api/session", content=large, headers=own).status_code == 413
    assert client.post("/api/session", content=b"{", headers=own).status_code == 400
    assert client.post("/api/session", content=b"[" * 100_000, headers=own).status_code == 400
    assert client.post("/api/session", content=b"[]", headers=own).status_code == 400
    assert client.post("/api/session", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415


_NO_ANSWER_OF_THE_PAGE = (
    b"[" * 30 + b"]" * 30,
    b"[" * 900 + b"]" * 900,
    b'{"a":' * 400 + b"1" + b"}" * 400,
    b"1e999",
    b"NaN",
    b'"\\ud800"',
    b'["a\\u0000b"]',
    b"true",
    b"99999999999999999999999999",
)
_ASKED = {
    "/api/session": ("token",),
    "/api/areas": ("area",),
    "/api/find": (),
    "/api/new": ("area", "name", "extract", "households", "count"),
    "/api/places/balzers/plans": ("name", "extends"),
    "/api/places/balzers/jobs": ("plans", "vehicles", "departure", "seeds", "fidelity"),
    "/api/places/balzers/search": ("officers", "within_min", "vehicles", "departure"),
    "/api/places/balzers/ways": ("ways",),
    "/api/places/balzers/report": ("page",),
}


def test_what_the_page_never_asks_is_refused_in_words(folder: Path) -> None:
    """The test's client would raise what the server has not foreseen, and its log would show as a traceback."""
    own = {"Content-Type": "application/json"}
    with client_of(folder) as client:
        for path, keys in _ASKED.items():
            for key in keys:
                for value in _NO_ANSWER_OF_THE_PAGE:
                    answer = client.post(path, content=b'{"%s":%s}' % (key.encode(), value), headers=own)
                    if key not in ("area", "name", "page") or answer.status_code >= 500:
                        assert answer.status_code in (400, 401, 404, 422), (path, key, value[:20], answer.text)
        for job in client.get("/api/jobs").json():
            client.delete(f"/api/jobs/{job['id']}")


def test_changes_that_the_page_never_makes_are_refused_in_words(folder: Path) -> None:
    own = {"Content-Type": "application/json"}
    with client_of(folder) as client:
        for path, keys in (
            ("/api/places/balzers/plans/flood", ("action", "at", "text", "name", "do")),
            ("/api/places/balzers/scenario", ("exit", "veh_per_h", "ways", "at", "text", "where", "name", "direction")),
        ):
            for do in ("add", "replace", "describe", "text", "refuse", "capacity", "uncorrect", "nothing"):
                for key in keys:
                    for value in _NO_ANSWER_OF_THE_PAGE:
                        seen = client.get(path).headers["etag"]
                        change = b'{"do":"%s","%s":%s}' % (do.encode(), key.encode(), value)
                        answer = client.patch(path, content=change, headers={**own, "If-Match": seen})
                        if answer.status_code != 200:
                            assert answer.status_code in (400, 422), (path, do, key, value[:20], answer.text)


def test_a_full_disk_is_told_in_words_and_leaves_files_as_they_were(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a file")

    path = folder / "plans" / "balzers" / "flood.yaml"
    before = path.read_bytes()
    with client_of(folder) as client:
        seen = client.get("/api/places/balzers/plans/flood").headers["etag"]
        monkeypatch.setattr("evac.studio.yaml_text.write_text", full)
        monkeypatch.setattr("evac.studio.uploads._accept", full)
        change = {"do": "describe", "name": "Another"}
        answers = [
            client.patch("/api/places/balzers/plans/flood", json=change, headers={"If-Match": seen}),
            client.post("/api/places/balzers/plans", json={"name": "No room"}),
            client.put("/api/uploads/area/a.geojson", content=b"{}"),
        ]
    for answer in answers:
        assert answer.status_code == 507
        assert "No space left on device" in answer.json()["error"]
    assert path.read_bytes() == before
    assert not (folder / "plans" / "balzers" / "no-room.yaml").exists()
    assert list((folder / ".evac" / "studio" / "uploads" / "area").iterdir()) == []


def test_what_the_studio_keeps_is_nobody_elses(folder: Path) -> None:
    assert stat.S_IMODE(Workspace(folder).own.stat().st_mode) == 0o700


def test_an_unknown_place_is_told_with_those_that_are_there(folder: Path) -> None:
    with pytest.raises(UserError, match="known: balzers"):
        Workspace(folder).scenario("nowhere")
