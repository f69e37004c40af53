#!/bin/sh
# opening-hours-py 2.1.4: rules for school holidays are read and come out plainly wrong, with the state "open" or "closed".
#
# `SH` in OpenStreetMap's opening_hours is the school holidays: a street before a school is closed to cars `Mo-Fr
# 07:00-08:00; SH off`. The library has the public holidays (PH) of a country, and no school holidays of any. Good guess:
# a rule with SH is refused, or the state is "unknown", which the grammar has. Seen: `SH off` closes no day, `SH 08:00-
# 16:00` is closed on every day, and `SH Mo-Fr 08:00-16:00` is open on every working day, in and out of the holidays;
# the state is never "unknown", also with a country given. Whoever reads such tags must look for SH himself.
#
# Seen at noon of 12 August 2026, in the summer holidays of Bavaria, and of 11 March, which isn't: the same for both.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opening-hours-py==2.1.4
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
from datetime import datetime

from opening_hours import OpeningHours

DAYS = datetime(2026, 8, 12, 12), datetime(2026, 3, 11, 12)
RIGHT = {"Mo-Fr 08:00-16:00; SH off": (False, True), "SH 08:00-16:00": (True, False), "SH Mo-Fr 08:00-16:00": (True, False)}
SEEN = {"Mo-Fr 08:00-16:00; SH off": (True, True), "SH 08:00-16:00": (False, False), "SH Mo-Fr 08:00-16:00": (True, True)}

for rule, seen in SEEN.items():
    hours = OpeningHours(rule, country="DE")
    found = tuple(hours.is_open(day) for day in DAYS)
    print(rule, "right", RIGHT[rule], "seen", found, "unknown", any(hours.is_unknown(day) for day in DAYS))
    assert found == seen != RIGHT[rule]
    assert not any(hours.is_unknown(day) for day in DAYS)
public = OpeningHours("Mo-Fr 08:00-16:00; PH off", country="DE")
assert not public.is_open(datetime(2026, 5, 1, 12)), "a public holiday is known"
PY
