"""What the runs of a study stand on, as digests by name: it tells which finished runs are of the present inputs.

Quick, because nothing is prepared: files are read once and the rest is the content of the scenario and the plans. It
is coarser than the job of a run, so it never takes an old run for a present one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evac import sumo
from evac.files import digest_json
from evac.fingerprint import fingerprint
from evac.inputs import digest_dataset
from evac.plans.reading import content_of, files_of
from evac.scenario import LoadedScenario
from evac.schema.demand import VehiclesPerHousehold
from evac.schema.scenario import Scenario, vehicles_label

# What no run depends on, and what only some runs depend on.
_NOT_OF_ALL_RUNS = {"name", "note", "report", "seeds", "vehicles_per_household", "departures"}
_GONE = "gone"


@dataclass(frozen=True)
class Basis:
    """Digests of what runs stand on.

    Parameters
    ----------
    common
        Of what all runs of a study stand on, by what people call it: the programs, the settings, each input file.
    plans, vehicles, departures
        Of each plan, vehicles-per-household case and departure curve.
    """

    common: Mapping[str, str] = field(default_factory=dict)
    plans: Mapping[str, str] = field(default_factory=dict)
    vehicles: Mapping[str, str] = field(default_factory=dict)
    departures: Mapping[str, str] = field(default_factory=dict)


def input_files(model: Scenario) -> list[Path]:
    """Return the files that all runs of a scenario stand on."""
    return sorted(
        set(files_of([getattr(model, name) for name in Scenario.model_fields if name not in _NOT_OF_ALL_RUNS]))
    )


def basis_of(
    loaded: LoadedScenario, plans: Mapping[str, Sequence[Any]], digests: Mapping[Path, str] | None = None
) -> Basis:
    """Return what the runs of a scenario stand on.

    Parameters
    ----------
    loaded
        The scenario.
    plans
        The document of each plan.
    digests
        Digests of the input files as they were when they were read; those of now when left out.
    """
    model = loaded.model
    files = input_files(model)
    digests = digests or {path: _digest(path) for path in files}
    names = {str(path): path.name for path in files}
    settings = _with_names(model.model_dump(mode="json", exclude=_NOT_OF_ALL_RUNS), names)
    folder = loaded.folder.resolve()
    return Basis(
        common={
            "the toolkit": fingerprint(),
            "SUMO": sumo.version(),
            f"the settings in {loaded.path.name}": digest_json(settings),
            **{os.path.relpath(path.resolve(), folder): digests[path] for path in files},
        },
        plans={key: digest_json({"actions": list(document)}) for key, document in plans.items()},
        vehicles={vehicles_label(case): digest_json({"case": _plain(case)}) for case in model.vehicles_per_household},
        departures={item.name: digest_json({"curve": content_of(item.curve)}) for item in model.departures},
    )


def changed(then: Basis, now: Basis) -> list[str]:
    """Return in words what has changed, but for plans."""
    found = [name for name, digest in now.common.items() if then.common.get(name) != digest]
    kinds = (("vehicles per household", then.vehicles, now.vehicles), ("departures", then.departures, now.departures))
    for kind, old, new in kinds:
        found += [f"{kind} '{name}'" for name in changed_names(old, new)]
    return found


def changed_names(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the names whose digests have changed, or that are gone."""
    return [name for name, digest in then.items() if now.get(name) != digest]


def changed_plans(then: Basis, now: Basis) -> list[str]:
    """Return the plans that have changed; those that `now` doesn't know, such as variants, count as the same."""
    return [key for key, digest in then.plans.items() if now.plans.get(key, digest) != digest]


def _plain(case: float | VehiclesPerHousehold) -> Any:
    return content_of(case) if isinstance(case, VehiclesPerHousehold) else case


def _with_names(value: Any, names: Mapping[str, str]) -> Any:
    """Return JSON values with the names of files instead of their paths, which depend on the working folder."""
    if isinstance(value, Mapping):
        return {key: _with_names(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_names(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _digest(path: Path) -> str:
    """Return a file's digest; one that is fetched when it isn't there may be gone."""
    return digest_dataset(path) if path.is_file() else _GONE
