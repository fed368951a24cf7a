"""All that is seen is folded, whoever tells it; what cannot be read is set aside; silence is noticed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from millpond.api import labels
from millpond.api.computenode import ComputeNode
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule
from millpond.api.kind import Resource as Kind
from millpond.api.pool import Pool
from millpond.cluster.events import EventRecorder
from millpond.cluster.set_aside import SetAside
from millpond.control.pool_state import PoolKey
from millpond.control.world import World
from millpond.handlers.listening import Listening
from millpond.settings import Settings
from support.builders import CLAIM, EPOCH, SPACE
from support.model.server import ModelServer
from support.model.store import Document
from support.model.verbs import Verbs
from support.virtual_time import in_virtual_time

SPECS: dict[str, Document] = {
    "pools": {"targetDedicatedNodes": 1, "nodeTemplate": {"image": "debian"}},
    "jobs": {"poolName": "farm"},
    "tasks": {"jobName": "film", "commandLine": "true"},
    "computenodes": {"poolName": "farm", "nodeClass": "Dedicated"},
    "jobschedules": {"schedule": {"recurrenceIntervalSeconds": 3600}, "jobTemplate": {"spec": {"poolName": "farm"}}},
    "pods": {"containers": [{"name": "agent"}]},
}


def now() -> float:
    return EPOCH + asyncio.get_running_loop().time()


class Alarm:
    """In the cycles' place: remembers who was woken, and who was driven."""

    def __init__(self) -> None:
        self.woken: set[PoolKey] = set()
        self.driven: list[PoolKey] = []

    def wake(self, keys: Iterable[PoolKey]) -> None:
        self.woken |= set(keys)

    async def drive(self, key: PoolKey) -> None:
        self.driven.append(key)


class Calendar:
    """In the place of what keeps schedules."""

    def __init__(self) -> None:
        self.kept: set[tuple[str, str]] = set()
        self.jobs: set[str] = set()
        self.pools: set[str] = set()

    def observe(self, schedule: JobSchedule) -> None:
        self.kept.add(schedule.key)

    def forget(self, namespace: str, name: str) -> None:
        self.kept.discard((namespace, name))

    def observe_pool(self, pool: Pool) -> None:
        self.pools.add(pool.metadata.name)

    def forget_pool(self, pool: Pool) -> None:
        self.pools.discard(pool.metadata.name)

    def observe_job(self, job: Job) -> None:
        self.jobs.add(job.metadata.name)

    def forget_job(self, job: Job) -> None:
        self.jobs.discard(job.metadata.name)


class Stage:
    """A listener on a model API server."""

    def __init__(self) -> None:
        self.verbs = Verbs(now)
        self.server = ModelServer(self.verbs)
        self.world, self.alarm, self.calendar = World(), Alarm(), Calendar()
        self.events = EventRecorder(self.server, "test")  # type: ignore[arg-type]
        cycles: Any = self.alarm
        schedules: Any = self.calendar
        api: Any = self.server
        aside = SetAside(api, self.events, now)
        self.listening = Listening(api, self.world, cycles, schedules, aside, Settings(watch_silence=90, resync=900))

    def put(self, plural: str, name: str, **spec: Any) -> Document:
        """Store an object as it is, whatever its schema would say."""
        namespaced = plural != "nodes"
        document: Document = {"metadata": {"name": name}, "spec": SPECS.get(plural, {}) | spec}
        if plural == "pods":
            document["metadata"]["labels"] = {labels.ROLE: labels.Role.NODE, labels.POOL: "farm", labels.NODE: name}
        return self.verbs.create(plural, SPACE if namespaced else None, document)

    def ready(self, plural: str, name: str) -> dict[str, Any]:
        """The condition that says that the object was set aside, empty where there is none."""
        status = self.verbs.get(plural, SPACE, name).get("status", {})
        found = [one for one in status.get("conditions", ()) if one["reason"] == "InvalidDocument"]
        return found[0] if found else {}

    @asynccontextmanager
    async def listened(self) -> AsyncIterator[None]:
        running = [asyncio.create_task(part) for part in (*self.listening.parts(), self.events.run())]
        try:
            await self.listening.gathered()
            yield
        finally:
            for one in running:
                one.cancel()
            await asyncio.gather(*running, return_exceptions=True)


