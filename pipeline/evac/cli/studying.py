"""What the commands that run studies share: options, and how the values of options are read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

import typer

from evac.errors import EvacError, Problem, UserError

Plans = Annotated[list[str] | None, typer.Option("--plan", help="A plan of plans/<place>/, or `baseline`; repeatable.")]
Vehicles = Annotated[
    list[str] | None, typer.Option("--vehicles", help="Only this vehicles-per-household case; repeatable.")
]
Departures = Annotated[list[str] | None, typer.Option("--departure", help="Only this departure curve; repeatable.")]
LARGEST_SEED = 2**31 - 1
"""SUMO's `--seed` is an integer of 32 bits; a scenario's `seeds` have the same limit."""
Seeds = Annotated[
    list[int] | None,
    typer.Option("--seed", min=0, max=LARGEST_SEED, help="This seed instead of the scenario's; repeatable."),
]
VehiclesCase = Annotated[
    str | None, typer.Option("--vehicles", help="The vehicles-per-household case.", show_default="the middle one")
]
DepartureCase = Annotated[
    str | None, typer.Option("--departure", help="The departure curve.", show_default="the first one")
]
Jobs = Annotated[int | None, typer.Option("--jobs", min=1, help="Simulations side by side.", show_default="all cores")]
EngineName = Annotated[
    str,
    typer.Option("--engine", help="What runs them: local, serial, dask (workers here) or dask://host:port."),
]


def read_part(text: str | None) -> tuple[int, int] | None:
    """Return `3/10` as numbers."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    part = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= part[0] <= part[1]:
        raise UserError(Problem("--part", f"'{text}' is no part", "the third of ten parts is 3/10"))
    return part


def read_homes(texts: Iterable[str]) -> dict[str, int]:
    """Return `Höfle=200` as a zone and a number of homes."""
    found: dict[str, int] = {}
    for text in texts:
        zone, _, number = text.rpartition("=")
        if not zone.strip() or not re.fullmatch(r"[1-9]\d{0,5}", number.strip()):
            raise UserError(Problem("--add-homes", f"'{text}' is no zone with a number", "200 homes: Main Street=200"))
        found[zone.strip()] = found.get(zone.strip(), 0) + int(number)
    return found


def read_share(text: str | None, option: str) -> float | None:
    """Return `5%` or `0.05` as a share."""
    if text is None:
        return None
    try:
        share = float(text.removesuffix("%").strip()) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0.0 < share < 1.0:
        raise UserError(Problem(option, f"'{text}' is no share between 0 and 100 %", "5%"))
    return share


def require_no_failures(failed: int, ended: int) -> None:
    """Raise an error when runs have failed."""
    if failed:
        raise EvacError(f"{failed} of {failed + ended} runs failed; see above")
