"""What cannot be read is told so once, by condition and Event, and only if it is still what was seen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from millpond.cluster.api_server import PODS, POOLS, TASKS, Resource
from millpond.cluster.errors import LeadershipLostError
from millpond.cluster.events import EventRecorder
from millpond.cluster.set_aside import WAITING, SetAside, Unreadable
from support.builders import EPOCH, SPACE, at
from support.model.server import ModelServer
from support.model.store import Document
from support.model.verbs import Verbs
from support.virtual_time import in_virtual_time

WHY = "spec.requiredSlots: Expected int, got str"


def now() -> float:
    return EPOCH + asyncio.get_running_loop().time()


class Stage:
    """A model API server with one object, `one`, of a kind."""

    def __init__(self) -> None:
        self.verbs = Verbs(now)
        self.api: Any = ModelServer(self.verbs)
        self.events = EventRecorder(self.api, "test")
        self.aside = SetAside(self.api, self.events, now)

    def make(self, resource: Resource = TASKS, conditions: list[Document] | None = None) -> Unreadable:
        self.verbs.create(resource.plural, SPACE, {"metadata": {"name": "one"}, "spec": {"containers": []}})
        if conditions is not None:
            self.verbs.merge_patch(resource.plural, SPACE, "one", {"status": {"conditions": conditions}}, "status")
        return self.found(resource)

    def found(self, resource: Resource = TASKS, why: str = WHY) -> Unreadable:
        meta = self.verbs.get(resource.plural, SPACE, "one")["metadata"]
        return Unreadable(resource, SPACE, "one", meta["uid"], meta["resourceVersion"], why)

    def conditions(self, resource: Resource = TASKS) -> list[Document]:
        status = self.verbs.get(resource.plural, SPACE, "one").get("status", {})
        return list(status.get("conditions", ()))

    def version(self) -> str:
        return str(self.found().version)

    async def tell(self, *all_found: Unreadable) -> None:
        running = [asyncio.create_task(self.aside.run()), asyncio.create_task(self.events.run())]
        for found in all_found:
            self.aside.put(found)
        await asyncio.sleep(5)
        for one in running:
            one.cancel()


@pytest.fixture
def stage() -> Stage:
    return Stage()


@in_virtual_time
async def test_a_condition_and_an_event_say_what_is_wrong_and_what_to_do(stage: Stage) -> None:
    await stage.tell(stage.make())
    (condition,) = stage.conditions()
    assert condition == {
        "type": "Scheduled",
        "status": "False",
        "observedGeneration": 1,
        "lastTransitionTime": at(0),
        "reason": "InvalidDocument",
        "message": f"The Task cannot be read, so nothing is done about it: {WHY}. Apply it corrected.",
    }
    (event,) = stage.verbs.list("events", SPACE)
    assert (event["reason"], event["type"], event["note"]) == ("InvalidDocument", "Warning", condition["message"])


@in_virtual_time
async def test_it_is_told_once_however_often_it_is_seen(stage: Stage) -> None:
    await stage.tell(stage.make())
    version = stage.version()
    await stage.tell(stage.found(), stage.found())
    assert stage.version() == version
    assert len(stage.verbs.list("events", SPACE)) == 1


@in_virtual_time
async def test_what_is_wrong_now_is_told_anew(stage: Stage) -> None:
    await stage.tell(stage.make())
    await stage.tell(stage.found(why="spec.jobName: Field required"))
    (condition,) = stage.conditions()
    assert "spec.jobName: Field required" in condition["message"]


@in_virtual_time
async def test_other_conditions_stay(stage: Stage) -> None:
    other = {"type": "Resizing", "status": "False", "reason": "Steady", "message": "", "lastTransitionTime": at(0)}
    old = {"type": "Ready", "status": "True", "reason": "NodesReady", "message": "", "lastTransitionTime": at(0)}
    await stage.tell(stage.make(POOLS, [old, other]))
    assert {one["type"]: one["reason"] for one in stage.conditions(POOLS)} == {
        "Resizing": "Steady",
        "Ready": "InvalidDocument",
    }


@in_virtual_time
async def test_an_object_that_was_written_since_is_left_alone(stage: Stage) -> None:
    found = stage.make()
    stage.verbs.merge_patch("tasks", SPACE, "one", {"spec": {"jobName": "film"}})
    await stage.tell(found)
    assert stage.conditions() == []


@in_virtual_time
async def test_an_object_that_is_gone_or_another_is_no_trouble_for_the_next(stage: Stage) -> None:
    gone = stage.make()
    stage.verbs.delete("tasks", SPACE, "one")
    await stage.tell(gone)
    await stage.tell(gone, stage.make())
    assert len(stage.conditions()) == 1


@in_virtual_time
async def test_nothing_is_written_on_what_is_not_ours(stage: Stage) -> None:
    await stage.tell(stage.make(PODS))
    assert stage.conditions(PODS) == []


@in_virtual_time
async def test_a_write_that_fails_ends_nothing(stage: Stage) -> None:
    found = stage.make()
    patch, failing = stage.api.merge_patch, [LeadershipLostError("not the leader")]

    async def fail_once(*arguments: Any) -> Any:
        if failing:
            raise failing.pop()
        return await patch(*arguments)

    stage.api.merge_patch = fail_once
    await stage.tell(found, found)
    assert len(stage.conditions()) == 1


@in_virtual_time
async def test_more_than_can_wait_are_let_pass(stage: Stage) -> None:
    found = stage.make()
    for _ in range(WAITING + 10):
        stage.aside.put(found)
    await stage.tell()
    assert len(stage.conditions()) == 1
