"""The studio's page in a browser: first picture, panning, 30,000 cars, an upload, and many people at once.

    python benchmarks/studio_in_browser.py picture WORKSPACE PLACE    # of a place whose net is cached
    python benchmarks/studio_in_browser.py cars WORKSPACE PLACE
    python benchmarks/studio_in_browser.py upload WORKSPACE
    python benchmarks/studio_in_browser.py load WORKSPACE PLACE SECONDS
    python benchmarks/studio_in_browser.py town WORKSPACE EXTRACT     # an empty workspace, and Liechtenstein's extract
    python benchmarks/studio_in_browser.py all COUNTRY_WORKSPACE COUNTRY TOWN_WORKSPACE TOWN EXTRACT SECONDS

`all` takes every figure of docs/studio.md one after the other and prints them as one table, each with the load average
beside it; with 300 s of load it takes 7 minutes on two quiet cores. The browser is the tests' (Chromium, drawing
without a graphics card).
"""

# ruff: noqa: S311 - nothing here is a secret

from __future__ import annotations

import asyncio
import os
import random
import ssl
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from chromium import launched
from studio_page import context_of, drawn_town
from studio_workspace import Served, served

Figures = list[tuple[str, str]]
"""What was measured, and the figure."""
CARS, FRAMES = 30_000, 80
LOOKING, EDITING, RUNNING = 50, 5, 2
MEGABYTES = 60
BROWSER_AT_WORK_MS = 1500
"""For pages of its own, after a tab has been opened."""
_TLS = ssl.create_default_context()
"""One for all people: to read the certificates, which nobody needs here, takes longer than an answer."""
_MAP = "document.querySelector('.map').placeMap"
_PAN = f"""async () => {{
  const map = {_MAP}.map, box = map.getCanvas();
  const pan = async () => {{
    let frames = 0;
    const count = () => {{ frames += 1; }};
    map.on("render", count);
    map.panBy([600, 300], {{ duration: 5000, easing: (share) => share }});
    await new Promise((done) => map.once("moveend", done));
    map.off("render", count);
    return frames / 5;
  }};
  await pan(); // the first moments, until the map knows how fast it is drawn
  return [await pan(), box.clientWidth, box.clientHeight, map.getPixelRatio()];
}}"""
_SHOW = f"""([edges, cars, frames]) => new Promise((done) => {{
  const layer = {_MAP}.cars;
  let left = frames;
  const timer = setInterval(() => {{
    const frame = {{}};
    for (let i = 0; i < cars; i += 1) {{
      const edge = edges[Math.floor(Math.random() * edges.length)];
      (frame[edge] ??= []).push(i % 3 ? Math.floor(Math.random() * 40) : -1 - Math.floor(Math.random() * 40));
    }}
    layer.show(frame);
    left -= 1;
    if (!left) {{ clearInterval(timer); done(layer.count); }}
  }}, 250);
}})"""


def _opened(studio: Served, place: str, context: Any) -> Any:
    return _shown(studio, place, context.new_page())


def _shown(studio: Served, place: str, page: Any) -> Any:
    page.goto(f"{studio.client.base_url}#place={place}&tab=place")
    page.wait_for_selector("#studio[data-state=ready]")
    return page


def picture(folder: Path, place: str) -> Figures:
    """Time the first picture of a place in a new page, and panning over all of it and near by.

    With a pixel of the map for each of the screen (the tests' pages have half as many each way).
    """
    with served(folder) as studio, launched() as browser, context_of(browser, studio, device_scale_factor=1) as context:
        _opened(studio, place, context).close()  # the picture is kept from here on
        times = []
        for _ in range(5):
            page = context.new_page()
            page.wait_for_timeout(BROWSER_AT_WORK_MS)
            began = time.monotonic()
            _shown(studio, place, page)
            times.append(time.monotonic() - began)
            page.close()
        kept = studio.client.get(f"/api/places/{place}/picture")
        page = _opened(studio, place, context)
        far = page.evaluate(_PAN)
        page.evaluate(f"{_MAP}.map.setZoom(15)")
        near = page.evaluate(_PAN)
    panned = [f"{one[0]:.0f} (pixels drawn each way meanwhile: {one[3]:g})" for one in (far, near)]
    return [
        ("first picture", f"{statistics.median(times):.2f} s, median of {sorted(round(s, 2) for s in times)}"),
        ("its size", f"{len(kept.content) / 1e6:.1f} MB, {len(kept.json()['roads']['features']):,} roads"),
        (f"panning over all of it, {far[1]} x {far[2]} pixels, frames a second", panned[0]),
        ("panning at zoom 15, frames a second", panned[1]),
    ]


