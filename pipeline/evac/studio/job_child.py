"""The process of a job: runs what it was asked for, and tells how far it is in lines of JSON.

`python -m evac.studio.job_child SCENARIO WORKSPACE`, with what is asked as the first line of standard input. Any
further line, and the end of the input, calls the work off: whoever asked doesn't want it any more, or is gone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from dataclasses import asdict, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, TextIO

import evac
from evac.errors import Cancelled, EvacError, UserError
from evac.new_place import new_place
from evac.plans import BASELINE
from evac.simulate.job import Case
from evac.studio import plan_file
from evac.studio.at_place import checked
from evac.studio.frames import Frames
from evac.studio.told import disk_words, line_of, problem_of
from evac.studio.workspace import FILE_NAME
from evac.study.cases import case_name
from evac.watching import OnProgress

CANCELLED_CODE = 3
_NICE = 19
"""How far a job stands back for whoever looks at the page meanwhile (nice, 0 to 19): it takes what is left over."""
_MINUTE_S = 60.0


def main(scenario: Path, workspace: Path) -> int:
    """Run what is asked; return the exit code."""
    os.nice(_NICE)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # a library's words must not come between
    asked = json.loads(sys.stdin.readline())
    off = threading.Event()
    threading.Thread(target=_hear, args=(off,), daemon=True).start()
    try:
        _say(answers, told=_run(scenario, workspace, asked, off, answers))
    except Cancelled:
        return CANCELLED_CODE
    except Exception as error:  # noqa: BLE001 - whoever asked must hear of it
        _say(answers, told=failure(error, workspace))
    return 0


def failure(error: Exception, workspace: Path) -> dict[str, Any]:
    """Return what is told of a job that has failed: `problems`, or an `error` in a sentence."""
    if isinstance(error, UserError):
        return {"problems": [problem_of(problem, workspace) for problem in error.problems]}
    if isinstance(error, EvacError):
        return {"error": line_of(error, workspace)}
    if isinstance(error, OSError):
        return {"error": disk_words(error)}
    line = line_of(error, workspace)
    return {"error": f"an error that nobody has foreseen, in evac itself: {type(error).__name__}: {line}"}


def _hear(off: threading.Event) -> None:
    sys.stdin.readline()
    off.set()


def _run(
    scenario: Path, workspace: Path, asked: dict[str, Any], off: threading.Event, answers: TextIO
) -> dict[str, Any]:
    """Run plans of a place; of a new one, which is made first, the baseline in its middle case."""
    frames = Frames(partial(_say, answers))
    called: dict[str, str] = {}

    def hear(progress: evac.Progress) -> None:
        progress = replace(progress, run=called.get(progress.run, progress.run))
        _say(answers, progress=asdict(replace(progress, cars=())))
        frames.take(progress)

    if asked.get("kind") == "new":
        place = _made(scenario, workspace, asked, hear, off)
        asked = checked(place, {"plans": ["baseline"]})
    else:
        place = evac.open(scenario, workspace=workspace)
    if asked.get("kind") == "search":
        return _searched(place, asked, hear, off)
    called |= _called(asked)
    study = place.study(
        asked["plans"],
        vehicles=[asked["vehicles"]],
        departures=[asked["departure"]],
        seeds=asked["seeds"],
        fidelity=asked["fidelity"],
        on_progress=hear,
        cancel=off,
    )
    failures = study.failures()
    if not study.runs:
        return {"error": "; ".join(dict.fromkeys(failures["why"]))}
    if asked.get("report"):
        study.report(on_progress=hear, cancel=off)
    return {"runs": [run.job for run in study.runs], "failures": failures["why"].tolist()}


def _called(asked: dict[str, Any]) -> dict[str, str]:
    """Return the runs of a job as people call their plans, by what the progress calls them."""
    found = {}
    for (key, name), seed in product(zip(asked["plans"], asked["names"], strict=True), asked["seeds"]):
        case = Case(
            plan=key,
            vehicles_per_household=asked["vehicles"],
            departure=asked["departure"],
            seed=seed,
            fidelity=asked["fidelity"],
        )
        title = name if asked["names"].count(name) == 1 else f"{name} ({key})"
        found[case_name(case)] = f"{title} · {case_name(replace(case, plan=BASELINE))}"
    return found


def _searched(place: evac.Place, asked: dict[str, Any], hear: OnProgress, off: threading.Event) -> dict[str, Any]:
    """Search for a plan, and put the best beside the place's own; None where nothing helps."""
    search = place.search(
        officers=asked["officers"],
        cones=asked["cones"],
        barricades=asked["barricades"],
        within_s=asked["within_min"] * _MINUTE_S,
        vehicles=asked["vehicles"],
        departure=asked["departure"],
        on_progress=hear,
        cancel=off,
    )
    best, *_ = search.write()
    helps = len(search.best.actions()) > 0
    key = plan_file.take(place.loaded.plans_folder, best.read_text(encoding="utf-8")) if helps else None
    return {"runs": [], "failures": [], "plan": key, "cut_short": search.cut_short}


def _made(scenario: Path, workspace: Path, asked: dict[str, Any], hear: OnProgress, off: threading.Event) -> evac.Place:
    """Make a place, or open it: a job that is taken up again may have made it."""
    if (scenario / FILE_NAME).is_file():
        return evac.open(scenario, workspace=workspace)
    return new_place(
        asked["name"],
        asked["area"],
        asked["extract"],
        workspace=workspace,
        households=asked["households"],
        count=asked["count"],
        on_progress=hear,
        cancel=off,
    )


def _say(answers: TextIO, **words: Any) -> None:
    answers.write(json.dumps(words) + "\n")
    answers.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
