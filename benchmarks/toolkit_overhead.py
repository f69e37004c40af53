"""Time the toolkit beside a bare `sumo` run of the same job, in one go.

    python benchmarks/toolkit_overhead.py [--vehicles 1.5] [--until-h HOURS] [SCENARIO ...]

Each scenario is run once by the toolkit from an empty cache (map, net, households, demand, SUMO, result tables,
report), prepared once more from the full cache, and then simulated by `sumo` alone from the files of the finished
run: once with the same outputs, once with none. The bare runs end when the toolkit's run ended. Each part is a process
of its own, so that the system counts its CPU seconds (user and system) and its peak memory apart from the others'.

CPU seconds are compared, not wall time: on a shared machine only they say who worked.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
BALZERS = ROOT / "scenarios" / "balzers"
PARADISE = ROOT / "tests" / "real" / "paradise"
REAL_DATA = ROOT.parent / "shared" / "data"
_KILOBYTES_A_MEGABYTE = 1024
_LOOK_EVERY_S = 0.2
_YOUNG_OBJECTS = 10_000
"""As `evac.cli` has it, which isn't imported here: without it Python looks for cycles oftener than in `evac run`."""


@dataclass
class Part:
    """CPU seconds and wall seconds of one part of the work: our own, and our children's (netconvert, SUMO)."""

    own_cpu_s: float
    children_cpu_s: float
    wall_s: float


@dataclass
class Costs:
    """What a process of the toolkit has used, part by part, and its peak memory (MB)."""

    parts: dict[str, Part] = field(default_factory=dict)
    own_peak_mb: float = 0.0
    run_folder: str = ""

    @contextmanager
    def count(self, name: str) -> Iterator[None]:
        """Count what the block uses as the part `name`."""
        before = _used()
        yield
        after = _used()
        self.parts[name] = Part(*(then - now for then, now in zip(after, before, strict=True)))

    def close(self) -> None:
        """Note the peak; called last."""
        self.own_peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KILOBYTES_A_MEGABYTE

    def toolkit_cpu_s(self) -> float:
        """Return all CPU seconds but SUMO's: netconvert's are the toolkit's."""
        sumo = self.parts["simulate"].children_cpu_s if "simulate" in self.parts else 0.0
        return sum(part.own_cpu_s + part.children_cpu_s for part in self.parts.values()) - sumo


def _used() -> tuple[float, float, float]:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime, time.monotonic()


def work(scenario: Path, workspace: Path, vehicles: float, until_h: float | None, *, simulate: bool) -> Costs:
    """Do in this process what `evac run` does for one case, and count."""
    gc.set_threshold(_YOUNG_OBJECTS)
    costs = Costs()
    costs.parts["start Python"] = Part(_used()[0], 0.0, 0.0)
    with costs.count("import"):
        from rich.console import Console  # noqa: PLC0415 - the imports are what is timed

        from evac.plans import BASELINE  # noqa: PLC0415
        from evac.plans.reading import load_plan  # noqa: PLC0415
        from evac.progress import show_runs  # noqa: PLC0415
        from evac.report.from_study import report_input  # noqa: PLC0415
        from evac.report.publish import write_report  # noqa: PLC0415
        from evac.scenario import load_scenario  # noqa: PLC0415
        from evac.study import Selection, run_study  # noqa: PLC0415
        from evac.study.engines import Local  # noqa: PLC0415
        from evac.study.prepare import prepare  # noqa: PLC0415
        from evac.study.under_plan import under_plan  # noqa: PLC0415
    with costs.count("prepare"):
        prepared = prepare(load_scenario(scenario), workspace / ".evac", lambda _: None)
        prepared = replace(prepared, loaded=_one_case(prepared.loaded, vehicles, until_h))
        plans = {BASELINE: under_plan(prepared, load_plan(BASELINE, workspace), workspace / ".evac")}
    if simulate:
        with costs.count("simulate"), show_runs(Console()) as display:
            selection = Selection(sensitivity=False)
            study = run_study(prepared, plans, selection, workspace / ".evac", engine=Local(1), display=display)
        costs.run_folder = str(study.runs[0].folder)
        with costs.count("report"):
            write_report(report_input(prepared, plans, study), workspace / "report")
    costs.close()
    return costs


def _one_case(loaded, vehicles: float, until_h: float | None):  # noqa: ANN001, ANN202 - evac is imported later
    model = loaded.model
    end_h = until_h or model.simulation.end_h
    update = {
        "vehicles_per_household": (vehicles,),
        "departures": model.departures[:1],
        "seeds": model.seeds[:1],
        "simulation": model.simulation.model_copy(update={"end_h": end_h}),
    }
    return replace(loaded, model=model.model_copy(update=update))


def in_own_process(arguments: list[str]) -> Costs:
    """Run this file once more, for one part, and return what it counted."""
    with tempfile.NamedTemporaryFile() as told:
        subprocess.run([sys.executable, __file__, *arguments, "--tell", told.name], check=True)
        document = json.loads(Path(told.name).read_text())
    parts = {name: Part(**part) for name, part in document.pop("parts").items()}
    return Costs(parts=parts, **document)