def cars(folder: Path, place: str) -> Figures:
    """Show made-up frames of many cars, and measure what the page's process takes."""
    with served(folder) as studio, launched() as browser, context_of(browser, studio) as context:
        page = _opened(studio, place, context)
        edges = page.evaluate(f"{_MAP}.roads.map((item) => item.properties.edge)")
        page.evaluate(f"{_MAP}.cars.learn({_MAP}.roads)")
        before = _largest_renderer_mb()
        most: list[float] = []
        over = threading.Event()
        watcher = threading.Thread(target=_watch, args=(most, over))
        watcher.start()
        shown = page.evaluate(_SHOW, [edges, CARS, FRAMES])
        over.set()
        watcher.join()
        session = context.new_cdp_session(page)
        session.send("Performance.enable")
        metrics = {item["name"]: item["value"] for item in session.send("Performance.getMetrics")["metrics"]}
    heap = metrics["JSHeapUsedSize"] / 1e6
    said = f"{before:.0f} MB before (Pss), {max(most):.0f} MB at most, JavaScript's heap {heap:.0f} MB"
    return [(f"{shown:,} cars that move, four frames a second: the page's process", said)]


def _watch(most: list[float], over: threading.Event) -> None:
    while not over.wait(0.5):
        most.append(_largest_renderer_mb())


def _largest_renderer_mb() -> float:
    found = [0.0]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"--type=renderer" in (process / "cmdline").read_bytes():
                rollup = (process / "smaps_rollup").read_text()
                found.append(int(rollup.split("Pss:")[1].split()[0]) / 1e3)
        except OSError:
            continue
    return max(found)


