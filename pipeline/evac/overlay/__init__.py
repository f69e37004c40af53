"""Plans as overlays: what a plan changes of the map, and while the simulation runs."""
