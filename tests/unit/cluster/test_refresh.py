"""Looking again: what is there is folded, what is gone is forgotten, and trouble changes nothing."""

from __future__ import annotations

import msgspec
import pytest
from millpond.api.views.task import TaskView
from millpond.cluster.api_server import Resource
from millpond.cluster.errors import UnavailableError
from millpond.cluster.refresh import Refresher
from millpond.control import actions as act
from millpond.control.pool_state import PoolKey
from millpond.control.task_patch import TaskStatusPatch
from support.builders import CLAIM, JOB, POOL, SPACE
from support.model.server import ModelServer

from cluster.conftest import Bench

pytestmark = pytest.mark.looptime


def _write(uid: str) -> act.WriteTask:
    return act.WriteTask(namespace=SPACE, task="one", job=JOB, uid=uid, version="", status=TaskStatusPatch())


async def test_task_is_folded_or_forgotten(bench: Bench) -> None:
    refresher, job = Refresher(ModelServer(bench.verbs), bench.world), bench.world.namespace(SPACE).job(JOB)
    uid = bench.task("one")["metadata"]["uid"]
    assert set(await refresher.refresh(_write(uid))) == {PoolKey(SPACE, POOL)}
    assert job.tasks["one"].uid == uid
    bench.verbs.delete("tasks", SPACE, "one")
    assert set(await refresher.refresh(_write(uid))) == {PoolKey(SPACE, POOL)}
    assert "one" not in job.tasks


async def test_attempt_that_is_there_is_folded_as_it_is(bench: Bench) -> None:
    start = bench.start(bench.task("one"), host="host-9", node="farm-zzzzz")
    await bench.one(start)
    keys = await Refresher(ModelServer(bench.verbs), bench.world).refresh(start)
    assert PoolKey(SPACE, POOL) in set(keys)
    assert bench.world.pool(PoolKey(SPACE, POOL)).attempts["one-1"].node.name == "farm-zzzzz"


async def test_host_and_few(bench: Bench) -> None:
    refresher = Refresher(ModelServer(bench.verbs), bench.world)
    bench.host("host-1")
    await refresher.refresh(act.ClaimHost(namespace=SPACE, pool=POOL, node="n", host="host-1", claim=CLAIM))
    assert "host-1" in bench.world.hosts
    bench.verbs.delete("nodes", None, "host-1")
    await refresher.refresh(act.ReleaseHost(namespace=SPACE, host="host-1", claim=CLAIM))
    assert "host-1" not in bench.world.hosts
    await bench.one(act.CreateNode(namespace=SPACE, pool=POOL, node="farm-aaaaa"))
    await refresher.refresh(act.RemoveNode(namespace=SPACE, node="farm-aaaaa", uid="u"))
    assert bench.world.pool(PoolKey(SPACE, POOL)).nodes["farm-aaaaa"].model is not None


async def test_what_is_told_to_be_gone_while_it_is_read_stays_gone(bench: Bench) -> None:
    class Late(ModelServer):
        """Answers with what was there; the watch tells of its end before the answer arrives."""

        async def get(self, resource: Resource, namespace: str | None, name: str) -> bytes:
            answer = await super().get(resource, namespace, name)
            meta = bench.verbs.delete("tasks", SPACE, "one")["metadata"]
            bench.world.forget_task(SPACE, JOB, "one", meta["uid"])
            return answer

    view = msgspec.convert(bench.task("one"), TaskView)
    bench.world.observe_task(view)
    await Refresher(Late(bench.verbs), bench.world).refresh(_write(view.metadata.uid))
    assert "one" not in bench.world.namespace(SPACE).job(JOB).tasks


async def test_trouble_changes_nothing(bench: Bench) -> None:
    class Down(ModelServer):
        async def get(self, resource: Resource, namespace: str | None, name: str) -> bytes:
            raise UnavailableError("down")

    view = msgspec.convert(bench.task("one"), TaskView)
    bench.world.observe_task(view)
    assert list(await Refresher(Down(bench.verbs), bench.world).refresh(_write(view.metadata.uid))) == []
    bench.verbs.merge_patch("tasks", SPACE, "one", {"spec": {"requiredSlots": "many"}})
    assert list(await Refresher(ModelServer(bench.verbs), bench.world).refresh(_write(view.metadata.uid))) == []
    assert "one" in bench.world.namespace(SPACE).job(JOB).tasks