def upload(folder: Path) -> Figures:
    """Send a file of 60 MB that no compression makes smaller."""
    content = random.Random(1).randbytes(MEGABYTES << 20)
    with served(folder) as studio:
        began = time.monotonic()
        answer = studio.client.put("/api/uploads/extract/large.osm.pbf", content=content, timeout=600.0)
        took_s = time.monotonic() - began
        size = (folder / ".evac" / "studio" / "uploads" / "extract" / "large.osm.pbf").stat().st_size
        rss = int(Path(f"/proc/{studio.process.pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1e3
    said = f"{answer.status_code}, {size / (1 << 20):.0f} MB in {took_s:.1f} s; the server at most {rss:.0f} MB"
    return [(f"a file of {MEGABYTES} MB sent", said)]


def town(folder: Path, extract: Path) -> Figures:
    """Make a town by clicks from nothing, and run it."""
    with served(folder) as studio, launched() as browser, context_of(browser, studio) as context:
        took_s = drawn_town(context.new_page(), studio, extract)
    return [("from nothing to the clearance time of a drawn town", f"{took_s:.0f} s")]


def load(folder: Path, place: str, seconds: float) -> Figures:
    """Let many look, some edit plans of their own, and two run, on loopback, and time what the pages ask."""
    with served(folder) as studio:
        for what in ("picture", "findings"):
            studio.client.get(f"/api/places/{place}/{what}", timeout=600.0)
        plans = [_plan(studio, place, number) for number in range(EDITING)]
        first = random.Random().randrange(1000, 10_000)
        for seeds in ([first], list(range(first + 1, first + 10))):
            studio.client.post(f"/api/places/{place}/jobs", json={"plans": ["baseline"], "seeds": seeds})
        before_s, busy = _cpu_s(studio), os.getloadavg()[0]
        crowd = Crowd(studio, place, time.monotonic() + seconds)
        asyncio.run(crowd.ask(plans))
        server_s, busy = _cpu_s(studio) - before_s, (busy + os.getloadavg()[0]) / 2
        states = [item["state"] for item in studio.client.get("/api/jobs").json()[:RUNNING]]
        for item in studio.client.get("/api/jobs").json():
            studio.client.delete(f"/api/jobs/{item['id']}")
    times, errors = crowd.times, crowd.errors
    cuts = [cut * 1e3 for cut in statistics.quantiles(times, n=100)]
    answered = f"{len(times):,} answers and {crowd.heard:,} events, {len(errors)} errors {errors[:3] or ''}".strip()
    return [
        (f"{LOOKING} look, {EDITING} edit, {RUNNING} run ({', '.join(states)} at the end), {seconds:.0f} s", answered),
        ("half, 95 %, 99 % of the answers within", " / ".join(f"{cuts[n]:.0f} ms" for n in (49, 94, 98))),
        ("the server", f"{server_s / seconds:.1%} of a processor; load average meanwhile {busy:.1f}"),
    ]


def everything(country: tuple[Path, str], a_town: tuple[Path, str], extract: Path, seconds: float) -> Figures:
    """Take all figures, one after the other; of a place its workspace and its name."""
    found = [*_beside_load(picture, *country), *_beside_load(cars, *country), *_beside_load(cars, *a_town)]
    with tempfile.TemporaryDirectory() as empty:
        found += _beside_load(town, Path(empty), extract)
        found += _beside_load(upload, Path(empty))
    return [*found, *_beside_load(load, *a_town, seconds)]


def _beside_load(measure: Callable[..., Figures], *given: Any) -> Figures:
    before = os.getloadavg()[0]
    return [(what, f"{said} [load average {before:.1f} before]") for what, said in measure(*given)]


@dataclass
class Crowd:
    """People with the studio's page: each hears what happens, and asks, with pauses to read.

    Parameters
    ----------
    studio, place
        What they look at.
    until
        When they go (`time.monotonic`).
    """

    studio: Served
    place: str
    until: float
    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    heard: int = 0

    async def ask(self, plans: list[str]) -> None:
        """Let all of them ask until they go; half of those who look watch the cars of the first run."""
        base = f"/api/places/{self.place}"
        looks = [f"{base}/{what}" for what in ("picture", "plans", "runs", "findings", "scenario")]
        looks += ["/api/places", "/api/jobs"]
        first = self.studio.client.get("/api/jobs").json()[RUNNING - 1]["id"]
        people = [self._person(_looking(looks), f"/api/jobs/{first}/frames" if n % 2 else None) for n in range(LOOKING)]
        await asyncio.gather(*people, *(self._person(_editing(base, plan), None) for plan in plans))

    async def _person(self, ask: Ask, frames: str | None) -> None:
        streams = ["/api/events", *([frames] if frames else [])]
        headers = dict(self.studio.client.headers)
        about = {"base_url": self.studio.client.base_url, "headers": headers, "timeout": 60.0, "verify": _TLS}
        async with httpx2.AsyncClient(**about) as client:
            listening = [asyncio.create_task(self._hear(client, stream)) for stream in streams]
            while time.monotonic() < self.until:
                await asyncio.sleep(random.uniform(0.5, 3.5))
                await ask(self, client)
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)

    async def _hear(self, client: httpx2.AsyncClient, path: str) -> None:
        async with client.stream("GET", path) as answer:
            async for line in answer.aiter_lines():
                self.heard += line.startswith("data:")

    async def request(self, client: httpx2.AsyncClient, method: str, path: str, **about: Any) -> Any:
        """Ask a question, and take down how long the answer took, and whether it is one."""
        began = time.monotonic()
        try:
            answer = await client.request(method, path, **about)
        except httpx2.HTTPError as error:
            self.errors.append(f"{type(error).__name__} {path}")
            return None
        self.times.append(time.monotonic() - began)
        if answer.status_code >= 400:  # noqa: PLR2004 - HTTP's
            self.errors.append(f"{answer.status_code} {path}")
        return answer


Ask = Callable[[Crowd, httpx2.AsyncClient], Awaitable[None]]


def _looking(paths: list[str]) -> Ask:
    tags: dict[str, str] = {}

    async def look(crowd: Crowd, client: httpx2.AsyncClient) -> None:
        path = random.choice(paths)
        answer = await crowd.request(client, "GET", path, headers={"If-None-Match": tags.get(path, "")})
        if answer is not None and "etag" in answer.headers:
            tags[path] = answer.headers["etag"]

    return look


def _editing(base: str, plan: str) -> Ask:
    async def edit(crowd: Crowd, client: httpx2.AsyncClient) -> None:
        path = f"{base}/plans/{plan}"
        seen = await crowd.request(client, "GET", path)
        if seen is None:
            return
        action = {"do": "signal", "mode": "officer", "where": {"street": "Gagoz", "crossing": "Iramali"}}
        change = {"do": "remove", "at": 0} if seen.json()["actions"] else {"do": "add", "action": action}
        await crowd.request(client, "PATCH", path, json=change, headers={"If-Match": seen.headers["etag"]})

    return edit


def _cpu_s(studio: Served) -> float:
    """Return the seconds of processor that the server has taken."""
    fields = Path(f"/proc/{studio.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _plan(studio: Served, place: str, number: int) -> str:
    name = f"load {number} {time.time_ns()}"
    found: str = studio.client.post(f"/api/places/{place}/plans", json={"name": name}).json()["plan"]
    return found


def _measured(what: str, folder: str, *rest: str) -> Figures:
    at = Path(folder)
    match what, rest:
        case "picture", (place,):
            return picture(at, place)
        case "cars", (place,):
            return cars(at, place)
        case "upload", ():
            return upload(at)
        case "load", (place, seconds):
            return load(at, place, float(seconds))
        case "town", (extract,):
            return town(at, Path(extract))
        case "all", (country_place, town_folder, place, extract, seconds):
            return everything((at, country_place), (Path(town_folder), place), Path(extract), float(seconds))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    for what, said in _measured(*sys.argv[1:]):
        print(f"| {what} | {said} |")
