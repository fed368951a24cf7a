"""Which triggers there are. What Kopf makes of them is tried on a real API server in tests/component."""

from __future__ import annotations

from typing import Any

import kopf
import pytest
from millpond.api.kind import Resource
from millpond.api.pool import Pool
from millpond.control.pool_state import PoolKey
from millpond.handlers.kinds import KINDS, register


class Notebook:
    """Ears that write down."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.driven: list[PoolKey] = []

    def seen(self, kind: type[Resource], body: dict[str, Any]) -> None:
        self.said.append((kind.KIND.name, f"seen {body['metadata']['name']}"))

    def gone(self, kind: type[Resource], body: dict[str, Any]) -> None:
        self.said.append((kind.KIND.name, f"gone {body['metadata']['name']}"))

    async def drive(self, key: PoolKey) -> None:
        self.driven.append(key)


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def registry(notebook: Notebook) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()
    register(registry, notebook)
    return registry


def test_the_four_few_kinds_are_watched_and_the_many_are_not(registry: kopf.OperatorRegistry) -> None:
    names = {handler.id for handler in registry._watching.get_all_handlers()}
    assert names == {"observe-pool", "observe-job", "observe-computenode", "observe-jobschedule"}
    assert {kind.KIND.name for kind in KINDS} == {"Pool", "Job", "ComputeNode", "JobSchedule"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.KIND.name)
@pytest.mark.parametrize(
    ("event", "word"), [(None, "seen"), ("ADDED", "seen"), ("MODIFIED", "seen"), ("DELETED", "gone")]
)
async def test_each_event_reaches_the_ears(
    registry: kopf.OperatorRegistry, notebook: Notebook, kind: type[Resource], event: str | None, word: str
) -> None:
    (handler,) = [one for one in registry._watching.get_all_handlers() if one.id == f"observe-{kind.KIND.singular}"]
    await handler.fn(type=event, body=kopf.Body({"metadata": {"name": "farm"}}))  # type: ignore[misc]
    assert notebook.said == [(kind.KIND.name, f"{word} farm")]


async def test_a_pool_is_driven_while_it_lives_and_emptied_when_it_is_deleted(
    registry: kopf.OperatorRegistry, notebook: Notebook
) -> None:
    handlers = [*registry._spawning.get_all_handlers(), *registry._changing.get_all_handlers()]
    assert [str(handler.id) for handler in handlers] == ["drive-pool", "empty-pool"]
    for handler in handlers:
        assert handler.selector is not None
        assert handler.selector.any_name == Pool.KIND.plural
        await handler.fn(namespace="films", name="farm")  # type: ignore[misc]
    assert notebook.driven == [PoolKey("films", "farm")] * 2


def test_only_pools_get_a_finalizer(registry: kopf.OperatorRegistry) -> None:
    handlers = [*registry._spawning.get_all_handlers(), *registry._changing.get_all_handlers()]
    assert [handler.requires_finalizer for handler in handlers] == [True, True]
