"""Stage `verify`: the toolkit held against theory, by tests that anyone can run, read and add to.

A test is a folder: `test.yaml` (what is tested, the value that theory gives, tolerance, source), a scenario with its
map and zones, and perhaps plans. It goes the whole way, from OpenStreetMap to measures, as any city does. `evac verify`
runs the tests of `suite/`, or those of a folder of your own, and writes a table of expected, got and pass.

Where the simulation misses theory for a known reason, the test says so (`known_miss`): it is counted apart, and passes
for nobody.

The components are those by which Ronchi et al. (Natural Hazards, 2023, doi 10.1007/s11069-023-05913-2) divide what the
traffic of an evacuation model has to get right. Their own list of tests could not be had; these are ours.
"""

from evac.verify.model import Expectation, Verification
from evac.verify.running import Checked, load_tests, run_test

__all__ = ["Checked", "Expectation", "Verification", "load_tests", "run_test"]
