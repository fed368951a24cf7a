"""Events of Pods that hang are read: of those alone, a few at a time, and of each one once in a while."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.cluster.api_server import EVENTS, Selection
from millpond.cluster.errors import UnavailableError
from millpond.cluster.hindrances import AGAIN, AT_ONCE, PERIOD, Hindrances
from millpond.control.pool_state import PoolKey
from millpond.control.world import World
from support.builders import EPOCH, SPACE, a_job, a_task, a_task_pod, waiting
from support.model.server import ModelServer
from support.model.verbs import Verbs
from support.scene import KEY

HANGS = {"phase": "Pending", "conditions": [{"type": "PodReadyToStartContainers", "status": "False"}]}


class Counting(ModelServer):
    """An API server that notes which lists are asked for, and may be away."""

    def __init__(self, verbs: Verbs) -> None:
        super().__init__(verbs, latency=0.0)
        self.asked: list[str] = []
        self.away = False

    async def list_page(self, *arguments: Any, **options: Any) -> Any:
        resource, namespace, selection = arguments
        assert (resource, namespace) == (EVENTS, SPACE)
        assert isinstance(selection, Selection)
        self.asked.append(selection.fields)
        if self.away:
            raise UnavailableError("away")
        return await super().list_page(*arguments, **options)


class Stage:
    """Task Pods that hang, and one who asks why."""

    def __init__(self, pods: int) -> None:
        self.now = EPOCH + 60
        self.verbs = Verbs(lambda: self.now)
        self.server = Counting(self.verbs)
        self.world = World()
        self.world.observe_job(a_job())
        self.woken: list[PoolKey] = []
        for number in range(pods):
            self.world.observe_task(a_task(f"t{number}"))
            self.world.observe_pod(a_task_pod(f"t{number}", waiting("ContainerCreating"), **HANGS))
        self.asks = Hindrances(self.server, self.world, self.woken.extend, lambda: self.now)

    def warn(self, pod: str, note: str, kind: str = "Warning") -> None:
        uid = self.world.pool(KEY).attempts[pod].uid
        about = {"kind": "Pod", "name": pod, "namespace": SPACE, "uid": uid}
        meta = {"name": f"{pod}.{kind.lower()}", "namespace": SPACE}
        event = {"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": meta, "regarding": about}
        self.verbs.create("events", SPACE, event | {"type": kind, "reason": "FailedMount", "note": note})

    def hindrance(self, pod: str) -> str:
        return self.world.pool(KEY).attempts[pod].hindrance


async def test_a_pod_that_hangs_is_told_what_its_kubelet_warns_of() -> None:
    stage = Stage(2)
    stage.warn("t0-1", 'secret "store" not found')
    stage.warn("t0-1", "pulled", "Normal")
    await stage.asks.round()
    assert stage.hindrance("t0-1") == 'FailedMount: secret "store" not found.'
    assert stage.hindrance("t1-1") == ""
    assert stage.woken == [KEY]


async def test_each_is_asked_about_once_in_a_while_and_few_at_a_time() -> None:
    stage = Stage(AT_ONCE + 2)
    await stage.asks.round()
    assert len(stage.server.asked) == AT_ONCE
    stage.now += PERIOD
    await stage.asks.round()
    assert len(set(stage.server.asked)) == len(stage.server.asked) == AT_ONCE + 2
    stage.now += PERIOD
    await stage.asks.round()
    assert len(stage.server.asked) == AT_ONCE + 2
    stage.now += AGAIN
    await stage.asks.round()
    assert len(stage.server.asked) == 2 * AT_ONCE + 2


@pytest.mark.parametrize("changed", [{"phase": "Running"}, {"conditions": []}])
async def test_nobody_asks_about_pods_that_do_not_hang(changed: dict[str, Any]) -> None:
    stage = Stage(1)
    stage.world.observe_pod(a_task_pod("t0", waiting("ContainerCreating"), version=2, **(HANGS | changed)))
    await stage.asks.round()
    assert stage.server.asked == []


async def test_a_server_that_is_away_is_asked_again() -> None:
    stage = Stage(1)
    stage.warn("t0-1", "no route")
    stage.server.away = True
    await stage.asks.round()
    assert stage.hindrance("t0-1") == ""
    stage.server.away = False
    stage.now += AGAIN
    await stage.asks.round()
    assert stage.hindrance("t0-1") == "FailedMount: no route."
