"""A job: everything that a run's result depends on, in one frozen value with one digest.

The digest names the run's directory. It holds the digests of the *inputs* of the demand (households, case, settings),
not of the demand itself, so that "is this run done?" is answered without drawing a single vehicle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal, Self

from evac import sumo
from evac.files import canonical_json
from evac.fingerprint import fingerprint


@dataclass(frozen=True, kw_only=True)
class Case:
    """One cell of a study's matrix.

    Parameters
    ----------
    vehicles_per_household
        Label of the vehicles-per-household case (`1.5`, or a distribution's name).
    departure
        Name of the departure curve.
    seed
        Seed of the demand's draws and of SUMO's.
    plan
        Name of the plan.
    fidelity
        SUMO's model: `micro`, vehicle by vehicle and lane by lane; `meso`, by queues on edges, for screening.
    capacity_factor
        Queue discharge of the drivers as a multiple of the calibrated one.
    signals
        Programs of the signals instead of the scenario's; None for the scenario's.
    """

    vehicles_per_household: str
    departure: str
    seed: int
    plan: str = "baseline"
    fidelity: Literal["micro", "meso"] = "micro"
    capacity_factor: float = 1.0
    signals: Literal["actuated", "static"] | None = None

    @property
    def is_as_assumed(self) -> bool:
        """Whether lane capacity and signals are as the scenario has them: the others tell how much that matters."""
        return self.capacity_factor == 1.0 and self.signals is None


@dataclass(frozen=True)
class Job:
    """A case with all that it is run on; equal jobs have equal results.

    Parameters
    ----------
    case
        The case.
    content
        Canonical JSON of the settings, the inputs' digests and the programs' versions.
    """

    case: Case
    content: str

    @classmethod
    def of(cls, case: Case, *, settings: Mapping[str, Any], inputs: Mapping[str, str]) -> Self:
        """Freeze a job.

        Parameters
        ----------
        case
            The case.
        settings
            The settings that the result depends on, as plain JSON values: those of the demand, the drivers, the
            simulation, and of what is measured in the run directory.
        inputs
            SHA-256 of each input by its name: net, households, the plan's files.
        """
        versions = {"evac": fingerprint(), "sumo": sumo.version()}
        return cls(case, canonical_json({"settings": settings, "inputs": inputs, "versions": versions}))

    @property
    def document(self) -> dict[str, Any]:
        """The job as the content of `job.json`."""
        return {"case": dict(vars(self.case)), **json.loads(self.content)}

    @property
    def text(self) -> str:
        """The content of `job.json`, as it is written."""
        return json.dumps(self.document, indent=2, sort_keys=True) + "\n"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the job: the name of its run directory."""
        return sha256(f"{canonical_json(vars(self.case))}\n{self.content}".encode()).hexdigest()
