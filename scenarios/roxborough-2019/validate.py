"""Hold the drill of 2019 against what was observed: departures, shares of the exits, and that no queue forms.

    evac run scenarios/roxborough-2019 --no-sensitivity
    python scenarios/roxborough-2019/validate.py

prints what docs/validation.md has.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import evac

HERE = Path(__file__).parent


def main() -> None:
    """Print departures beside those observed, the exits' shares, and drive times beside those of an empty road."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", type=Path, default=HERE.parents[1])
    place = evac.open(HERE, workspace=parser.parse_args().workspace)
    run = place.study().runs[0]
    vehicles = run.vehicle_table()
    observed = pd.read_csv(HERE / "data" / "departures.csv")
    left = [(vehicles["departure_s"] <= 60 * minute).mean() for minute in observed["minute"]]
    print(observed.assign(ours=np.round(left, 3)).to_string(index=False))
    print(vehicles["exit"].value_counts(normalize=True).round(3).to_string())
    drive_s = vehicles["evacuated_s"] - vehicles["departure_s"]
    delay_s = vehicles["delay_s"]
    table = pd.DataFrame({"exit": vehicles["exit"], "drive_min": drive_s / 60, "delay_min": delay_s / 60})
    print(table.groupby("exit").agg(["mean", "max"]).round(2).to_string())
    print(f"delay: {delay_s.sum() / drive_s.sum():.1%} of all driving")


if __name__ == "__main__":
    main()
