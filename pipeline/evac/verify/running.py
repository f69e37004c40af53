"""Find verification tests, run each as a study of its own, and hold what comes out against what theory says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pandas as pd

from evac.errors import EvacError, Problem, ScenarioError
from evac.plans import BASELINE
from evac.plans.reading import load_plan
from evac.scenario import load_scenario
from evac.validation import read_model
from evac.verify.measures import MEASURES
from evac.verify.model import Expectation, Verification

_TEST_FILE = "test.yaml"


@dataclass(frozen=True)
class LoadedTest:
    """A verification test and the folder that it stands in."""

    folder: Path
    model: Verification

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name


@dataclass(frozen=True)
class Checked:
    """What came out for one expectation of a test.

    Parameters
    ----------
    test
        The test.
    expected
        What theory says.
    got
        What was measured; not a number where the test could not be run.
    trouble
        Why not.
    """

    test: LoadedTest
    expected: Expectation
    got: float
    trouble: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is near enough."""
        return not self.trouble and self.expected.allows(self.got)

    @property
    def verdict(self) -> str:
        """The result in a word: `pass`, `known miss`, or `FAIL`."""
        if self.passed:
            return "pass"
        return "known miss" if not self.trouble and self.expected.is_known_to_miss(self.got) else "FAIL"


def in_words(results: Sequence[Checked]) -> str:
    """Return how many tests passed, and how many miss theory as is known of them: `36 of 38 tests passed, 2 …`."""
    verdicts: dict[str, set[str]] = {}
    for item in results:
        verdicts.setdefault(item.test.name, set()).add(item.verdict)
    passed = sum(found == {"pass"} for found in verdicts.values())
    known = sum("known miss" in found and "FAIL" not in found for found in verdicts.values())
    text = f"{passed} of {len(verdicts)} tests passed"
    return f"{text}, {known} miss theory as it is known of them" if known else text


def suite_folder() -> Path:
    """Return the folder of the tests that come with the toolkit."""
    return Path(str(files("evac.verify"))) / "suite"


def load_tests(folder: Path, names: Sequence[str] = ()) -> list[LoadedTest]:
    """Read the tests of a folder, each in a folder of its own.

    Parameters
    ----------
    folder
        The folder.
    names
        Only tests whose name begins so; all when empty.

    Raises
    ------
    ScenarioError
        There is no such test, or a test's file doesn't validate.
    """
    found = sorted(path.parent for path in folder.glob(f"*/{_TEST_FILE}"))
    if not found:
        remedy = f"each test is a folder with a {_TEST_FILE} and a scenario"
        raise ScenarioError(Problem(str(folder), "holds no verification test", remedy))
    unknown = [name for name in names if not any(place.name.startswith(name) for place in found)]
    if unknown:
        known = ", ".join(place.name for place in found)
        raise ScenarioError(Problem(str(folder), f"has no test {', '.join(map(repr, unknown))}", f"known: {known}"))
    wanted = [place for place in found if not names or place.name.startswith(tuple(names))]
    return [LoadedTest(place, read_model(place / _TEST_FILE, Verification)[1]) for place in wanted]


def run_test(test: LoadedTest, cache: Path) -> list[Checked]:
    """Run a test's scenario under its plans, and return what came out for each expectation.

    A test that can't be run has failed: its trouble stands with each of its expectations.
    """
    try:
        vehicles = _vehicles_by_plan(test, cache)
    except EvacError as error:
        return [Checked(test, item, float("nan"), str(error)) for item in test.model.expect]
    return [Checked(test, item, _measured(item, vehicles)) for item in test.model.expect]


def _measured(item: Expectation, vehicles: dict[str, pd.DataFrame]) -> float:
    measure = MEASURES[item.measure]
    got = measure(vehicles[item.plan], item)
    return got if item.over is None else got / measure(vehicles[item.over], item)


def _vehicles_by_plan(test: LoadedTest, cache: Path) -> dict[str, pd.DataFrame]:
    """Return the vehicles' table of each plan's run, with the street on which each vehicle starts."""
    from evac.study import Selection, run_study  # noqa: PLC0415 - the stages take seconds to import
    from evac.study.engines import Serial  # noqa: PLC0415
    from evac.study.prepare import prepare  # noqa: PLC0415
    from evac.study.runs import Silent  # noqa: PLC0415
    from evac.study.under_plan import under_plan  # noqa: PLC0415

    loaded = load_scenario(test.folder)
    names = {name: name if name == BASELINE else str(test.folder / f"{name}.yaml") for name in test.model.plans}
    prepared = prepare(loaded, cache, lambda _: None)
    plans = {name: under_plan(prepared, load_plan(path, test.folder), cache) for name, path in names.items()}
    chosen = (test.model.vehicles,) if test.model.vehicles else ()
    selection = Selection(vehicles=chosen, sensitivity=False)
    study = run_study(prepared, plans, selection, cache, engine=Serial(), display=Silent())
    if study.failures:
        raise EvacError("; ".join(failure.message for failure in study.failures))
    streets = prepared.homes.set_index("household")["street"]
    tables = {run.case.plan: pd.read_parquet(run.folder / "vehicles.parquet") for run in study.runs}
    return {plan: table.assign(street=table["household"].map(streets)) for plan, table in tables.items()}