@pytest.fixture
def stage() -> Stage:
    return Stage()


FEW: list[tuple[type[Kind], str]] = [
    (Pool, "pools"),
    (Job, "jobs"),
    (ComputeNode, "computenodes"),
    (JobSchedule, "jobschedules"),
]
KEY = PoolKey(SPACE, "farm")


def known(stage: Stage, plural: str) -> bool:
    """Whether the fold knows the object."""
    match plural:
        case "pools":
            return stage.world.pool(KEY).model is not None
        case "jobs":
            return stage.world.namespace(SPACE).job("film").model is not None
        case "computenodes":
            node = stage.world.pool(KEY).nodes.get("film")
            return node is not None and node.model is not None
        case _:
            return bool(stage.calendar.kept)


def name_of(plural: str) -> str:
    return "farm" if plural == "pools" else "film"


@pytest.mark.parametrize(("kind", "plural"), FEW)
@in_virtual_time
async def test_what_kopf_tells_is_folded_and_forgotten(stage: Stage, kind: type[Kind], plural: str) -> None:
    body = stage.put(plural, name_of(plural))
    stage.listening.seen(kind, body)
    assert known(stage, plural)
    assert stage.alarm.woken or stage.calendar.kept
    stage.alarm.woken.clear()
    stage.listening.gone(kind, body)
    assert not known(stage, plural)
    assert stage.alarm.woken or plural == "jobschedules"


@pytest.mark.parametrize(("kind", "plural"), FEW)
@in_virtual_time
async def test_the_end_of_a_namesake_forgets_nothing(stage: Stage, kind: type[Kind], plural: str) -> None:
    old = stage.put(plural, name_of(plural))
    stage.listening.seen(kind, old)
    stage.verbs.delete(plural, SPACE, name_of(plural))
    stage.listening.seen(kind, stage.put(plural, name_of(plural)))
    stage.listening.gone(kind, old)
    assert known(stage, plural)


@in_virtual_time
async def test_everything_is_gathered_before_judgement_begins(stage: Stage) -> None:
    for kind, plural in FEW:
        stage.put(plural, name_of(plural))
        assert kind.KIND.plural == plural
    stage.put("tasks", "one")
    stage.put("pods", "film")
    stage.put("nodes", "h1")
    async with stage.listened():
        assert all(known(stage, plural) for _, plural in FEW)
        assert "one" in stage.world.namespace(SPACE).job("film").tasks
        assert stage.world.pool(KEY).nodes["film"].pod is not None
        assert "h1" in stage.world.hosts


@in_virtual_time
async def test_the_many_are_followed(stage: Stage) -> None:
    async with stage.listened():
        stage.put("tasks", "one")
        host = stage.put("nodes", "h1")
        await asyncio.sleep(1)
        assert "one" in stage.world.namespace(SPACE).job("film").tasks
        claimed = {"metadata": {"labels": {labels.HOST_LABEL: CLAIM}}}
        stage.verbs.merge_patch("nodes", None, "h1", claimed)
        stage.verbs.delete("tasks", SPACE, "one")
        await asyncio.sleep(1)
        assert stage.world.hosts["h1"].metadata.labels != host["metadata"].get("labels", {})
        assert "one" not in stage.world.namespace(SPACE).job("film").tasks
        stage.verbs.delete("nodes", None, "h1")
        await asyncio.sleep(1)
        assert stage.world.hosts == {}


@pytest.mark.parametrize(("kind", "plural"), FEW)
@in_virtual_time
async def test_what_kopf_was_never_told_is_noticed_in_time(stage: Stage, kind: type[Kind], plural: str) -> None:
    body = stage.put(plural, name_of(plural))
    async with stage.listened():
        assert known(stage, plural)
        stage.verbs.delete(plural, SPACE, name_of(plural))
        await asyncio.sleep(1000)
        assert not known(stage, plural)
    assert kind.model_validate(body).metadata.name == name_of(plural)


