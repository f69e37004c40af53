"""Evacuation traffic simulation: clearance times, bottleneck lanes, and what each change to a plan buys.

The stages stand in the order in which data flows: `scenario` → `osm` → `network` → `audit` → `households` → `demand` →
`simulate` → `measure` → `study` → `report`. Each is a package whose first lines say what it takes and gives; a stage
imports only from stages before it, from `schema`, and from the shared helpers (`errors`, `files`, `tables`, `sumo` …).
"""

__version__ = "0.1.0"
