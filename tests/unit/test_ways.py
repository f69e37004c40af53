"""Which vehicles have a road ahead, known without asking all of them: what asking each of them says."""

from __future__ import annotations

import random

import pytest

from evac.simulate.conversation import controlled
from evac.simulate.kept_ways import KeptWays
from evac.simulate.ways import Ways, whole_ways, with_ahead
from small_runs import write_net

NODES = {"a": (0, 0), "b": (300, 0), "c": (600, 150), "d": (600, -150), "e": (900, 0), "f": (1200, 0)}
STREETS = ("ab", "bc", "bd", "ce", "de", "cd", "dc", "ef")
CARS = 120


def _trips() -> str:
    """A car each second, more than the street takes, some with a stop on the way in which they miss a look."""
    stop = '<stop edge="ab" endPos="250" duration="35" parking="true"/>'
    return "".join(
        f'<trip id="h{number}v0" from="ab" to="ef" depart="{number}">{stop if number % 7 == 0 else ""}</trip>'
        for number in range(CARS)
    )


@pytest.mark.parametrize("model", [[], ["--mesosim"]], ids=["microscopic", "mesoscopic"])
def test_who_has_a_road_ahead_is_known_without_asking_everybody(tmp_path, model):
    """Both ways on are slow now and then, so that drivers change their minds; some are sent elsewhere by us."""
    edges = [{"id": name, "from": name[0], "to": name[1], "numLanes": 1, "speed": 14} for name in STREETS]
    net = write_net(tmp_path, NODES, edges)
    (tmp_path / "trips.rou.xml").write_text(f"<routes>{_trips()}</routes>")
    looks = "--device.rerouting.probability 1 --device.rerouting.period 30 --device.rerouting.adaptation-interval 5"
    arguments = ["-n", str(net), "-r", str(tmp_path / "trips.rou.xml"), "--no-step-log", *looks.split(), *model]
    arguments += ["--device.rerouting.adaptation-steps", "2", "--weights.random-factor", "3"]
    chance = random.Random(1)
    with controlled(arguments, tmp_path, tmp_path / "console.log") as connection:
        kept = KeptWays(connection, coarse=bool(model))
        ways = Ways(connection, STREETS, kept.given, 10.0)
        changed, before, now_s = 0, {}, 0.0
        while now_s < 420.0:
            now_s += chance.choice([10.0, 10.0, 20.0, 70.0])
            connection.simulationStep(now_s)
            connection.edge.setMaxSpeed(chance.choice(STREETS[1:5]), chance.choice([2.0, 14.0]))
            ways.look(now_s)
            all_ways = whole_ways(connection)
            for street in STREETS:
                assert ways.bound_for([street]) == with_ahead(connection, all_ways, [street]), (now_s, street)
            changed += sum(before[name] != way for name, way in all_ways.items() if name in before)
            before = all_ways
            on_it = [name for name in connection.edge.getLastStepVehicleIDs("ab") if int(name[1:-2]) % 7]
            for vehicle in chance.sample(on_it, min(len(on_it), 2)):
                kept.give(vehicle, chance.choice([("ab", "bc", "ce", "ef"), ("ab", "bd", "dc", "ce", "ef")]))
    assert changed > CARS / 4