WRONG: dict[str, Document] = {
    "pools": {"targetDedicatedNodes": "many"},
    "jobs": {"poolName": 7},
    "computenodes": {"nodeClass": "Borrowed"},
    "jobschedules": {"schedule": {"recurrenceIntervalSeconds": "often"}},
    "tasks": {"requiredSlots": "two"},
}
CONDITION = {"jobs": "Scheduled", "tasks": "Scheduled"}


@pytest.mark.parametrize("plural", WRONG)
@in_virtual_time
async def test_what_cannot_be_read_is_set_aside_with_a_condition_and_an_event(stage: Stage, plural: str) -> None:
    stage.put(plural, "wrong", **WRONG[plural])
    stage.put("tasks", "neighbour")
    async with stage.listened():
        await asyncio.sleep(5)
        found = stage.ready(plural, "wrong")
        assert found["type"] == CONDITION.get(plural, "Ready")
        assert found["status"] == "False"
        assert next(iter(WRONG[plural])) in found["message"]
        assert found["observedGeneration"] == 1
        (event,) = stage.verbs.list("events", SPACE)
        assert event["reason"] == "InvalidDocument"
        assert event["note"] == found["message"]
        assert event["regarding"]["name"] == "wrong"
        assert "neighbour" in stage.world.namespace(SPACE).job("film").tasks
        # Seen again by its own watch and by later lists, it is not told again.
        version = stage.verbs.get(plural, SPACE, "wrong")["metadata"]["resourceVersion"]
        await asyncio.sleep(2000)
        assert stage.verbs.get(plural, SPACE, "wrong")["metadata"]["resourceVersion"] == version
        assert len(stage.verbs.list("events", SPACE)) == 1


@in_virtual_time
async def test_what_is_corrected_is_taken_in(stage: Stage) -> None:
    stage.put("tasks", "wrong", requiredSlots="two")
    async with stage.listened():
        await asyncio.sleep(5)
        assert "wrong" not in stage.world.namespace(SPACE).job("film").tasks
        stage.verbs.merge_patch("tasks", SPACE, "wrong", {"spec": {"requiredSlots": 2}})
        await asyncio.sleep(5)
        task = stage.world.namespace(SPACE).job("film").tasks["wrong"]
        assert task.written_problem == "InvalidDocument", "judgement will take the condition back"


@in_virtual_time
async def test_what_kopf_tells_unreadably_is_set_aside_too(stage: Stage) -> None:
    async with stage.listened():
        body = stage.put("pools", "wrong", targetDedicatedNodes="many")
        stage.listening.seen(Pool, body)
        await asyncio.sleep(5)
        assert stage.ready("pools", "wrong")
        assert stage.world.pool(PoolKey(SPACE, "wrong")).model is None


@pytest.mark.parametrize(("kind", "plural"), FEW)
@in_virtual_time
async def test_what_is_deleted_need_not_be_read(stage: Stage, kind: type[Kind], plural: str) -> None:
    body = stage.put(plural, name_of(plural), **WRONG[plural])
    stage.listening.seen(kind, body)
    assert not known(stage, plural)
    body["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    stage.listening.seen(kind, body)
    assert known(stage, plural)
    stage.listening.gone(kind, body)
    assert not known(stage, plural)


@in_virtual_time
async def test_a_broken_watch_is_not_silence_but_a_server_that_says_nothing_is(stage: Stage) -> None:
    async with stage.listened():
        for _ in range(20):
            await asyncio.sleep(60)
            stage.server.watching.cut()
            assert stage.listening.silence() == ""
        stage.server.latency = 3600
        stage.server.watching.cut()
        await asyncio.sleep(3 * 90 + 60)
        assert stage.listening.silence().startswith("nothing was heard of nodes for ")


@in_virtual_time
async def test_a_pool_is_driven_by_its_cycle(stage: Stage) -> None:
    await stage.listening.drive(KEY)
    assert stage.alarm.driven == [KEY]
