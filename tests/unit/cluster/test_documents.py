"""Where documents come from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from millpond.cluster.documents import Documents
from millpond.cluster.errors import NotFoundError
from millpond.control.world import World
from support.builders import JOB, POOL, SPACE
from support.model.server import ModelServer

from cluster.conftest import Bench

pytestmark = pytest.mark.looptime


async def test_known_documents_are_not_read_and_unknown_ones_are(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    server = ModelServer(bench.verbs)
    known, unknown = Documents(server, bench.world), Documents(server, World())
    bench.verbs.merge_patch("pools", SPACE, POOL, {"spec": {"displayName": "newer"}})
    assert (await known.pool(SPACE, POOL)).spec.display_name is None
    assert (await unknown.pool(SPACE, POOL)).spec.display_name == "newer"
    assert (await known.job(SPACE, JOB)).spec.pool_name == POOL
    assert (await unknown.job(SPACE, JOB)).spec.pool_name == POOL


async def test_tasks_are_read_each_time(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    documents = Documents(ModelServer(bench.verbs), bench.world)
    with pytest.raises(NotFoundError):
        await documents.task(SPACE, "one")
    bench.task("one", commandLine="echo 1")
    assert (await documents.task(SPACE, "one")).spec.command_line == "echo 1"
