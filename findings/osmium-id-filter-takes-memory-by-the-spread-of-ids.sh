#!/bin/sh
# osmium (pyosmium) 4.3.1: a filter of 13,545 ids takes 1.4 GB when the ids are spread as OpenStreetMap's are.
#
# A set of ids that is looked up while a file is read. A good guess: memory grows with the number of ids. Seen: IdFilter
# and IdTracker hold a bit for each id that could be, in blocks of 4 MiB that appear when one id of theirs does; ids
# from 1 to 1.2e10, as a small town's are whose nodes were drawn over the years, touch all of some 360 blocks.
# As many ids side by side take nothing to speak of, and the node location index "sparse_mem_array" with the spread ids
# takes a hundredth.
#
# Seen, growth of the process: spread ids 1,430 MB, the same number side by side under 10 MB.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet osmium==4.3.1
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import subprocess, sys

CHILD = """
import resource, sys, osmium
ids = [k * int(sys.argv[1]) for k in range(1, 13_546)]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
filter_ = osmium.filter.IdFilter(ids)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""

def grown_mb(step):
    return float(subprocess.run([sys.executable, "-c", CHILD, str(step)], check=True, capture_output=True, text=True).stdout)

spread, near = grown_mb(886_000), grown_mb(1)
print(f"spread {spread:.0f} MB, side by side {near:.0f} MB")
assert spread > 1_000
assert near < 20
PY
