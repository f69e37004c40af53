"""Plans: what a city changes (`model`), read (`reading`), in words (`words`), and what holds when (`timetable`)."""

BASELINE = "baseline"
"""The plan without changes; a file of this name may describe it, and must not change anything then."""
