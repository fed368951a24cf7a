"""Nodes are cleared of what nobody owns: by one write for each, again after whatever went wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from millpond.api import labels
from millpond.cluster.api_server import PODS
from millpond.cluster.clearance import AGAIN, Clearance
from millpond.cluster.errors import LeadershipLostError, UnavailableError
from millpond.control.world import World
from millpond.lifecycle.held import Held, order_for, write_held
from support.answering import answering
from support.builders import EPOCH, JOB, SPACE, a_job, a_node_pod, a_task, running
from support.model.server import ModelServer
from support.model.verbs import Verbs
from support.scene import KEY

HERE = "127.0.0.1"
SPEC = {"containers": [{"name": "agent", "image": "millpond"}]}


def held(number: int) -> Held:
    return Held(JOB, f"{number}", f"frame-{number}", f"uid-frame-{number}")


class Stage:
    """One node with directories, one who clears it, and an API server that has the node's Pod."""

    def __init__(self) -> None:
        self.now = EPOCH
        self.world = World()
        self.verbs = Verbs(lambda: self.now)
        self.server = ModelServer(self.verbs, latency=0.0)
        self.directories: list[Held] = []
        self.asked = 0
        self.status = 200
        self.world.observe_job(a_job())
        self.start()

    def start(self, name: str = "a") -> None:
        meta = {"name": name, "namespace": SPACE, "annotations": {"of": "others"}}
        made = self.verbs.create("pods", SPACE, {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": SPEC})
        self.world.observe_pod(a_node_pod(name, agent=running(), uid=made["metadata"]["uid"], podIP=HERE))

    async def told(self, request: web.Request) -> web.StreamResponse:
        assert request.path == "/directories"
        self.asked += 1
        return web.Response(status=self.status, text="".join(write_held(self.directories)))

    def serves(self, port: int, session: aiohttp.ClientSession) -> None:
        self.port, self.session = port, session
        self.restart()

    def restart(self) -> None:
        self.clearance = Clearance(self.server, self.world, lambda: self.now, self.port)

    async def round(self, after: float = 30.0) -> list[str]:
        """A round later; what is ordered then."""
        self.now += after
        await self.clearance.round(self.session)
        annotations = json.loads(await self.server.get(PODS, SPACE, "a"))["metadata"]["annotations"]
        assert annotations["of"] == "others"
        return annotations.get(labels.ERASE_ANNOTATION, "").split()

    @property
    def writes(self) -> int:
        return int(self.verbs.get("pods", SPACE, "a")["metadata"]["resourceVersion"])


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    async with answering(HERE, made.told) as (port, session):
        made.serves(port, session)
        yield made


async def test_a_node_with_nothing_to_clear_is_asked_once_an_hour_and_never_written(stage: Stage) -> None:
    stage.world.observe_task(a_task("frame-1"))
    stage.directories = [held(1)]
    before = stage.writes
    for _ in range(3):
        assert await stage.round() == []
    assert stage.asked == 1
    await stage.round(after=AGAIN)
    assert (stage.asked, stage.writes) == (2, before)


async def test_what_a_deleted_task_left_is_ordered_away_and_looked_after_until_it_is_gone(stage: Stage) -> None:
    for number in (1, 2):
        stage.world.observe_task(a_task(f"frame-{number}", status={"state": "Completed", "nodeName": "a"}))
    stage.directories = [held(1), held(2)]
    assert await stage.round() == []
    stage.world.forget_task(SPACE, JOB, "frame-1", "uid-frame-1")
    assert await stage.round() == [order_for(held(1))]
    before = stage.writes
    assert await stage.round() == [order_for(held(1))]
    stage.directories = [held(2)]
    await stage.round()
    asked = stage.asked
    await stage.round()
    assert (stage.asked, stage.writes) == (asked, before)


async def test_ten_thousand_deleted_tasks_take_three_writes(stage: Stage) -> None:
    stage.directories = [held(number) for number in range(10_000)]
    before, obeyed = stage.writes, set()
    for _ in range(10):
        orders = set(await stage.round())
        assert len(" ".join(orders)) < 65_536
        obeyed |= orders
        stage.directories = [one for one in stage.directories if order_for(one) not in orders]
    assert len(obeyed) == 10_000
    assert stage.directories == []
    assert stage.writes - before == 3


async def test_whoever_comes_after_the_operator_clears_what_it_left(stage: Stage) -> None:
    stage.directories = [held(1)]
    stage.status = 500
    assert await stage.round() == []
    stage.status = 200
    stage.restart()
    assert await stage.round() == [order_for(held(1))]
    before = stage.writes
    stage.restart()
    assert await stage.round() == [order_for(held(1))]
    assert stage.writes == before


@pytest.mark.parametrize("trouble", ["agent", "api"])
async def test_what_fails_is_done_in_the_next_round(
    stage: Stage, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.directories = [held(1)]
    with monkeypatch.context() as patched:
        if trouble == "agent":
            stage.status = 503
        else:
            patched.setattr(stage.server, "json_patch", _raises(UnavailableError("away")))
        assert await stage.round() == []
    stage.status = 200
    assert await stage.round() == [order_for(held(1))]


async def test_who_does_not_lead_any_more_stops(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.directories = [held(1)]
    monkeypatch.setattr(stage.server, "json_patch", _raises(LeadershipLostError("gone")))
    with pytest.raises(LeadershipLostError):
        await stage.round()


def _raises(error: Exception) -> Any:
    async def refuse(*_: object, **__: object) -> None:
        raise error

    return refuse


async def test_another_pod_of_that_name_gets_no_orders_of_the_last_one(stage: Stage) -> None:
    stage.directories = [held(1)]
    stage.verbs.delete("pods", SPACE, "a")
    stage.verbs.create("pods", SPACE, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": SPEC})
    await stage.clearance.round(stage.session)
    assert "annotations" not in json.loads(await stage.server.get(PODS, SPACE, "a"))["metadata"]


async def test_what_is_deleted_while_the_node_answers_is_found_in_the_next_round(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.world.observe_task(a_task("frame-1", status={"state": "Completed", "nodeName": "a"}))
    stage.directories = [held(1)]

    async def deleted_meanwhile(self: Clearance, agent: Any, text: str) -> list[str]:
        orders = await judge(self, agent, text)
        stage.world.forget_task(SPACE, JOB, "frame-1", "uid-frame-1")
        return orders

    judge = Clearance._judge
    with monkeypatch.context() as patched:
        patched.setattr(Clearance, "_judge", deleted_meanwhile)
        assert await stage.round() == []
    assert stage.world.pool(KEY).node("a").littered
    assert await stage.round() == [order_for(held(1))]
