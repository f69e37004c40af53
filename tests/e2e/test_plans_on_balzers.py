"""Plans of several actions on one road or junction of Balzers: what they mean is their union, in whichever order."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evac.cli import run_guarded
from evac.network import read_net
from evac.tables import read_lanes

ROOT = Path(__file__).parents[2]
PLANS = Path(__file__).parents[1] / "fixtures" / "balzers_plans"
TABLES = ("vehicles.parquet", "curve.parquet", "bottlenecks.parquet", "edges.parquet", "ledger.json")
ROAD = "Neue Churer Strasse"
CLEAR_MIN = 4  # who is on the road when it closes drives on: 1.2 km


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("balzers")
    plans = [
        item for name in ("touch-ab", "touch-ba", "narrow", "sig", "fx") for item in ("--plan", PLANS / f"{name}.yaml")
    ]
    options = ["--vehicles", "1", "--no-sensitivity", "--workspace", folder]
    assert run_guarded(list(map(str, ["run", ROOT / "scenarios" / "balzers", *plans, *options]))) == 0
    return folder


@pytest.fixture(scope="module")
def runs(workspace: Path) -> dict[str, Path]:
    results = pd.read_csv(workspace / "reports" / "balzers" / "results.csv")
    return {plan: workspace / ".evac" / "runs" / job for plan, job in zip(results["plan"], results["job"], strict=True)}
