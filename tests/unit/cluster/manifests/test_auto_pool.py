"""The Pool of a job or a schedule: whose it is, and that it is as they say."""

from __future__ import annotations

from millpond.api.autopool import AutoPool
from millpond.api.jobschedule import JobSchedule
from millpond.api.pool import Pool
from millpond.cluster.manifests.auto_pool import auto_pool
from support.builders import SPACE, a_job, metadata

WANTED = AutoPool.model_validate(
    {"lifetime": "Job", "spec": {"targetDedicatedNodes": 3, "nodeTemplate": {"image": "debian"}}}
)


def test_a_job_s_pool_goes_with_it() -> None:
    made = Pool.model_validate(auto_pool(a_job(), WANTED, "film-x"))
    assert (made.key, made.spec.target_dedicated_nodes) == ((SPACE, "film-x"), 3)
    assert [(owner.kind, owner.uid) for owner in made.metadata.owner_references] == [("Job", "uid-film")]
    tags = made.metadata.labels
    assert (tags["millpond.dev/job"], tags["millpond.dev/made-for"]) == ("film", "uid-film")


def test_one_that_is_kept_is_nobody_s_and_tells_for_whom_it_was_made() -> None:
    made = Pool.model_validate(auto_pool(a_job(), WANTED.model_copy(update={"keep_alive": True}), "film-x"))
    assert made.metadata.owner_references == ()
    assert made.metadata.labels["millpond.dev/made-for"] == "uid-film"


def test_a_schedule_s_pool() -> None:
    spec = {"jobTemplate": {"spec": {"poolName": "x"}}}
    schedule = JobSchedule.model_validate({"metadata": metadata("n" * 100, uid="u"), "spec": spec})
    made = Pool.model_validate(auto_pool(schedule, WANTED, "n-x"))
    assert made.metadata.owner_references[0].kind == "JobSchedule"
    assert len(made.metadata.labels["millpond.dev/schedule"]) <= 63