def bare_sumo(run_folder: Path, outputs: Path | None) -> tuple[float, float, float]:
    """Run `sumo` alone on a finished run's inputs; return its CPU seconds, wall seconds and peak memory (MB)."""
    from evac import sumo  # noqa: PLC0415 - the parent of the timed processes stays small until here
    from evac.simulate.job_inputs import output_options  # noqa: PLC0415

    ending = json.loads((run_folder / "ending.json").read_text())
    command = [str(sumo.binary("sumo")), "--configuration-file", str(run_folder / "run.sumocfg")]
    command += ["--end", f"{ending['time_s']:g}"]
    if outputs is not None:
        lanes = outputs / "lanes.add.xml"
        lanes.write_text((run_folder / "sumo" / "lanes.add.xml").read_text())
        command += [*output_options(outputs), "--additional-files", f"{run_folder / 'exits.add.xml'},{lanes}"]
    started_s = time.monotonic()
    child = subprocess.Popen(
        command, env=sumo.child_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak_mb = 0.0
    while True:
        peak_mb = max(peak_mb, _peak_mb(child.pid))
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(_LOOK_EVERY_S)
    if status != 0:
        raise SystemExit(f"sumo ended with {status}: {' '.join(command)}")
    return used.ru_utime + used.ru_stime, time.monotonic() - started_s, peak_mb


def _peak_mb(pid: int) -> float:
    """Return the peak memory so far of a running process (MB); `ru_maxrss` has that of its parent before exec."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) / _KILOBYTES_A_MEGABYTE for line in lines if line.startswith("VmHWM")), 0.0)


def compare(scenario: Path, vehicles: float, until_h: float | None) -> None:
    """Time one scenario and print the table."""
    with tempfile.TemporaryDirectory(prefix="evac-bench-") as folder:
        shared = [str(scenario), "--vehicles", str(vehicles), "--workspace", folder]
        shared += ["--until-h", str(until_h)] if until_h else []
        full = in_own_process([*shared, "--part", "run"])
        warm = in_own_process([*shared, "--part", "prepare"])
        outputs = Path(folder) / "bare"
        outputs.mkdir()
        with_outputs = bare_sumo(Path(full.run_folder), outputs)
        without_outputs = bare_sumo(Path(full.run_folder), None)
        ending = json.loads((Path(full.run_folder) / "ending.json").read_text())
        manifest = json.loads((Path(full.run_folder) / "manifest.json").read_text())
    print(f"\n{scenario.name}: {manifest['planned']:,} vehicles, {ending['reason']} at {ending['time_s'] / 3600:.2f} h")
    _print_parts(full, warm)
    _print_sumo(full, with_outputs, without_outputs)
    _print_ratios(full, warm, with_outputs[0])


def _print_parts(full: Costs, warm: Costs) -> None:
    print(f"  {'toolkit, from an empty cache':34} {'own CPU s':>10} {'children s':>10} {'wall s':>8}")
    for name, part in [*full.parts.items(), ("prepare (full cache)", warm.parts["prepare"])]:
        print(f"  {name:34} {part.own_cpu_s:10.1f} {part.children_cpu_s:10.1f} {part.wall_s:8.1f}")


def _print_sumo(full: Costs, *bare: tuple[float, float, float]) -> None:
    print(f"  {'sumo':34} {'CPU s':>10} {'':10} {'wall s':>8} {'peak MB':>8}")
    inside = full.parts["simulate"]
    print(f"  {'steered by the toolkit':34} {inside.children_cpu_s:10.1f} {'':10} {inside.wall_s:8.1f}")
    for name, (cpu_s, wall_s, peak_mb) in zip(("alone, same outputs", "alone, no outputs"), bare, strict=True):
        print(f"  {name:34} {cpu_s:10.1f} {'':10} {wall_s:8.1f} {peak_mb:8.0f}")


def _print_ratios(full: Costs, warm: Costs, sumo_cpu_s: float) -> None:
    saved_s = sum(
        sign * (part.own_cpu_s + part.children_cpu_s)
        for sign, part in ((1, full.parts["prepare"]), (-1, warm.parts["prepare"]))
    )
    cold_s = full.toolkit_cpu_s()
    print(f"  toolkit / sumo alone, empty cache: {cold_s:.1f} / {sumo_cpu_s:.1f} s = {cold_s / sumo_cpu_s:.1%}")
    warm_s = cold_s - saved_s
    print(f"  toolkit / sumo alone, full cache:  {warm_s:.1f} / {sumo_cpu_s:.1f} s = {warm_s / sumo_cpu_s:.1%}")
    print(f"  peak memory of the toolkit: {full.own_peak_mb:.0f} MB", flush=True)


def default_scenarios() -> list[Path]:
    """Return Balzers, and Paradise where its data is there."""
    return [BALZERS, PARADISE] if (REAL_DATA / "paradise").is_dir() else [BALZERS]


def main() -> None:
    """Parse the command line; time the scenarios, or be one of the timed processes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", type=Path, metavar="SCENARIO", help="Balzers and Paradise if left out")
    parser.add_argument("--vehicles", type=float, default=1.5, help="vehicles per household")
    parser.add_argument("--until-h", type=float, help="end the simulation after this many simulated hours")
    for hidden in ("--part", "--workspace", "--tell"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        simulate = given.part == "run"
        costs = work(given.scenarios[0], Path(given.workspace), given.vehicles, given.until_h, simulate=simulate)
        Path(given.tell).write_text(json.dumps(asdict(costs)))
        return
    for scenario in given.scenarios or default_scenarios():
        compare(scenario, given.vehicles, given.until_h)


if __name__ == "__main__":
    main()
