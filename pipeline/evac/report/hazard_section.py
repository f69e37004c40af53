"""What the report tells of the hazard: who is caught, who ends where, until when zones can be ordered, how likely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from evac import clock
from evac.report import text
from evac.report.hazard_answers import SafeOrders
from evac.report.inputs import ReportInput
from evac.report.order_words import hopeless_words, order_words, sequence_words
from evac.report.results import CaseResult, vehicles_text
from evac.report.words import mark, say
from evac.seals import require_file

_MODELS = {"micro": mark("microscopic model"), "meso": mark("coarse model")}


def hazard_section(report: ReportInput, centre: CaseResult) -> dict[str, Any] | None:
    """Return what the section of the page has; None where there is neither a hazard nor a refuge."""
    hazard, manifest = report.scenario.hazard, centre.run.manifest
    if hazard is None and not manifest.get("refuges", {}):
        return None
    found = report.answers
    return {
        "hazard": hazard,
        "zones": manifest.get("hazard_zones", {}),
        "refuges": manifest.get("refuges", {}),
        "on_foot": manifest.get("on_foot", {}),
        "on_foot_words": _places_words(manifest.get("on_foot", {}).get("refuges", {})),
        "safe_orders": found.safe_orders,
        "orders": [] if found.safe_orders is None else _orders(found.safe_orders),
        "order_words": "" if found.safe_orders is None else _order_words(found.safe_orders),
        "hopeless": [] if found.safe_orders is None else _hopeless(found.safe_orders),
        "sequence": "" if found.safe_orders is None else _sequence(found.safe_orders),
        "chances": [(_chance_words(item.about), item.rows.to_dict("records")) for item in found.chances],
        "older": text.listing(list(found.older)) if found.older else "",
    }


def _places_words(refuges: Mapping[str, Mapping[str, int]]) -> str:
    places = [
        say("{name}: {taken} of {people}", name=text.plain(name), **{key: text.count(it[key]) for key in it})
        for name, it in refuges.items()
    ]
    return say(
        "Places for people on foot: {places}. These people are in no count of vehicles and in no clearance time.",
        places=text.listing(places),
    )


def ends_by_zone(cases: Sequence[CaseResult]) -> pd.DataFrame:
    """Return who ends where: a row a case, zone and exit or refuge with the planned vehicles that ended there.

    `kind` is `exit`, `refuge` or `not safe`; for the latter `where` is the vehicles' status.
    """
    parts = [_ends(case).assign(**_case(case)) for case in cases]
    columns = ["plan", "vehicles_per_household", "departure", "seed", "zone", "kind", "where", "vehicles"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def safe_order_table(report: ReportInput) -> pd.DataFrame:
    """Return the latest safe orders as the report has them; no row where none are of its plans."""
    found = report.answers.safe_orders
    told = ["households", "hopeless"]  # for the page's words
    return pd.DataFrame(columns=["zone"]) if found is None else found.rows.drop(columns=told, errors="ignore")


def chances_table(report: ReportInput) -> pd.DataFrame:
    """Return how likely zones are to get out, a row a plan and zone."""
    found = [item.rows.assign(plan=item.about["plan"]) for item in report.answers.chances]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["zone"])


def _case(case: CaseResult) -> dict[str, Any]:
    shown = case.shown
    return {
        "plan": shown.plan,
        "vehicles_per_household": shown.vehicles_per_household,
        "departure": shown.departure,
        "seed": shown.seed,
    }


def _ends(case: CaseResult) -> pd.DataFrame:
    columns = ["vehicle", "zone", "ordered", "status", "exit"]
    rows = pd.read_parquet(require_file(case.run.folder / "vehicles.parquet"), columns=columns)
    rows = rows[rows["ordered"]].assign(kind="not safe", where=lambda table: table["status"])
    rows.loc[rows["status"] == "evacuated", "kind"] = "exit"
    rows["where"] = rows["where"].where(rows["kind"] != "exit", rows["exit"])
    if case.run.manifest.get("refuges"):
        came = pd.read_parquet(require_file(case.run.folder / "refuges.parquet")).set_index("vehicle")["refuge"]
        sheltered = rows["status"] == "in_refuge"
        rows.loc[sheltered, "kind"] = "refuge"
        rows.loc[sheltered, "where"] = rows.loc[sheltered, "vehicle"].map(came)
    counts: pd.DataFrame = rows.groupby(["zone", "kind", "where"]).size().rename("vehicles").reset_index()
    return counts


def _orders(found: SafeOrders) -> list[dict[str, Any]]:
    return [
        {
            "zone": row["zone"],
            "latest": order_words(row["latest_safe_order_min"], row["latest_safe_order"]),
            "interval": row["interval"],
            "formula": order_words(row["formula_min"]),
            "error": _off(row["formula_error_min"]),
            "together": order_words(row["together_min"]),
            "confirmed": {True: say("yes"), False: say("no")}.get(row["confirmed"], text.NONE),
        }
        for row in found.rows.to_dict("records")
    ]


def _hopeless(found: SafeOrders) -> list[str]:
    return [
        hopeless_words(text.plain(row["zone"]), row["households_never_out"], row["households"])
        for row in found.rows.to_dict("records")
        if row.get("hopeless")
    ]


def _off(error_min: float | None) -> str:
    """Return by how much the formula is later than the search."""
    return text.NONE if error_min is None or pd.isna(error_min) else clock.change(error_min * clock.MINUTE_S)


def _share(share: float) -> str:
    """Return a share that somebody asked for, as it was given: `95 %`."""
    return f"{100.0 * share:g} %"


def _order_words(found: SafeOrders) -> str:
    about = found.about
    return say(
        "The last minute after the order at which each zone can be ordered out so that {share} of its vehicles are "
        "safe, all others ordered as the plan “{plan}” has them ({vehicles}, departures “{departure}”). Found by "
        "search in {runs} simulations with the {model}, to {step}; the interval is over seeds and over the "
        "hazard coming 30 % earlier and later.",
        share=_share(about["share"]),
        plan=text.plain(about["plan"]),
        vehicles=vehicles_text(about["vehicles_per_household"]),
        departure=text.plain(about["departure"]),
        runs=text.count(about["runs"]),
        model=say(_MODELS[about["fidelity"]]),
        step=clock.span(about["step_min"] * clock.MINUTE_S),
    )


def _sequence(found: SafeOrders) -> str:
    if not found.about["together"]:
        return say("Even when all are ordered at once, not all zones are safe.")
    rows = found.rows.dropna(subset="together_min").sort_values("together_min")
    if rows.empty:
        return ""
    parts = [sequence_words(text.plain(row["zone"]), row["together_min"]) for row in rows.to_dict("records")]
    return say("Ordered in this sequence, all of these are safe together: {zones}.", zones=text.listing(parts))


def _chance_words(about: Mapping[str, Any]) -> str:
    return say(
        "How likely it is that {share} of a zone's vehicles are safe under “{plan}”: {members} simulations, arrival "
        "± {within}",
        share=_share(about["share"]), plan=text.plain(about["plan"]), members=text.count(about["members"]),
        within=_share(about["within"]),
    )  # fmt: skip
