"""A scenario's YAML, changed as a person would change it (`yaml_text`): its ways out, and corrections of the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from evac.errors import Problem, UserError
from evac.studio.yaml_lines import under, with_added, with_changed, without
from evac.studio.yaml_text import (
    Check,
    as_it_ends_lines,
    in_a_line,
    parsed,
    plain,
    require_unchanged,
    write_checked,
    writing,
)

LISTS_EXITS = ("refuse", "capacity", "add exit")
"""The changes after which the file lists its ways out, also one whose were found before."""
_EXITS, _CORRECTIONS = ("exits",), ("osm", "corrections")
_TURN_DEG = 90.0
_MOST_LANES, _MOST_KPH = 12, 200


def edited(path: Path, tag: str, edit: Mapping[str, Any]) -> str:
    """Return what a scenario's file would be after a change; nothing is written.

    Parameters
    ----------
    path
        The file.
    tag
        Of the text that the change was made on.
    edit
        `do`: `refuse` (an `exit` by its name), `capacity` (`veh_per_h` of an `exit`, None: its lanes decide), `add
        exit` (`exit`: as `exits:` has it), each with `listed` (all ways out as the file has or would have them);
        `correct` (`corrections`), `uncorrect` (the correction `at` a place), or `text` (all of it).

    Raises
    ------
    ChangedMeanwhileError
        The file isn't what it was.
    UserError
        There is nothing of that kind to change.
    """
    text = require_unchanged(path, tag)
    if edit.get("do") == "text":
        return str(edit.get("text", ""))
    return as_it_ends_lines(text, lambda now: _edited(now, edit, path))


def _edited(text: str, edit: Mapping[str, Any], path: Path) -> str:
    if edit.get("do") in LISTS_EXITS:
        text = _listing_exits(text, edit["listed"], path)
    document = parsed(text, path, "scenario")
    match edit.get("do"):
        case "refuse":
            if len(document["exits"]) == 1:
                raise UserError(Problem("the ways out", "it is the last one", "add another before you refuse it"))
            return without(text, _EXITS, _exit_in(document["exits"], edit))
        case "capacity":
            limit = edit.get("veh_per_h")
            at = _exit_in(document["exits"], edit)
            return with_changed(text, _EXITS, at, lambda exits, at: _set(exits[at], "veh_per_h", limit))
        case "add exit":
            return with_added(text, _EXITS, in_a_line(edit["exit"]))
        case "correct":
            for item in edit["corrections"]:
                text = with_added(text, _CORRECTIONS, _block(item))
            return text
        case "uncorrect":
            return _uncorrected(text, document, edit.get("at"))
        case other:
            raise UserError(Problem("the change", f"'{other}' is none", "load the page again"))


def write(path: Path, tag: str, text: str, check: Check) -> None:
    """Write a scenario's file, if it is one.

    Raises
    ------
    ChangedMeanwhileError
        The file isn't what the change was made on.
    UserError
        The text is no scenario; the file is as it was.
    """
    with writing:
        if require_unchanged(path, tag) != text:
            write_checked(path, text, check)


def shown(text: str, path: Path) -> dict[str, Any]:
    """Return what of a scenario's text the page shows: `text`, `exits` (None: they are found), `corrections`."""
    return {"text": text, "exits": exits_of(text, path), "corrections": _corrections_of(text, path)}


def exits_of(text: str, path: Path) -> list[dict[str, Any]] | None:
    """Return the ways out that a scenario's text lists; None where they are to be found."""
    exits = plain(parsed(text, path, "scenario").get("exits"))
    return exits if isinstance(exits, list) else None


def _corrections_of(text: str, path: Path) -> list[dict[str, Any]]:
    """Return the corrections of a scenario's text."""
    osm = plain(parsed(text, path, "scenario").get("osm"))
    found = osm.get("corrections") if isinstance(osm, Mapping) else None
    return found if isinstance(found, list) else []


