"""A model API server with a pool, a job and hosts in it, and an actuator upon it. To be used under a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from millpond.api.job import Job
from millpond.api.pool import Pool
from millpond.cluster.actuator import Actuator
from millpond.cluster.api_server import ApiServer
from millpond.cluster.documents import Documents
from millpond.cluster.events import EventRecorder
from millpond.control import actions as act
from millpond.control.actions import AnyAction
from millpond.control.outcomes import Outcome
from millpond.control.world import World
from millpond.settings import Settings
from support.builders import EPOCH, JOB, POOL, SPACE
from support.model.server import ModelServer
from support.model.store import Document
from support.model.verbs import Verbs


class Bench:
    """`perform` says what actions came to; `verbs` are the server's own view of things."""

    def __init__(self, verbs: Verbs, world: World, api: ApiServer) -> None:
        self.verbs = verbs
        self.world = world
        self.api = api
        self.events = EventRecorder(api, "test")
        self.use(Settings())

    def use(self, settings: Settings) -> None:
        """Perform with these settings from now on."""
        self.actuator = Actuator(self.api, Documents(self.api, self.world), self.events, settings)

    async def perform(self, *actions: AnyAction) -> list[Outcome]:
        """Outcomes in the order in which they were reported."""
        outcomes: list[Outcome] = []
        all_told = asyncio.Event()

        def report(_: AnyAction, outcome: Outcome) -> None:
            outcomes.append(outcome)
            if len(outcomes) == len(actions):
                all_told.set()

        await self.actuator.perform(actions, report)
        if actions:
            await all_told.wait()
        return outcomes

    async def one(self, action: AnyAction) -> Outcome:
        (outcome,) = await self.perform(action)
        return outcome

    def task(self, name: str, **spec: Any) -> Document:
        spec = {"jobName": JOB, "commandLine": "true"} | spec
        return self.verbs.create("tasks", SPACE, {"metadata": {"name": name}, "spec": spec})

    def start(self, task: Document, attempt: int = 1, **more: Any) -> act.StartAttempt:
        name = task["metadata"]["name"]
        fields: dict[str, Any] = {
            "namespace": SPACE, "pool": POOL, "job": JOB, "task": name, "task_uid": task["metadata"]["uid"],
            "attempt": attempt, "pod": f"{name}-{attempt}", "node": "farm-aaaaa", "host": "host-1",
            "slots": 1, "cpu_millis": 100, "memory_bytes": 2**20,
        }  # fmt: skip
        return act.StartAttempt(**fields | more)

    def host(self, name: str, **spec: Any) -> Document:
        self.verbs.create("nodes", None, {"metadata": {"name": name}, "spec": spec})
        status = {"status": {"allocatable": {"cpu": "4", "memory": "8Gi"}}}
        return self.verbs.merge_patch("nodes", None, name, status, "status")


@pytest.fixture
def make_bench() -> Callable[..., Bench]:
    """Makes a bench; `wrap` may put a server of its own between actuator and model."""

    def make(wrap: Callable[[ModelServer], ApiServer] = lambda server: server) -> Bench:
        verbs = Verbs(lambda: EPOCH)
        world = World()
        template = {"targetDedicatedNodes": 1, "nodeTemplate": {"image": "debian"}}
        pool = verbs.create("pools", SPACE, {"metadata": {"name": POOL}, "spec": template})
        job = verbs.create("jobs", SPACE, {"metadata": {"name": JOB}, "spec": {"poolName": POOL}})
        world.observe_pool(Pool.model_validate(pool))
        world.observe_job(Job.model_validate(job))
        return Bench(verbs, world, wrap(ModelServer(verbs)))

    return make


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    """A bench whose server does as it is told."""
    return make_bench()
