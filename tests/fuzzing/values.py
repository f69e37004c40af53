"""Values that no field expects, and changes of trees of plain data and of bytes."""

from __future__ import annotations

import copy
import math
import random
from typing import Any

NUMBERS = [
    0,
    -1,
    1,
    7,
    0.5,
    -0.0,
    1e-320,
    1e308,
    -1e308,
    2**31,
    2**63,
    -(2**63) - 1,
    10**40,
    math.nan,
    math.inf,
    -math.inf,
]
WORDS = [
    "",
    " ",
    "x" * 5_000,
    "a\x00b",
    "\x1b[2J",
    "line\nline",
    "\u202eabc",
    "\U0001f4a9",
    "Zürich",
    "../../etc/passwd",
    "/dev/zero",
    "/proc/self/mem",
    ".",
    "{x}",
    "{0.__class__}",
    "%s%n",
    "<script>",
    "=cmd()",
    "1:30",
    "15 min",
    "1,5",
    "1_000",
    "0x1F",
    "010",
    "2026-13-45",
    "2026-02-30T25:61:61Z",
    "yes",
    "null",
    "~",
    "nan",
    "inf",
    "-",
    "*",
    "[x](y)",
    "[bold]",
    "[/]",
    "--debug",
]
OTHERS: list[Any] = [None, True, False, [], {}, [[]], [None], {"": None}, [1, "a", {}], {"a": {"b": [1]}}, {1: 2}]


def value(rng: random.Random) -> Any:
    """Return a value that is likely to be wrong."""
    return copy.deepcopy(rng.choice(rng.choice([NUMBERS, WORDS, OTHERS])))


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Return every container and key (or index) of a tree."""
    found: list[tuple[Any, Any]] = []
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, inner in items:
        found.append((tree, key))
        found += places(inner)
    return found


def change_tree(rng: random.Random, tree: Any) -> Any:
    """Return a tree with one to three changes at random places."""
    tree = copy.deepcopy(tree)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        here = places(tree)
        if not here:
            return tree
        where, key = rng.choice(here)
        match rng.randrange(7):
            case 0:
                del where[key]
            case 1 if isinstance(where, dict):
                where[rng.choice([*WORDS, 7, f"{key}s", str(key).upper()])] = where.pop(key)
            case 2 if isinstance(where, list):
                where.insert(key, copy.deepcopy(where[key]))
            case 3:
                where[key] = [where[key]]
            case 4 if isinstance(where[key], int | float):
                where[key] = where[key] * rng.choice([-1, 1e3, 1e9, 1e-9, 10**30])
            case 5:
                other, name = rng.choice(here)
                where[key] = copy.deepcopy(other.get(name) if isinstance(other, dict) else other[-1] if other else None)
            case _:
                where[key] = value(rng)
    return tree


def change_bytes(rng: random.Random, content: bytes) -> bytes:  # noqa: C901, PLR0911 - a table of kinds of damage
    """Return bytes with damage as transfers, editors and disks do it."""
    at = rng.randrange(len(content) + 1)
    match rng.randrange(10):
        case 0:
            return content[:at]
        case 1:
            return content[:at] + b"\x00" * rng.choice([1, 20]) + content[at + 1 :]
        case 2:
            return content[:at] + rng.randbytes(rng.choice([1, 4])) + content[at + 4 :]
        case 3:
            return content.decode("utf-8", "replace").encode(
                rng.choice(["utf-16", "utf-32", "utf-8-sig", "cp037"]), "replace"
            )
        case 4:
            return content.replace(b"\n", rng.choice([b"\r\n", b"\r", b"", b"\n\n", b"\n\t"]))
        case 5:
            lines = content.split(b"\n")
            rng.shuffle(lines)
            return b"\n".join(lines)
        case 6:
            other = rng.randrange(len(content) + 1)
            return content[:at] + content[min(at, other) : max(at, other)] + content[at:]
        case 7:
            return content[: at // 2] + content[at:]
        case 8:
            flipped = bytearray(content)
            for _ in range(min(8, len(flipped))):
                flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
            return bytes(flipped)
        case _:
            return content + content
