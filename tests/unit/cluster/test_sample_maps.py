"""Samples in ConfigMaps: read back as they were, whatever write the operator died at, and never a stranger's."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from millpond.api import naming
from millpond.cluster.api_server import Resource
from millpond.cluster.errors import ForbiddenError, UnavailableError
from millpond.control import actions as act
from millpond.control.outcomes import Done, Missed, Refused
from millpond.scaling.kept_samples import KeptSamples
from millpond.scaling.sample_blocks import write_block
from millpond.settings import Settings
from support.builders import POOL, SPACE
from support.formulas import some_rows
from support.model.server import ModelServer

from cluster.conftest import Bench

pytestmark = pytest.mark.looptime

HOUR, DAY = naming.current_samples(POOL), naming.sealed_samples(POOL)
FIRST = write_block(some_rows(0, 120))
SECOND = write_block(some_rows(3600, 120))
BEGUN = write_block(some_rows(7200, 1))


def uid(bench: Bench) -> str:
    return str(bench.verbs.get("pools", SPACE, POOL)["metadata"]["uid"])


def keep(bench: Bench, sealed: dict[int, bytes], current: bytes, dropped: tuple[int, ...] = ()) -> act.KeepSamples:
    fields: dict[str, Any] = {"sealed": sealed, "dropped": dropped, "current": current}
    return act.KeepSamples(namespace=SPACE, pool=POOL, uid=uid(bench), **fields)


async def loaded(bench: Bench) -> KeptSamples:
    bench.use(Settings())
    outcome = await bench.one(act.LoadSamples(namespace=SPACE, pool=POOL, uid=uid(bench)))
    assert isinstance(outcome, Done)
    assert outcome.samples is not None
    return outcome.samples


def stranger(bench: Bench, name: str, *owners: dict[str, str]) -> None:
    metadata = {"name": name, "ownerReferences": list(owners)}
    data = {"current": b64encode(FIRST).decode()}
    bench.verbs.create("configmaps", SPACE, {"metadata": metadata, "binaryData": data})


async def test_where_nothing_was_kept_nothing_is_read(bench: Bench) -> None:
    kept = await loaded(bench)
    assert (len(kept.rows), kept.sealed, kept.trouble) == (0, {}, "")


async def test_what_is_kept_is_read_again(bench: Bench) -> None:
    assert await bench.one(keep(bench, {}, FIRST)) == Done()
    assert await bench.one(keep(bench, {0: FIRST}, SECOND)) == Done()
    kept = await loaded(bench)
    assert list(kept.rows.times) == list(range(0, 7200, 30))
    assert kept.sealed == {0: len(FIRST)}


async def test_both_maps_belong_to_the_pool(bench: Bench) -> None:
    await bench.one(keep(bench, {0: FIRST}, SECOND))
    for name in (HOUR, DAY):
        (owner,) = bench.verbs.get("configmaps", SPACE, name)["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["uid"]) == ("Pool", uid(bench))


async def test_hours_that_are_dropped_are_gone(bench: Bench) -> None:
    await bench.one(keep(bench, {0: FIRST}, SECOND))
    await bench.one(keep(bench, {3600: SECOND}, BEGUN, dropped=(0,)))
    assert list(bench.verbs.get("configmaps", SPACE, DAY)["binaryData"]) == ["3600"]


class Breaking(ModelServer):
    """Answers so many writes of samples, and no more."""

    def __init__(self, server: ModelServer, writes: int) -> None:
        super().__init__(server.verbs)
        self.left = writes

    def _count(self, resource: Resource) -> None:
        if resource.plural == "configmaps":
            self.left -= 1
            if self.left < 0:
                raise UnavailableError("killed")

    async def create(self, resource: Resource, *args: Any) -> Any:
        self._count(resource)
        return await super().create(resource, *args)

    async def merge_patch(self, resource: Resource, *args: Any, **more: Any) -> Any:
        self._count(resource)
        return await super().merge_patch(resource, *args, **more)


@pytest.mark.parametrize("writes", range(5))
async def test_killed_at_any_write_it_loses_no_row_that_was_kept_and_doubles_none(
    make_bench: Callable[..., Bench], writes: int
) -> None:
    bench = make_bench(lambda server: Breaking(server, writes))
    for action in (keep(bench, {}, FIRST), keep(bench, {0: FIRST}, SECOND), keep(bench, {3600: SECOND}, BEGUN)):
        await bench.one(action)
    bench.api = ModelServer(bench.verbs)
    rows = (await loaded(bench)).rows
    assert list(rows.times) == list(range(0, (0, 3600, 3600, 7200, 7200)[writes], 30))
    assert await bench.one(keep(bench, {0: FIRST, 3600: SECOND}, BEGUN)) == Done()
    assert len((await loaded(bench)).rows) == 241


async def test_a_map_that_somebody_deleted_is_made_again(bench: Bench) -> None:
    await bench.one(keep(bench, {0: FIRST}, SECOND))
    bench.verbs.delete("configmaps", SPACE, HOUR)
    assert isinstance(await bench.one(keep(bench, {}, SECOND)), Missed)
    assert await bench.one(keep(bench, {}, SECOND)) == Done()
    assert len((await loaded(bench)).rows) == 240


@pytest.mark.parametrize("name", [HOUR, DAY])
async def test_a_stranger_s_map_is_neither_read_nor_written(bench: Bench, name: str) -> None:
    stranger(bench, name)
    before = bench.verbs.get("configmaps", SPACE, name)
    assert len((await loaded(bench)).rows) == 0
    outcome = await bench.one(keep(bench, {0: FIRST}, SECOND))
    assert isinstance(outcome, Refused)
    assert f"ConfigMap {name} exists and is not this pool's" in outcome.message
    assert bench.verbs.get("configmaps", SPACE, name) == before


async def test_that_of_a_former_pool_is_waited_for(bench: Bench) -> None:
    stranger(bench, HOUR, {"apiVersion": "millpond.dev/v1alpha1", "kind": "Pool", "name": POOL, "uid": "former"})
    assert len((await loaded(bench)).rows) == 0
    assert isinstance(await bench.one(keep(bench, {}, SECOND)), Missed)


async def test_a_spoilt_block_is_dropped_and_told(bench: Bench) -> None:
    await bench.one(keep(bench, {0: FIRST}, SECOND))
    spoilt = {"binaryData": {"0": b64encode(b"spoilt").decode()}}
    bench.verbs.merge_patch("configmaps", SPACE, DAY, spoilt)
    kept = await loaded(bench)
    assert list(kept.rows.times) == list(range(3600, 7200, 30))
    assert kept.trouble.startswith("Samples cannot be read and are dropped: 0 (")


class Forbidding(ModelServer):
    async def get(self, resource: Resource, namespace: str | None, name: str) -> bytes:
        if resource.plural == "configmaps":
            raise ForbiddenError("configmaps is forbidden", 403, "Forbidden")
        return await super().get(resource, namespace, name)

    async def create(self, resource: Resource, namespace: str | None, document: Mapping[str, Any]) -> Any:
        if resource.plural == "configmaps":
            raise ForbiddenError("configmaps is forbidden", 403, "Forbidden")
        return await super().create(resource, namespace, document)


async def test_without_the_right_to_it_says_so(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(lambda server: Forbidding(server.verbs))
    load = act.LoadSamples(namespace=SPACE, pool=POOL, uid=uid(bench))
    for action in (load, keep(bench, {}, FIRST)):
        assert await bench.one(action) == Refused("Forbidden", "configmaps is forbidden")
