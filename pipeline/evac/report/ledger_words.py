"""What the trust ledger counts, in words: a key of `ledger.json` as the page has it."""

from __future__ import annotations

from evac.report.words import mark, say

_KEYS = (
    *(mark("gridlock"), mark("unconnected")),
    *(
        mark("added lanes"),
        mark("added lanes idle"),
        mark("added lanes idle on"),
        mark("collisions"),
        mark("collisions share"),
    ),
    *(mark("background"), mark("background arrived"), mark("background driving"), mark("background waiting")),
    *(mark("background not made"), mark("arrived t50 s"), mark("arrived t90 s"), mark("arrived t95 s")),
    *(
        mark("arrived t100 s"),
        mark("drive beyond mean s"),
        mark("incidents"),
        mark("incident lane min"),
        mark("incidents at"),
    ),
    *(
        mark("errands"),
        mark("errands not made"),
        mark("bound passed by"),
        mark("bound passed at min"),
        mark("lanes over limit"),
    ),
    *(mark("emergency braking"), mark("emergency stops"), mark("gridlock events"), mark("gridlock share")),
    *(mark("gridlock unresolved"), mark("gridlock vehicles"), mark("households"), mark("households not ordered")),
    *(mark("households defying"), mark("bus households"), mark("bus people"), mark("bus people evacuated")),
    *(mark("bus people aboard"), mark("bus people waiting"), mark("bus people no stop"), mark("bus trips")),
    *(mark("bus wait mean s"), mark("bus wait longest s"), mark("bus last evacuated s")),
    *(mark("walk households"), mark("walk people"), mark("walk people in refuge"), mark("walk people full")),
    *(mark("walk people cut off"), mark("walk people too far")),
    *(
        mark("households cut off"),
        mark("from min"),
        mark("actions"),
        mark("households unasked"),
        mark("households without vehicle"),
        mark("jam"),
        mark("limits"),
    ),
    *(mark("never inserted"), mark("no route"), mark("planned"), mark("shadow"), mark("shadow not evacuated")),
    *(mark("households counted twice"), mark("households given"), mark("households lost"), mark("no geometry")),
    *(mark("no street"), mark("off map"), mark("outside area"), mark("over water")),
    *(mark("exposed"), mark("exposed vehicle min"), mark("held by hazard"), mark("households not out")),
    *(mark("households cut off by hazard"), mark("buses stuck"), mark("bus people stuck"), mark("buses stuck on")),
    *(mark("leave after end"), mark("counted twice"), mark("counted twice share")),
    *(mark("buses held by hazard"), mark("bus people held by hazard")),
    *(mark("in refuge"), mark("engines"), mark("engines arrived"), mark("engines turned away")),
    *(mark("engines not made"), mark("engines mean s"), mark("engines longest s")),
    *(mark("still driving"), mark("taken out"), mark("teleports"), mark("teleports by cause")),
    *(mark("unconnected households"), mark("unconnected share"), mark("vehicles"), mark("vehicles left at home")),
    *(mark("wrong lane"), mark("yield"), mark("exits unused"), mark("left by another exit"), mark("stuck")),
    *(mark("misdirected"), mark("junctions off"), mark("let in beyond gaps")),
    *(mark("stuck on"), mark("households without vehicle by zone")),
)


def ledger_words(key: str) -> str:
    """Return a key of the ledger in words; of a key inside of another, joined by `: `, both."""
    return ": ".join(say(part.replace("_", " ")) for part in key.split(": "))


def ledger_value(value: object) -> str:
    """Return what the ledger counts, as text: numbers as everywhere, a list by its items, an empty one as `none`."""
    if isinstance(value, list | tuple):
        return ", ".join(map(ledger_value, value)) or say("none")
    if isinstance(value, dict):
        return "; ".join(f"{ledger_words(key)}: {ledger_value(item)}" for key, item in value.items())
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,.1f}" if value % 1 else f"{value:,.0f}"
    return str(value)
