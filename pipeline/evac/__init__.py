"""Evacuation traffic simulation: clearance times, bottleneck lanes, and what each change to a plan buys.

`evac.open("scenarios/balzers").under("flood", vehicles=1.5).run().clearance(0.9)`: what to use in Python is in `place`
and `outcome`, and imported from here. What isn't in `evac.__all__` may change with any release.

The stages stand in the order in which data flows: `scenario` → `osm` → `network` → `audit` → `households` → `demand` →
`simulate` → `measure` → `study` → `report`. Each is a package whose first lines say what it takes and gives; a stage
imports only from stages before it, from `schema`, and from the shared helpers (`errors`, `files`, `tables`, `sumo` …).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evac.errors import Cancelled, DataError, EvacError, PlaceError, ScenarioError, SimulationError, UserError
    from evac.outcome import Run
    from evac.place import Place
    from evac.place import open_place as open  # noqa: A004 - `evac.open`, as one opens a file
    from evac.searching import Search
    from evac.studied import Study
    from evac.under import Plan
    from evac.varied import Ablated, StressTest
    from evac.watching import Progress
    from evac.written import Report

__version__ = "0.1.0"
__all__ = [
    "Ablated",
    "Cancelled",
    "DataError",
    "EvacError",
    "Place",
    "PlaceError",
    "Plan",
    "Progress",
    "Report",
    "Run",
    "ScenarioError",
    "Search",
    "SimulationError",
    "StressTest",
    "Study",
    "UserError",
    "open",
]
_IN = {
    **dict.fromkeys(("open", "Place"), "place"),
    **dict.fromkeys(("Ablated", "StressTest"), "varied"),
    "Plan": "under",
    "Run": "outcome",
    "Study": "studied",
    "Search": "searching",
    "Progress": "watching",
    "Report": "written",
}


def __getattr__(name: str) -> object:
    """Return a public name; its module is imported when it is asked for, so that `import evac` costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'evac' has no attribute '{name}'")
    module = import_module(f"evac.{_IN.get(name, 'errors')}")
    return getattr(module, "open_place" if name == "open" else name)
