"""A JobSchedule makes its Job with its Tasks exactly once, wherever the keeper dies: against a real API server."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule
from millpond.cluster.client import Client
from millpond.cluster.kubeconfig import connect
from millpond.cluster.schedules import ScheduleKeeper
from support.apiserver import ApiServer

WRITES = 5
"""The schedule's finalizer, two Tasks, the Job, the schedule's status."""
TASK = {"commandLine": "true"}
SCHEDULE: dict[str, Any] = {
    "apiVersion": "millpond.dev/v1alpha1",
    "kind": "JobSchedule",
    "spec": {
        "schedule": {"recurrenceIntervalSeconds": 3600},
        "jobTemplate": {
            "metadata": {"labels": {"team": "render"}},
            "spec": {"poolName": "render", "onAllTasksComplete": "TerminateJob"},
            "tasks": [
                {"metadata": {"name": "one", "labels": {"part": "first"}}, "spec": TASK},
                {"metadata": {"name": "two"}, "spec": TASK | {"id": "2"}},
            ],
        },
    },
}


class KilledError(BaseException):
    """The process is gone: nothing catches this."""


class Mortal:
    """The door to the API server, for a process that dies before or after its n-th write (from 0)."""

    def __init__(self, api: Client, dies_at: int | None = None, done: bool = False) -> None:
        self._api = api
        self._left = dies_at
        self._done = done
        self.status_written = asyncio.Event()
        self.held: Any = None
        """What hears of the schedule once it has its finalizer."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    async def create(self, *arguments: Any) -> Any:
        return await self._write(self._api.create, *arguments)

    async def merge_patch(self, *arguments: Any) -> Any:
        meta = await self._write(self._api.merge_patch, *arguments)
        if arguments[-1] == "status":
            self.status_written.set()
        else:
            self.held()
        return meta

    async def _write(self, write: Any, *arguments: Any) -> Any:
        dies = self._left == 0
        if self._left is not None:
            self._left -= 1
        if dies and not self._done:
            raise KilledError
        meta = await write(*arguments)
        if dies:
            raise KilledError
        return meta


@contextlib.asynccontextmanager
async def client(server: ApiServer) -> AsyncIterator[Client]:
    async with Client(connect(str(server.kubeconfig))) as api:
        yield api


@pytest.fixture
def namespace(server: ApiServer, request: pytest.FixtureRequest) -> str:
    name = f"schedules-{abs(hash(request.node.name)) % 10**8}"
    server.done("create", "namespace", name)
    return name


def schedule(server: ApiServer, namespace: str, **spec: Any) -> JobSchedule:
    document = SCHEDULE | {"metadata": {"name": "nightly"}, "spec": SCHEDULE["spec"] | spec}
    server.done("apply", "-n", namespace, "-f", "-", document=document)
    return seen(server, namespace)


def seen(server: ApiServer, namespace: str) -> JobSchedule:
    return JobSchedule.model_validate(server.got("jobschedule", "nightly", "-n", namespace))


async def one_life(server: ApiServer, api: Mortal, namespace: str, now: float | None = None) -> bool:
    """A keeper from its start until it has written a status, or is killed: whether it lived."""
    keeper = ScheduleKeeper(api, lambda: now or time.time())  # type: ignore[arg-type]
    api.held = lambda: keeper.observe(seen(server, namespace))
    for job in server.got("jobs.millpond.dev", "-n", namespace)["items"]:
        keeper.observe_job(Job.model_validate(job))
    keeper.observe(seen(server, namespace))
    running = asyncio.ensure_future(keeper.run())
    written = asyncio.ensure_future(api.status_written.wait())
    await asyncio.wait({running, written}, return_when=asyncio.FIRST_COMPLETED, timeout=30)
    lived = not running.done()
    for each in (running, written):
        each.cancel()
        with contextlib.suppress(asyncio.CancelledError, KilledError):
            await each
    return lived