def corrections_for(ways: Sequence[Mapping[str, Any]], asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the corrections that say what a person knows of a road.

    Parameters
    ----------
    ways
        The road's ways, as `evac.amending.ways_of` gives them: directions are those of the first.
    asked
        `lanes_there` and `lanes_back` (along the first way, and against it), `direction` (`both`, `there` or `back`),
        `kph`, `cars` (`closed` or `open`), each None where the map is right; `whole_street`; and `because`.

    Raises
    ------
    UserError
        Something of it makes no sense.
    """
    because = " ".join(str(asked.get("because", "")).split())
    if not ways:
        raise UserError(Problem("the road", "isn't on the map any more", "load the page again"))
    if not because:
        raise UserError(Problem("the correction", "nobody says how it is known", "say who knows it, or who saw it"))
    first = ways[0]
    along = [abs((way["bearing_deg"] - first["bearing_deg"] + 180) % 360 - 180) <= _TURN_DEG for way in ways]
    tags = [_tags(way, asked, there=same) for way, same in zip(ways, along, strict=True)]
    if not all(tags):
        raise UserError(Problem("the correction", "changes nothing", "say what is different from the map"))
    if asked.get("whole_street"):
        if not first["name"] or any(":" in key or value == "-1" for item in tags for key, value in item.items()):
            what = "what differs by direction can't be said of a whole street, whose pieces may be drawn either way"
            raise UserError(Problem("the correction", what, "correct it piece by piece"))
        return [{"street": first["name"], "tags": tags[0], "because": because}]
    return [{"way": way["way"], "tags": found, "because": because} for way, found in zip(ways, tags, strict=True)]


def _tags(way: Mapping[str, Any], asked: Mapping[str, Any], *, there: bool) -> dict[str, Any]:
    """Return a way's tags as OpenStreetMap writes them (https://wiki.openstreetmap.org/wiki/Key:lanes)."""
    tags: dict[str, Any] = {}
    direction = asked.get("direction")
    if direction is not None:
        tags["oneway"] = {"both": "no"}.get(direction) or ("yes" if (direction == "there") is there else "-1")
    one_way = direction in ("there", "back") or (direction is None and way["oneway"])
    lanes = [asked.get("lanes_there"), asked.get("lanes_back")]
    if any(number is not None for number in lanes):
        forward, backward = (_whole("lanes", number, _MOST_LANES) for number in (lanes if there else lanes[::-1]))
        if one_way:
            tags["lanes"] = forward or backward
        elif not forward or not backward:
            raise UserError(Problem("lanes", "one direction has none", "say one way, or how many each direction has"))
        else:
            tags["lanes"] = forward + backward
            if forward != backward:
                tags |= {"lanes:forward": forward, "lanes:backward": backward}
    if asked.get("kph") is not None:
        tags["maxspeed"] = _whole("speed", asked["kph"], _MOST_KPH)
    if asked.get("cars") is not None:
        tags["motor_vehicle"] = "no" if asked["cars"] == "closed" else "yes"
    return tags


def _whole(what: str, number: Any, most: int) -> int:
    if number is None:
        return 0
    if type(number) is not int or not 0 < number <= most:
        raise UserError(Problem(what, f"found {number}, expected a whole number from 1 to {most}", "correct it"))
    return number


def _listing_exits(text: str, listed: Sequence[Mapping[str, Any]], path: Path) -> str:
    """Return a file that lists its ways out: where they are found so far, those that stand on the map."""
    if isinstance(parsed(text, path, "scenario").get("exits"), CommentedSeq):
        return text
    return under(text, "exits", lambda part: _set(part, "exits", CommentedSeq([in_a_line(item) for item in listed])))


def _exit_in(exits: CommentedSeq, edit: Mapping[str, Any]) -> int:
    names = [item.get("name") for item in exits]
    if edit.get("exit") not in names:
        raise UserError(Problem("the ways out", f"there is no '{edit.get('exit')}' any more", "load the page again"))
    return names.index(edit["exit"])


def _set(item: CommentedMap, key: str, value: Any) -> None:
    if value is None:
        item.pop(key, None)
    else:
        item[key] = value


def _block(correction: Mapping[str, Any]) -> CommentedMap:
    return CommentedMap({key: in_a_line(value) for key, value in correction.items()})


def _uncorrected(text: str, document: CommentedMap, at: Any) -> str:
    found = document["osm"].get("corrections") or []
    if type(at) is not int or not 0 <= at < len(found):
        raise UserError(Problem("the corrections", f"there is no correction {at}", "load the page again"))
    return without(text, _CORRECTIONS, at)
