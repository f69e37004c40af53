"""What the cache knows of studies and finished runs. Needs none of the stages, so that looking is quick."""
