"""Events: said once, never too many, never in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from millpond.api.job import JobStatus
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import Resource
from millpond.cluster.errors import LeadershipLostError, UnavailableError
from millpond.cluster.events import BURST, NOTE_LIMIT, EventRecorder, subject_of
from millpond.control import actions as act
from millpond.control.actions import Event
from millpond.control.task_patch import TaskStatusPatch
from support.builders import JOB, POOL, SPACE
from support.model.server import ModelServer

from cluster.conftest import Bench

pytestmark = pytest.mark.looptime


def _say(*events: Event, name: str = "frames") -> act.Announce:
    return act.Announce(namespace=SPACE, kind="Job", name=name, uid="u", events=events)


async def _sent(bench: Bench, recorder: EventRecorder) -> list[dict[str, Any]]:
    sending = asyncio.create_task(recorder.run())
    await asyncio.sleep(60)
    sending.cancel()
    return list(bench.verbs.list("events", SPACE))


async def test_event_says_what_about_whom(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    bench.events.publish(_say(Event("Requeued", "ü" * NOTE_LIMIT, "Warning")))
    (event,) = await _sent(bench, bench.events)
    assert event["regarding"] == {
        "apiVersion": "millpond.dev/v1alpha1", "kind": "Job", "name": "frames", "namespace": SPACE, "uid": "u",
    }  # fmt: skip
    assert (event["reason"], event["type"]) == ("Requeued", "Warning")
    assert len(event["note"].encode()) <= NOTE_LIMIT
    assert event["note"].endswith("…")


async def test_repetition_is_withheld_and_news_are_not(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    for text in ("a", "a", "b", "b"):
        bench.events.publish(_say(Event("Requeued", text)))
    bench.events.publish(_say(Event("Requeued", "b"), name="other"))
    assert len(await _sent(bench, bench.events)) == 3


async def test_namesake_of_one_that_is_gone_is_told_anew(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    for uid in ("old", "new", "new"):
        bench.events.publish(
            act.Announce(namespace=SPACE, kind="Task", name="one", uid=uid, events=(Event("Requeued", "a"),))
        )
    assert [event["regarding"]["uid"] for event in await _sent(bench, bench.events)] in (["old", "new"], ["new", "old"])


async def test_event_of_a_written_object_carries_its_uid(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    action = act.WriteJob(
        namespace=SPACE, job=JOB, version="1", status=JobStatus(), events=(Event("JobCompleted", "done"),)
    )
    bench.events.publish(action, "uid-of-it")
    (event,) = await _sent(bench, bench.events)
    assert event["regarding"]["uid"] == "uid-of-it"


async def test_flood_is_cut_off(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    for number in range(10 * BURST):
        bench.events.publish(_say(Event("Requeued", str(number))))
    assert len(await _sent(bench, bench.events)) == BURST


@pytest.mark.parametrize("error", [UnavailableError("down"), LeadershipLostError("lost")], ids=["down", "fenced"])
async def test_event_that_cannot_be_sent_is_forgotten(make_bench: Callable[..., Bench], error: Exception) -> None:
    class Failing(ModelServer):
        failures = 1

        async def create(self, resource: Resource, namespace: str | None, document: Mapping[str, Any]) -> Meta:
            if self.failures:
                self.failures -= 1
                raise error
            return await super().create(resource, namespace, document)

    bench = make_bench(lambda server: Failing(server.verbs))
    bench.events.publish(_say(Event("Requeued", "lost")))
    bench.events.publish(_say(Event("Requeued", "said")))
    assert [event["note"] for event in await _sent(bench, bench.events)] == ["said"]


@pytest.mark.parametrize(
    ("action", "subject"),
    [
        (act.WriteTask(namespace=SPACE, task="t", job=JOB, uid="u", version="", status=TaskStatusPatch()),
         ("Task", "t", "u")),
        (act.CreateNode(namespace=SPACE, pool=POOL, node="n"), ("Pool", POOL, "")),
        (act.Announce(namespace=SPACE, kind="ComputeNode", name="n", uid="u"), ("ComputeNode", "n", "u")),
    ],
    ids=["task", "pool", "announce"],
)  # fmt: skip
def test_subject(action: act.AnyAction, subject: tuple[str, str, str]) -> None:
    assert subject_of(action) == subject
