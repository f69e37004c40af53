"""Room `hazards`: when a fire or flood reaches which road, and what it then does to traffic.

`arrivals.reached_roads` reads what the scenario's section `hazard` names (a raster of times of arrival, perimeters or
points with times) and says for each edge of a net when the front is there. `effects.under_hazard` joins that with a
plan's timetable: a road that is reached closes, officers there go, contraflow there ends. What reads a timetable (the
controller of a run, the ways out, the diff) so knows of the hazard without knowing that there is one.

Times are seconds after the order, as everywhere; infinite where the front never arrives.
"""
