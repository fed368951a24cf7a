"""Lives of what keeps job schedules, over a model API server under a virtual clock that tests may set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule
from millpond.api.pool import Pool
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import Resource
from millpond.cluster.schedules import ScheduleKeeper

from support.builders import EPOCH, SPACE, at
from support.faults import Chooser, Counter, Line, no_faults
from support.model.garbage import GarbageCollector
from support.model.server import ModelServer
from support.model.store import Change
from support.model.verbs import Verbs

TASKS = [
    {"metadata": {"name": "prepare", "labels": {"team": "a"}}, "spec": {"commandLine": "true"}},
    {"metadata": {"name": "work"}, "spec": {"commandLine": "true"}},
]
NAME = "nightly"


def crash_at(write: int, when: str) -> Chooser:
    """The keeper dies "before" or "after" the write of that number, once."""
    return lambda request: f"crash-{when}" if request.write == write else ""


class Server(ModelServer):
    """Fails the next creates as told."""

    def __init__(self, verbs: Verbs) -> None:
        super().__init__(verbs)
        self.create_errors: list[Exception] = []

    async def create(self, resource: Resource, namespace: str | None, document: Mapping[str, Any]) -> Meta:
        if self.create_errors:
            raise self.create_errors.pop(0)
        return await super().create(resource, namespace, document)


class Stage:
    """An API server, and lives of a keeper that hears of schedules and jobs as a watch would tell it."""

    def __init__(self, choose: Chooser = no_faults) -> None:
        self.skew = 0.0
        """Seconds by which the clock was set."""
        self.verbs = Verbs(self.now)
        self.server = Server(self.verbs)
        self.choose = choose
        self.counter = Counter()
        self.lives = 0
        self.keeper: ScheduleKeeper | None = None
        self.deaf = False
        """Whether watches tell nothing."""
        self.garbage = GarbageCollector(self.verbs)
        self.verbs.store.listeners.append(self._hear)

    def now(self) -> float:
        return EPOCH + asyncio.get_running_loop().time() + self.skew

    def _hear(self, change: Change) -> None:
        if self.keeper is not None and not self.deaf:
            tell(self.keeper, change.plural, change.after, gone=change.type == "DELETED")

    def begin_life(self) -> None:
        """A keeper is about to list what there is."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        living = asyncio.create_task(self._live())
        try:
            yield
        finally:
            living.cancel()

    async def _live(self) -> None:
        """Life after life."""
        while True:
            self.lives += 1
            line = Line(self.server, self.choose, self.counter)
            self.begin_life()
            keeper = self.keeper = ScheduleKeeper(line, self.now)
            for plural in ("jobs", "pools", "jobschedules"):
                for document in self.verbs.list(plural):
                    tell(keeper, plural, document)
            living, dying = asyncio.create_task(keeper.run()), asyncio.create_task(line.crashed.wait())
            try:
                await asyncio.wait({living, dying}, return_when=asyncio.FIRST_COMPLETED)
                assert line.crashed.is_set(), living.exception()
            finally:
                self.keeper = None
                for task in (living, dying):
                    task.cancel()
            await asyncio.sleep(1)

    # What users do

    def schedule(
        self,
        desired: str = "Active",
        tasks: Sequence[dict[str, Any]] = TASKS,
        job: dict[str, Any] | None = None,
        **schedule: Any,
    ) -> None:
        spec = {
            "schedule": schedule,
            "desiredState": desired,
            "jobTemplate": {
                "metadata": {"labels": {"team": "a"}},
                "spec": job or {"poolName": "farm"},
                "tasks": [*tasks],
            },
        }
        self.verbs.create("jobschedules", SPACE, {"metadata": {"name": NAME}, "spec": spec})

    def edit(self, **spec: Any) -> None:
        self.verbs.merge_patch("jobschedules", SPACE, NAME, {"spec": spec})

    def end_jobs(self) -> None:
        """What the operator's other half does: active jobs end."""
        for job in self.verbs.list("jobs"):
            if (job.get("status") or {}).get("state") != "Completed":
                status = {"state": "Completed", "endTime": at(0)}
                self.verbs.merge_patch("jobs", SPACE, job["metadata"]["name"], {"status": status}, "status")

    # What is left

    def status(self) -> Any:
        return JobSchedule.model_validate(self.verbs.get("jobschedules", SPACE, NAME)).status

    def ready(self) -> tuple[str, str]:
        (ready,) = self.status().conditions
        return ready.status.value, ready.reason

    def names(self, plural: str = "jobs") -> list[str]:
        return [document["metadata"]["name"] for document in self.verbs.list(plural, SPACE)]

    def dues(self) -> list[str]:
        return [job["metadata"]["annotations"]["millpond.dev/due-time"] for job in self.verbs.list("jobs", SPACE)]


def tell(keeper: ScheduleKeeper, plural: str, document: dict[str, Any], gone: bool = False) -> None:
    """What a watch tells of one object."""
    meta = document["metadata"]
    match plural, gone:
        case "jobs", False:
            keeper.observe_job(Job.model_validate(document))
        case "jobs", True:
            keeper.forget_job(Job.model_validate(document))
        case "pools", False:
            keeper.observe_pool(Pool.model_validate(document))
        case "pools", True:
            keeper.forget_pool(Pool.model_validate(document))
        case "jobschedules", False:
            keeper.observe(JobSchedule.model_validate(document))
        case "jobschedules", True:
            keeper.forget(SPACE, meta["name"])
