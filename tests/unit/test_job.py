"""A job's digest changes with everything that its result depends on, and with nothing else."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from evac.simulate import job as job_module
from evac.simulate.job import Case, Job
from evac.study import jobs

CASE = Case(vehicles_per_household="1.5", departure="90 % within 60 min", seed=1)
SETTINGS = {"driver": {"profile": "normal"}, "simulation": {"end_h": 24.0}}
INPUTS = {"net": "0" * 64, "households": "1" * 64}


def digest(case=CASE, settings=SETTINGS, inputs=INPUTS):
    return Job.of(case, settings=settings, inputs=inputs).digest


def test_equal_jobs_have_one_digest_whatever_the_order_of_their_keys():
    assert digest() == digest(settings=dict(reversed(SETTINGS.items())), inputs=dict(reversed(INPUTS.items())))
    assert len(digest()) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"plan": "final"},
        {"vehicles_per_household": "2"},
        {"departure": "all at once"},
        {"seed": 2},
        {"capacity_factor": 0.85},
    ],
)
def test_another_case_is_another_job(change):
    assert digest(case=replace(CASE, **change)) != digest()


def test_other_settings_inputs_or_versions_are_another_job(monkeypatch):
    digests = {digest(), digest(settings={"driver": {"profile": "calm"}}), digest(inputs={"net": "2" * 64})}
    monkeypatch.setattr(job_module, "fingerprint", lambda: "another")
    assert len(digests | {digest()}) == 4


def test_a_job_does_not_change_with_the_settings_it_was_made_of():
    settings = {"driver": {"profile": "normal"}}
    job = Job.of(CASE, settings=settings, inputs=INPUTS)
    settings["driver"]["profile"] = "calm"
    assert job.document["settings"] == {"driver": {"profile": "normal"}}
    with pytest.raises(FrozenInstanceError):
        job.content = "{}"


def test_what_the_seeds_of_a_case_share_is_put_together_once(monkeypatch):
    made = []

    def job_of(_terms, case):
        made.append(case)
        return Job.of(case, settings={"departure": case.departure}, inputs=INPUTS)

    monkeypatch.setattr(jobs, "job_of", job_of)
    cases = [replace(CASE, seed=seed, departure=departure) for departure in ("a", "b") for seed in range(5)]
    maker = jobs.Jobs(None)
    found = [maker.of(case) for case in cases]
    assert len(made) == 2
    assert found == [job_of(None, case) for case in cases]
    assert len({job.digest for job in found}) == 10