def made(server: ApiServer, namespace: str) -> tuple[list[str], list[str]]:
    """Names of the Jobs and of the Tasks."""
    jobs, tasks = (server.got(kind, "-n", namespace)["items"] for kind in ("jobs.millpond.dev", "tasks.millpond.dev"))
    return [job["metadata"]["name"] for job in jobs], [task["metadata"]["name"] for task in tasks]


@pytest.mark.parametrize("at", range(WRITES))
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
async def test_one_job_with_its_tasks_wherever_the_keeper_dies(
    server: ApiServer, namespace: str, at: int, done: bool
) -> None:
    schedule(server, namespace)
    async with client(server) as api:
        assert not await one_life(server, Mortal(api, at, done), namespace)
        jobs, tasks = made(server, namespace)
        assert not jobs or len(tasks) == 2, "a job never exists without its tasks"
        # When all was written before the end, there is no news for the next life.
        if seen(server, namespace).status.jobs_created == 0:
            assert await one_life(server, Mortal(api), namespace)
    assert made(server, namespace) == (["nightly-1"], ["nightly-1-one", "nightly-1-two"])
    status = seen(server, namespace).status
    assert (status.jobs_created, status.recent_job_name, status.state) == (1, "nightly-1", "Active")
    assert status.conditions[0].reason in ("Scheduled", "JobActive")


async def test_what_is_made_is_as_the_template_says(server: ApiServer, namespace: str) -> None:
    uid = schedule(server, namespace).metadata.uid
    async with client(server) as api:
        assert await one_life(server, Mortal(api), namespace)
    job = server.got("jobs.millpond.dev", "nightly-1", "-n", namespace)
    assert job["metadata"]["labels"] == {"team": "render", "millpond.dev/schedule": "nightly"}
    assert [owner["uid"] for owner in job["metadata"]["ownerReferences"]] == [uid]
    assert (job["spec"]["poolName"], job["spec"]["onAllTasksComplete"]) == ("render", "TerminateJob")
    one, two = server.got("tasks.millpond.dev", "-n", namespace)["items"]
    assert one["metadata"]["labels"] == {"part": "first", "millpond.dev/template-generation": "1"}
    assert [owner["uid"] for owner in one["metadata"]["ownerReferences"]] == [uid]
    assert [task["spec"]["jobName"] for task in (one, two)] == ["nightly-1", "nightly-1"]
    assert [task["spec"]["id"] for task in (one, two)] == ["one", "2"]


async def test_the_next_waits_for_the_end_of_the_one_before(server: ApiServer, namespace: str) -> None:
    schedule(server, namespace)
    async with client(server) as api:
        assert await one_life(server, Mortal(api), namespace)
        due = seen(server, namespace).status.next_run_time
        assert due is not None
        later = due.timestamp() + 1
        assert await one_life(server, Mortal(api), namespace, now=later)
        assert seen(server, namespace).status.conditions[0].reason == "JobActive"
        patch = '{"status": {"state": "Completed"}}'
        arguments = ("jobs.millpond.dev", "nightly-1", "-n", namespace, "--subresource=status", "--type=merge")
        server.done("patch", *arguments, "-p", patch)
        assert await one_life(server, Mortal(api), namespace, now=later)
    assert made(server, namespace)[0] == ["nightly-1", "nightly-2"]
    assert seen(server, namespace).status.recent_job_name == "nightly-2"


async def test_a_job_of_somebody_else_is_left_alone_and_told(server: ApiServer, namespace: str) -> None:
    job = {
        "apiVersion": "millpond.dev/v1alpha1",
        "kind": "Job",
        "metadata": {"name": "nightly-1"},
        "spec": {"poolName": "other"},
    }
    server.done("apply", "-n", namespace, "-f", "-", document=job)
    schedule(server, namespace)
    async with client(server) as api:
        assert await one_life(server, Mortal(api), namespace)
    status = seen(server, namespace).status
    condition = status.conditions[0]
    assert (condition.status, condition.reason) == ("False", "JobCreationFailed")
    assert "was not made by this schedule" in condition.message
    assert status.jobs_created == 0
    assert made(server, namespace) == (["nightly-1"], [])
