"""Creating the Pods of preparation and release tasks, on a model API server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from millpond.api.job import Job
from millpond.api.labels import Role
from millpond.api.reasons import TaskReason
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import Resource
from millpond.cluster.errors import ForbiddenError
from millpond.control.actions import StartJobTask
from millpond.control.outcomes import Done, Missed, Refused
from support.builders import POOL, SPACE
from support.model.server import ModelServer

from cluster.conftest import Bench

pytestmark = pytest.mark.looptime
FETCH: dict[str, Any] = {"commandLine": "fetch"}


def a_start(bench: Bench, role: Role = Role.PREPARATION, task: dict[str, Any] = FETCH, **more: Any) -> StartJobTask:
    """The start of a task of job `prepared`, which is made with that preparation unless it is there."""
    job = bench.verbs.store.get("jobs", (SPACE, "prepared"))
    if job is None:
        spec = {
            "poolName": POOL,
            "jobPreparationTask": task,
            "jobReleaseTask": {"commandLine": "x"},
        }
        job = bench.verbs.create("jobs", SPACE, {"metadata": {"name": "prepared"}, "spec": spec})
        bench.world.observe_job(Job.model_validate(job))
    fields: dict[str, Any] = {
        "namespace": SPACE, "role": role, "pool": POOL, "job": "prepared", "job_uid": job["metadata"]["uid"],
        "pod": f"prepared-x-{role.value}", "node": "farm-aaaaa", "host": "host-1",
    }  # fmt: skip
    return StartJobTask(**fields | more)


@pytest.mark.parametrize("role", [Role.PREPARATION, Role.RELEASE])
async def test_start_makes_the_pod_and_again_finds_it(bench: Bench, role: Role) -> None:
    start = a_start(bench, role)
    first, again = await bench.one(start), await bench.one(start)
    pod = bench.verbs.get("pods", SPACE, f"prepared-x-{role.value}")
    assert first == again == Done(pod["metadata"]["resourceVersion"], pod["metadata"]["uid"])


async def test_a_pod_in_the_way_is_waited_for(bench: Bench) -> None:
    await bench.one(a_start(bench))
    elsewhere = await bench.one(a_start(bench, host="host-2"))
    assert isinstance(elsewhere, Missed)
    bench.verbs.merge_patch("pods", SPACE, "prepared-x-prep", {"metadata": {"finalizers": []}})
    let_go = await bench.one(a_start(bench))
    assert isinstance(let_go, Missed)
    assert elsewhere.again_in > 0 < let_go.again_in


async def test_another_job_of_that_name_is_not_served(bench: Bench) -> None:
    assert isinstance(await bench.one(a_start(bench, job_uid="another")), Missed)
    assert bench.verbs.list("pods", SPACE) == []


async def test_a_command_that_cannot_be_split_is_refused(bench: Bench) -> None:
    outcome = await bench.one(a_start(bench, task={"commandLine": "echo 'open"}))
    assert isinstance(outcome, Refused)
    assert "Close the quote" in outcome.message


async def test_a_user_that_the_pool_does_not_have_is_refused(bench: Bench) -> None:
    outcome = await bench.one(a_start(bench, task=FETCH | {"userIdentity": {"userName": "nobody"}}))
    assert isinstance(outcome, Refused)
    assert outcome.reason == TaskReason.USER_ACCOUNT_NOT_FOUND
    assert "Task jobpreparation of job prepared" in outcome.message
    assert "spec.userAccounts" in outcome.message


@pytest.mark.parametrize(("user", "hinted"), [({"elevationLevel": "Admin"}, True), ({}, False)])
async def test_a_pod_that_the_api_server_refuses_is_told_with_what_to_try(
    make_bench: Callable[..., Bench], user: dict[str, str], hinted: bool
) -> None:
    class Strict(ModelServer):
        async def create(self, resource: Resource, namespace: str | None, document: Mapping[str, Any]) -> Meta:
            raise ForbiddenError("violates policy.")

    bench = make_bench(lambda server: Strict(server.verbs))
    outcome = await bench.one(a_start(bench, task=FETCH | {"userIdentity": {"autoUser": user}}))
    assert isinstance(outcome, Refused)
    assert "violates policy" in outcome.message
    assert ("use a NonAdmin user" in outcome.message) is hinted
