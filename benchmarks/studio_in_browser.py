"""The studio's page in a browser: first picture, panning, 30,000 cars, an upload, and many people at once.

    python benchmarks/studio_in_browser.py picture WORKSPACE PLACE    # of a place whose net is cached
    python benchmarks/studio_in_browser.py cars WORKSPACE PLACE
    python benchmarks/studio_in_browser.py upload WORKSPACE
    python benchmarks/studio_in_browser.py load WORKSPACE PLACE SECONDS

The browser is the tests' (Chromium, drawing without a graphics card). Figures stand in docs/studio.md.
"""

# ruff: noqa: S311 - nothing here is a secret

from __future__ import annotations

import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from chromium import launched
from studio_page import context_of
from studio_workspace import Served, served

CARS, FRAMES = 30_000, 80
LOOKING, EDITING, RUNNING = 50, 5, 2
MEGABYTES = 60
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
    page = context.new_page()
    page.goto(f"{studio.client.base_url}#place={place}&tab=place")
    page.wait_for_selector("#studio[data-state=ready]")
    return page


def picture(folder: Path, place: str) -> None:
    """Time the first picture of a place in a new page, and panning over all of it and near by."""
    with served(folder) as studio, launched() as browser, context_of(browser, studio) as context:
        _opened(studio, place, context).close()  # the picture is kept from here on
        times = []
        for _ in range(5):
            began = time.monotonic()
            page = _opened(studio, place, context)
            times.append(time.monotonic() - began)
            page.close()
        kept = studio.client.get(f"/api/places/{place}/picture")
        page = _opened(studio, place, context)
        far = page.evaluate(_PAN)
        page.evaluate(f"{_MAP}.map.setZoom(15)")
        near = page.evaluate(_PAN)
    print(f"first picture: median {statistics.median(times):.2f} s of {sorted(round(s, 2) for s in times)}")
    print(f"picture: {len(kept.content) / 1e6:.1f} MB, {len(kept.json()['roads']['features']):,} roads")
    print(
        f"panning: {far[0]:.0f} frames a second over all of it, {near[0]:.0f} at zoom 15 ({far[1]} x {far[2]} pixels, "
        f"of which each way {far[3]:g} and {near[3]:g} are drawn meanwhile)"
    )


def cars(folder: Path, place: str) -> None:
    """Show made-up frames of many cars, and measure what the page's process takes."""
    with served(folder) as studio, launched() as browser, context_of(browser, studio) as context:
        page = _opened(studio, place, context)
        edges = page.evaluate(f"{_MAP}.content.roads.features.map((item) => item.properties.edge)")
        page.evaluate(f"{_MAP}.cars.learn({_MAP}.content.roads.features)")
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
    print(f"{shown:,} cars, {FRAMES} frames, four a second: the page's process {before:.0f} MB before (Pss),")
    print(f"{max(most):.0f} MB at most while they move; JavaScript's heap {heap:.0f} MB afterwards")


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


