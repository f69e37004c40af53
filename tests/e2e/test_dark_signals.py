"""A plan that switches signals off is told what that costs or buys, beside signals left on and officers, unasked."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from evac.cli import run_guarded
from small_studies import town_of

# Everybody comes along one street, and nobody on the other. Where all have to stop, one goes every 3.9 s at best
# (Highway Capacity Manual, chapter 21); of a queue that a signal releases, or that has right of way, every 2 s. So
# stops cost minutes, and right of way costs nothing.
PLANS = {"stops": "all_way_stop", "signs": "unregulated"}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dark")
    town = town_of("20-two-lanes-at-a-signal", folder / "town")
    zones = town / "zones.geojson"
    zones.write_text(zones.read_text().replace('"households": 900', '"households": 400'))
    (town / "plans").mkdir()
    for name, mode in PLANS.items():
        where = "{street: Main Road, crossing: Cross Street}"
        action = f"{{do: signal, where: {where}, mode: {mode}}}"
        (town / "plans" / f"{name}.yaml").write_text(f"name: {name}\nactions:\n  - {action}\n")
    return folder


@pytest.fixture(scope="module")
def printed(workspace: Path) -> str:
    with pytest.MonkeyPatch.context() as patch:
        words: list[str] = []
        patch.setattr("evac.cli.running.console.print", lambda *items, **_: words.extend(map(str, items)))
        assert run_guarded(["run", *_asked(workspace)]) == 0
    return "\n".join(words)


def _asked(workspace: Path, *more: str) -> list[str]:
    plans = [item for plan in ("baseline", *PLANS) for item in ("--plan", plan)]
    return [str(workspace / "town"), *plans, "--jobs", "2", "--workspace", str(workspace), *more]


def _table(workspace: Path) -> pd.DataFrame:
    return pd.read_csv(workspace / "reports" / "town" / "tables" / "dark_signals.csv", keep_default_na=False)


def test_dark_signals_are_weighed_in_the_runs_that_were_made_for_it(workspace: Path, printed: str) -> None:
    rows = _table(workspace)
    assert list(zip(rows["plan"], rows["instead"], strict=True)) == [
        (plan, instead) for plan in PLANS for instead in ("signals left on", "officers")
    ]
    assert set(rows["seed"]) == {1}
    assert set(rows["refused"]) == {""}
    for row in rows.to_dict("records"):
        for kind in ("off", "instead"):
            manifest = json.loads((workspace / ".evac" / "runs" / row[f"{kind}_job"] / "manifest.json").read_text())
            assert manifest["t90_s"] == row[f"t90_{kind}_s"]
    results = pd.read_csv(workspace / "reports" / "town" / "results.csv", keep_default_na=False)
    usual = results[(results["capacity_factor"] == 1.0) & (results["signals"] == "")].set_index("plan")
    for plan, of_plan in rows.groupby("plan"):
        assert set(of_plan["off_job"]) == {usual.loc[plan, "job"]}
        left_on = of_plan[of_plan["instead"] == "signals left on"]
        assert list(left_on["instead_job"]) == [usual.loc["baseline", "job"]], "the baseline isn't run twice"
    assert rows[rows["instead"] == "officers"]["instead_job"].duplicated().sum() == 1, "nor is one plan for two names"
    del printed


def test_what_they_cost_or_buy_is_what_the_roads_say(workspace: Path, printed: str) -> None:
    rows = _table(workspace).set_index(["plan", "instead"])
    costs_s = rows["t90_off_s"] - rows["t90_instead_s"]
    assert costs_s["stops", "signals left on"] > 120
    assert costs_s["stops", "officers"] > 120
    assert costs_s["signs", "signals left on"] < 0
    shown = " ".join(printed.split())
    assert re.search(
        r"“stops” switches signals off\. With them off, 90 % are out after [0-9:]+ h \(seed 1, one simulation of "
        r"each\)\. "
        r"With them left on it takes [0-9:]+ h: off, they cost [0-9:]+ (min|h)\. With officers there it takes",
        shown,
    )
    buys = r"(off, they buy [0-9]+ min|no demonstrated difference)\."
    assert re.search(rf"“signs” switches signals off.* With them left on it takes [0-9:]+ h: {buys}", shown)
    page = (workspace / "reports" / "town" / "index.html").read_text()
    front = " ".join(page[page.index("The answer") : page.index("All cases")].split())
    assert "“stops” switches signals off" in front
    assert front.index("“signs” switches signals off") < front.index("“stops” switches signals off"), "the headline's"
    assert "“evac ablate SCENARIO stops”" in front


def test_they_are_in_no_other_table(workspace: Path, printed: str) -> None:
    folder = workspace / "reports" / "town"
    results = pd.read_csv(folder / "results.csv")
    assert set(results["plan"]) == {"baseline", *PLANS}
    for path in (folder / "tables").glob("*.csv"):
        if path.stem != "dark_signals":
            assert "signals left on" not in path.read_text(), path.name
            assert "officers at dark" not in path.read_text(), path.name
    del printed


def test_a_report_from_the_cache_is_the_same(workspace: Path, printed: str) -> None:
    page = workspace / "reports" / "town" / "index.html"
    before, table = page.read_text(), _table(workspace)
    assert run_guarded(["report", str(workspace / "town"), "--workspace", str(workspace)]) == 0
    assert page.read_text() == before
    pd.testing.assert_frame_equal(_table(workspace), table)
    del printed


def test_without_sensitivity_the_command_is_named(workspace: Path, printed: str) -> None:
    runs = {path.name for path in (workspace / ".evac" / "runs").iterdir()}
    assert run_guarded(["run", *_asked(workspace, "--no-sensitivity")]) == 0
    assert {path.name for path in (workspace / ".evac" / "runs").iterdir()} == runs
    assert len(_table(workspace)) == 0
    page = (workspace / "reports" / "town" / "index.html").read_text()
    assert "“stops” switches signals off, which may cost more than it buys" in page
    del printed
