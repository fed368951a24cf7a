"""Pools of jobs that have their own: made once, made again, deleted with the end; and where they cannot be made."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.job import DesiredState
from millpond.api.reasons import JobState
from millpond.control.actions import CreatePool, DeletePool, WriteJob
from millpond.control.outcomes import QUOTA_EXCEEDED, Missed, Refused
from millpond.control.plan_auto_pools import error_of
from millpond.control.pool_state import PoolKey
from support.builders import SPACE, a_host, a_job, a_pool, a_task
from support.scene import NOWHERE, Scene, of

ENDS: dict[str, Any] = {"onAllTasksComplete": "TerminateJob"}


def own(keep: bool = False, **spec: Any) -> dict[str, Any]:
    template = {"targetDedicatedNodes": 1, "nodeTemplate": {"image": "debian"}, **spec}
    return {"autoPool": {"lifetime": "Job", "keepAlive": keep, "namePrefix": "tmp", "spec": template}}


class Stage(Scene):
    """A scene of a job with a pool of its own, and of nothing else."""

    def __init__(self, **spec: Any) -> None:
        super().__init__()
        job = a_job(**spec)
        self.pool_name = job.pool_name
        self.key = PoolKey(SPACE, self.pool_name)
        self.add(a_host(), job)

    def go_on(self, seconds: float = 30) -> None:
        self.run(self.key, NOWHERE, seconds=seconds)

    @property
    def job(self) -> Any:
        return self.jobs["film"].status

    def ends(self) -> None:  # type: ignore[override]
        self.jobs["film"] = self.edit(self.jobs["film"], desired_state=DesiredState.TERMINATED)
        self.add(self.jobs["film"])


def condition(stage: Stage, kind: str) -> tuple[str, str, str]:
    found = next(c for c in stage.job.conditions if c.type == kind)
    return found.status.value, found.reason, found.message


def test_the_pool_is_made_once_and_the_job_runs_on_it() -> None:
    stage = Stage(**own())
    (made, *_) = of(CreatePool, stage.plan(stage.key).actions)
    assert made.pool == stage.pool_name
    assert made.pool.startswith("tmp-")
    stage.go_on()
    assert len(of(CreatePool, stage.done)) <= 1
    assert (stage.job.pool_name, stage.job.state) == (stage.pool_name, JobState.ACTIVE)
    assert condition(stage, "Scheduled")[:2] == ("True", "PoolReady")


def test_what_is_not_there_yet_is_no_trouble() -> None:
    stage = Stage(**own())
    stage.fail(CreatePool, Missed("no answer", again_in=5))
    stage.step(stage.key)
    assert condition(stage, "Scheduled")[:2] == ("False", "AutoPoolStarting")
    assert all(not write.events for write in of(WriteJob, stage.done))
    stage.go_on()
    assert condition(stage, "Scheduled")[:2] == ("True", "PoolReady")


def test_a_pool_that_somebody_deletes_is_made_again() -> None:
    stage = Stage(**own())
    stage.go_on()
    stage.remove_pool(stage.pool_name)
    stage.go_on()
    assert len(of(CreatePool, stage.done)) == 2
    assert stage.pool_name in stage.pools


def test_it_is_deleted_when_the_job_has_ended_and_said_so() -> None:
    stage = Stage(**own())
    stage.go_on()
    stage.ends()
    stage.go_on()
    assert stage.job.state is JobState.COMPLETED
    assert stage.pool_name not in stage.pools
    last = [action for action in stage.done if isinstance(action, WriteJob | DeletePool)]
    assert isinstance(last[-1], DeletePool)
    stage.go_on(300)
    assert (len(of(DeletePool, stage.done)), len(of(CreatePool, stage.done))) == (1, 1)


def test_a_deletion_that_fails_is_repeated_and_not_said_before_the_end() -> None:
    stage = Stage(**own())
    stage.go_on()
    stage.fail(DeletePool, Missed("no answer", again_in=5))
    stage.ends()
    stage.go_on(2)
    assert stage.pool_name in stage.pools
    stage.go_on()
    assert stage.pool_name not in stage.pools


def test_one_that_is_to_be_kept_stays() -> None:
    stage = Stage(**own(keep=True))
    stage.go_on()
    assert stage.pools[stage.pool_name].metadata.owner_references == ()
    stage.ends()
    stage.go_on()
    assert stage.pool_name in stage.pools


def test_a_namesake_of_somebody_else_stays() -> None:
    stage = Stage(**own())
    stage.add(a_pool(stage.pool_name))
    stage.go_on()
    stage.ends()
    stage.go_on()
    assert (stage.job.state, stage.pool_name in stage.pools) == (JobState.COMPLETED, True)


REFUSALS = [
    (Refused(QUOTA_EXCEEDED, "exceeded quota: pools"), "AutoPoolCreationFailedWithQuotaReached"),
    (Refused("Invalid", "spec.nodeTemplate: wrong"), "InvalidAutoPoolSettings"),
    (Refused("AlreadyExists", "Pool x exists"), "InvalidAutoPoolSettings"),
]


@pytest.mark.parametrize(("refused", "code"), REFUSALS)
def test_a_pool_that_is_refused_is_the_job_s_end(refused: Refused, code: str) -> None:
    stage = Stage(**own(), **ENDS)
    stage.add(a_task("frame-1"))
    stage.fail(CreatePool, refused)
    stage.go_on()
    error = stage.job.scheduling_error
    assert (stage.job.state, error.category, error.code) == (JobState.COMPLETED, "UserError", code)
    assert refused.message in error.message
    assert condition(stage, "Complete")[:2] == ("True", "AutoPoolCreationFailed")
    assert condition(stage, "Succeeded")[:2] == ("False", "AutoPoolCreationFailed")
    told = [event for write in of(WriteJob, stage.done) for event in write.events]
    assert [event.reason for event in told] == ["AutoPoolCreationFailed"]
    assert error_of(refused) == error


def test_a_formula_that_cannot_be_read_is_the_job_s_end_and_no_pool_is_made() -> None:
    formula = own(autoScale={"formula": "$TargetDedicatedNodes = ;"}, targetDedicatedNodes=None)
    stage = Stage(**formula)
    stage.go_on()
    assert stage.job.scheduling_error.code == "InvalidAutoScaleFormulaInAutoPool"
    assert of(CreatePool, stage.done) == []


def test_a_job_of_the_same_name_that_is_made_later_has_its_own_pool() -> None:
    stage = Stage(**own())
    stage.fail(CreatePool, Refused("Invalid", "no"))
    stage.go_on()
    stage.remove_job("film")
    again = a_job(uid="another", version=99, **own())
    assert again.pool_name != stage.pool_name
    stage.add(again)
    stage.run(PoolKey(SPACE, again.pool_name), NOWHERE, seconds=30)
    assert (again.pool_name in stage.pools, stage.job.state) == (True, JobState.ACTIVE)