def upload(folder: Path) -> None:
    """Send a file of 60 MB that no compression makes smaller."""
    content = random.Random(1).randbytes(MEGABYTES << 20)
    with served(folder) as studio:
        began = time.monotonic()
        answer = studio.client.put("/api/uploads/extract/large.osm.pbf", content=content, timeout=600.0)
        took_s = time.monotonic() - began
        size = (folder / ".evac" / "studio" / "uploads" / "extract" / "large.osm.pbf").stat().st_size
        rss = int(Path(f"/proc/{studio.process.pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1e3
    print(f"upload: {answer.status_code}, {size / (1 << 20):.0f} MB in {took_s:.1f} s; the server at most {rss:.0f} MB")


def load(folder: Path, place: str, seconds: float) -> None:
    """Let many look, some edit plans of their own, and two run, on loopback, and time what the pages ask."""
    with served(folder) as studio:
        studio.client.get(f"/api/places/{place}/picture")
        plans = [_plan(studio, place, number) for number in range(EDITING)]
        times: list[float] = []
        errors: list[str] = []
        until = time.monotonic() + seconds
        base = f"/api/places/{place}"
        looks = [f"{base}/{what}" for what in ("picture", "plans", "runs", "findings", "scenario")]
        looks += ["/api/places", "/api/jobs"]
        jobs = [
            threading.Thread(target=_asking, args=(studio, until, times, errors, _looking(looks)))
            for _ in range(LOOKING)
        ]
        jobs += [
            threading.Thread(target=_asking, args=(studio, until, times, errors, _editing(base, plan)))
            for plan in plans
        ]
        asked = {"plans": ["baseline"], "seeds": [random.Random().randrange(1000, 10_000)]}
        for _ in range(RUNNING):
            studio.client.post(f"{base}/jobs", json=asked)
            asked = {**asked, "seeds": list(range(asked["seeds"][0] + 1, asked["seeds"][0] + 10))}
        before_s = _cpu_s(studio)
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
        cpu_ms = (_cpu_s(studio) - before_s) / max(len(times), 1) * 1e3
        states = [item["state"] for item in studio.client.get("/api/jobs").json()[:RUNNING]]
        for item in studio.client.get("/api/jobs").json():
            studio.client.delete(f"/api/jobs/{item['id']}")
    cuts = statistics.quantiles(times, n=100)
    print(f"{LOOKING} look, {EDITING} edit, {RUNNING} run ({', '.join(states)} at the end), {seconds:.0f} s:")
    print(f"{len(times):,} answers, {len(errors)} errors {errors[:3]}, {cpu_ms:.1f} ms of the server's time each")
    print(f"median {cuts[49] * 1e3:.0f} ms, 95 % within {cuts[94] * 1e3:.0f} ms, 99 % within {cuts[98] * 1e3:.0f} ms")


def _cpu_s(studio: Served) -> float:
    """Return the seconds of processor that the server has taken."""
    fields = Path(f"/proc/{studio.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _plan(studio: Served, place: str, number: int) -> str:
    name = f"load {number} {time.time_ns()}"
    found: str = studio.client.post(f"/api/places/{place}/plans", json={"name": name}).json()["plan"]
    return found


Ask = Callable[[httpx2.Client], Any]


def _asking(studio: Served, until: float, times: list[float], errors: list[str], ask: Ask) -> None:
    """Ask as a person's page does: a question, and a pause to read."""
    pauses = random.Random()
    with httpx2.Client(base_url=studio.client.base_url, headers=dict(studio.client.headers), timeout=60.0) as client:
        while time.monotonic() < until:
            time.sleep(pauses.uniform(0.5, 3.5))
            began = time.monotonic()
            try:
                answer = ask(client)
            except httpx2.HTTPError as error:
                errors.append(str(error))
                continue
            times.append(time.monotonic() - began)
            if answer.status_code >= 400:  # noqa: PLR2004 - HTTP's
                errors.append(f"{answer.status_code} {answer.request.url.path}")


def _looking(paths: list[str]) -> Ask:
    tags: dict[str, str] = {}

    def look(client: httpx2.Client) -> Any:
        path = random.choice(paths)
        answer = client.get(path, headers={"If-None-Match": tags[path]} if path in tags else {})
        if "etag" in answer.headers:
            tags[path] = answer.headers["etag"]
        return answer

    return look


def _editing(base: str, plan: str) -> Ask:
    def edit(client: httpx2.Client) -> Any:
        path = f"{base}/plans/{plan}"
        seen = client.get(path)
        action = {"do": "signal", "mode": "officer", "where": {"street": "Gagoz", "crossing": "Iramali"}}
        change = {"do": "remove", "at": 0} if seen.json()["actions"] else {"do": "add", "action": action}
        return client.patch(path, json=change, headers={"If-Match": seen.headers["etag"]})

    return edit


if __name__ == "__main__":
    what, folder, *rest = sys.argv[1:]
    {"picture": picture, "cars": cars, "upload": upload, "load": lambda at, place, s: load(at, place, float(s))}[what](
        Path(folder), *rest
    )
