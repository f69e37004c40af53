"""Evacuation traffic simulation: clearance times, bottleneck lanes, and what each change to a plan buys.

The modules stand in the order in which data flows: `scenario` → `osm`, `zones` → `network`, `audit` →
`households` → `demand` → `simulate` → `measure` → `study` → `report`. A stage imports only from stages above
it and from the shared helpers (`errors`, `files`, `tables`, `geometry`).
"""

__version__ = "0.1.0"
