"""The actuator: chains in order, neighbours unharmed, and every answer judged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import Resource
from millpond.cluster.errors import (
    BadRequestError,
    ConflictError,
    ForbiddenError,
    LeadershipLostError,
    NotFoundError,
    TooManyRequestsError,
    UnavailableError,
)
from millpond.control import actions as act
from millpond.control.actions import Event
from millpond.control.outcomes import Done, Missed, Outcome, Refused, Skipped
from millpond.control.task_patch import TaskStatusPatch
from support.builders import JOB, SPACE
from support.model.server import ModelServer

from cluster.conftest import Bench

pytestmark = pytest.mark.looptime


class Failing(ModelServer):
    """Raises what it is told to at every patch, and notes how many were under way at once."""

    def __init__(self, server: ModelServer, error: Exception | None = None) -> None:
        super().__init__(server.verbs, latency=0.1)
        self.error = error
        self.busy = 0
        self.most = 0

    async def merge_patch(
        self, resource: Resource, namespace: str | None, name: str, patch: Mapping[str, Any], subresource: str = ""
    ) -> Meta:
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            if self.error is not None:
                raise self.error
            return await super().merge_patch(resource, namespace, name, patch, subresource)
        finally:
            self.busy -= 1


def _write(task: str, version: str = "", events: tuple[Event, ...] = ()) -> act.WriteTask:
    return act.WriteTask(
        namespace=SPACE, task=task, job=JOB, uid="u", version=version, status=TaskStatusPatch(attempt=1), events=events
    )


CASES: list[tuple[Exception, Outcome]] = [
    (NotFoundError("gone"), Missed("gone")),
    (ConflictError("changed"), Missed("changed")),
    (ForbiddenError("no", 403, "Forbidden"), Refused("Forbidden", "no")),
    (BadRequestError("bad", 400, "BadRequest"), Refused("BadRequest", "bad")),
    (TooManyRequestsError("slow", retry_after=7), Missed("slow", 7)),
    (UnavailableError("down"), Missed("down", 1)),
    (LeadershipLostError("lost"), Missed("lost", 1)),
    (KeyError("fault"), Missed("KeyError: 'fault'", 5)),
]


@pytest.mark.parametrize(("error", "outcome"), CASES, ids=[type(error).__name__ for error, _ in CASES])
async def test_every_error_has_an_outcome(make_bench: Callable[..., Bench], error: Exception, outcome: Outcome) -> None:
    bench = make_bench(lambda server: Failing(server, error))
    bench.task("one")
    assert await bench.one(_write("one")) == outcome


async def test_chain_stops_where_it_fails_and_others_go_on(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    bench.task("one")
    bench.task("two")
    release = act.ReleaseEvidence(namespace=SPACE, pod="none", uid="u", chain=act.chain_of(_write("one")))
    told: list[tuple[str, type]] = []
    await bench.actuator.perform(
        [_write("one", version="1"), _write("two"), release],
        lambda action, outcome: told.append((type(action).__name__, type(outcome))),
    )
    assert ("WriteTask", Done) in told
    assert told[-2:] == [("WriteTask", Missed), ("ReleaseEvidence", Skipped)] or (
        told.index(("WriteTask", Missed)) < told.index(("ReleaseEvidence", Skipped))
    )
    assert len(told) == 3


async def test_actions_of_a_chain_are_in_order_and_chains_side_by_side(make_bench: Callable[..., Bench]) -> None:
    server: list[Failing] = []

    def wrap(model: ModelServer) -> Failing:
        server.append(Failing(model))
        return server[0]

    bench = make_bench(wrap)
    for number in range(100):
        bench.task(f"t{number}")
    began = asyncio.get_running_loop().time()
    await bench.perform(*(_write(f"t{number}") for number in range(100)))
    assert server[0].most == 32
    assert asyncio.get_running_loop().time() - began == pytest.approx(0.4, abs=0.05)


async def test_nothing_to_do(make_bench: Callable[..., Bench]) -> None:
    assert await make_bench().perform() == []


async def test_events_follow_success_only(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    bench.task("one")
    event = Event("TaskFailed", "It failed.", "Warning")
    sending = asyncio.create_task(bench.events.run())
    await bench.perform(_write("one", version="1", events=(event,)))
    await asyncio.sleep(1)
    assert bench.verbs.list("events", SPACE) == []
    await bench.perform(_write("one", events=(event,)))
    await bench.perform(_write("one", events=(event,)))
    await bench.perform(act.Announce(namespace=SPACE, kind="Job", name=JOB, uid="j", events=(Event("Said", "So."),)))
    await asyncio.sleep(1)
    sending.cancel()
    found = bench.verbs.list("events", SPACE)
    assert sorted((e["regarding"]["kind"], e["reason"], e["type"]) for e in found) == [
        ("Job", "Said", "Normal"),
        ("Task", "TaskFailed", "Warning"),
    ]
