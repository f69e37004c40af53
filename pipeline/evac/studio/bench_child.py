"""The process of a place: reads questions as lines of JSON, and writes answers and progress as such lines.

`python -m evac.studio.bench_child SCENARIO WORKSPACE`. What libraries print goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from evac.errors import EvacError, UserError, readable
from evac.studio.at_place import AtPlace


def main(scenario: Path, workspace: Path) -> None:
    """Answer until nobody asks any more."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # a library's words must not come between
    place = AtPlace(scenario, workspace)
    for line in sys.stdin:
        question = json.loads(line)
        _answer(place, question, answers)


def _answer(place: AtPlace, question: dict[str, Any], answers: TextIO) -> None:
    def say(**words: Any) -> None:
        answers.write(json.dumps({"number": question["number"], **words}, allow_nan=False) + "\n")
        answers.flush()

    call: Callable[..., Any] = getattr(place, question["call"])
    try:
        result = call(lambda step: say(step=step), **question["arguments"])
    except UserError as error:
        say(problems=[asdict(problem) for problem in error.problems])
    except EvacError as error:
        say(error=readable(error))
    except Exception as error:  # noqa: BLE001 - whoever asked must hear of it
        say(error=f"an error that nobody has foreseen, in evac itself: {type(error).__name__}: {readable(error)}")
    else:
        say(result=result)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
