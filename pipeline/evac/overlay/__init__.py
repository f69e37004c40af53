"""Stage `overlay`: a plan laid over the baseline's net."""
