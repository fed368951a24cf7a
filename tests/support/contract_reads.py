"""The contract's other half: lists, selectors and watches. See `contract`."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import msgspec
import pytest
from millpond.cluster.api_server import POOLS, TASKS, ApiServer, Selection, WatchEvent
from millpond.cluster.errors import BadRequestError, ConflictError, GoneError, NotFoundError

from support.contract import FINALIZER, case, task
from support.model.store import Document


async def version_of(api: ApiServer, space: str) -> str:
    """The collection's present version."""
    return (await api.list_page(TASKS, space)).resource_version


async def told(
    api: ApiServer, space: str, version: str, count: int, selection: Selection
) -> list[tuple[str, Document]]:
    """The next `count` events of a watch of Tasks, bookmarks left out."""
    events: list[WatchEvent] = []
    async with asyncio.timeout(20):
        async with aclosing(api.watch(TASKS, space, version, selection)) as stream:  # type: ignore[type-var]
            async for event in stream:
                if event.type != "BOOKMARK":
                    events.append(event)
                if len(events) == count:
                    break
    return [(event.type, msgspec.json.decode(event.object)) for event in events]


# What there is, and its size


@case
async def tells_what_it_serves(api: ApiServer, space: str) -> None:
    served = await api.resources(POOLS.group, POOLS.version)
    assert {POOLS, TASKS} <= set(served), space
    with pytest.raises(NotFoundError):
        await api.resources("nowhere.example", "v1")


@case
async def scales_on_condition_of_the_version(api: ApiServer, space: str) -> None:
    spec = {"targetDedicatedNodes": 1, "nodeTemplate": {"image": "debian:12"}}
    pool = {"apiVersion": POOLS.api_version, "kind": "Pool", "metadata": {"name": "p"}, "spec": spec}
    made = await api.create(POOLS, space, pool)
    scale = msgspec.json.decode(await api.get(POOLS, space, "p", "scale"))
    assert (scale["spec"], scale["metadata"]["resourceVersion"]) == ({"replicas": 1}, made.resource_version)
    patch = {"metadata": {"resourceVersion": made.resource_version}, "spec": {"replicas": 3}}
    await api.merge_patch(POOLS, space, "p", patch, "scale")
    assert msgspec.json.decode(await api.get(POOLS, space, "p"))["spec"]["targetDedicatedNodes"] == 3
    with pytest.raises(ConflictError):
        await api.merge_patch(POOLS, space, "p", patch, "scale")
    with pytest.raises(NotFoundError):
        await api.get(TASKS, space, "none", "scale")


# Listing


@case
async def lists_by_pages_of_one_moment(api: ApiServer, space: str) -> None:
    for number in range(5):
        await api.create(TASKS, space, task(f"t{number}"))
    first = await api.list_page(TASKS, space, limit=2)
    await api.create(TASKS, space, task("t9"))
    await api.delete(TASKS, space, "t4")
    second = await api.list_page(TASKS, space, limit=2, token=first.next)
    third = await api.list_page(TASKS, space, limit=2, token=second.next)
    names = [msgspec.json.decode(item)["metadata"]["name"] for page in (first, second, third) for item in page.items]
    assert names == ["t0", "t1", "t2", "t3", "t4"]
    assert third.next == ""
    assert first.resource_version == third.resource_version


@case
async def selects(api: ApiServer, space: str) -> None:
    await api.create(TASKS, space, task("t1", "a", labels={"colour": "red", "size": "1"}))
    await api.create(TASKS, space, task("t2", "b", labels={"colour": "blue"}))
    await api.create(TASKS, space, task("t3", "b"))
    table = (
        (Selection(labels="colour=red"), ["t1"]),
        (Selection(labels="colour!=red"), ["t2", "t3"]),
        (Selection(labels="colour in (red,blue),size"), ["t1"]),
        (Selection(labels="!colour"), ["t3"]),
        (Selection(labels="colour notin (red)"), ["t2", "t3"]),
        (Selection(fields="spec.jobName=b"), ["t2", "t3"]),
        (Selection("colour", "spec.jobName=b"), ["t2"]),
        (Selection(fields="metadata.name=t3"), ["t3"]),
    )
    for selection, expected in table:
        page = await api.list_page(TASKS, space, selection)
        assert [msgspec.json.decode(item)["metadata"]["name"] for item in page.items] == expected, selection
    with pytest.raises(BadRequestError):
        await api.list_page(TASKS, space, Selection(fields="spec.commandLine=true"))


# Watching


@case
async def a_watch_continues_where_a_list_ended(api: ApiServer, space: str) -> None:
    await api.create(TASKS, space, task("t1"))
    version = await version_of(api, space)
    await api.create(TASKS, space, task("t2"))
    await api.merge_patch(TASKS, space, "t1", {"status": {"state": "Active"}}, "status")
    await api.delete(TASKS, space, "t2")
    events = await told(api, space, version, 3, Selection())
    assert [(kind, document["metadata"]["name"]) for kind, document in events] == [
        ("ADDED", "t2"),
        ("MODIFIED", "t1"),
        ("DELETED", "t2"),
    ]
    versions = [int(document["metadata"]["resourceVersion"]) for _, document in events]
    assert versions == sorted(versions)
    assert versions[0] > int(version)
    # Resumed in the middle, it tells the rest and nothing twice.
    rest = await told(api, space, str(versions[0]), 2, Selection())
    assert [document["metadata"]["resourceVersion"] for _, document in rest] == [str(v) for v in versions[1:]]


@case
async def a_selecting_watch_tells_of_leaving(api: ApiServer, space: str) -> None:
    await api.create(TASKS, space, task("t1", labels={"in": "yes"}))
    version = await version_of(api, space)
    await api.merge_patch(TASKS, space, "t1", {"metadata": {"labels": {"in": "no"}}})
    await api.merge_patch(TASKS, space, "t1", {"metadata": {"labels": {"in": "yes"}}})
    events = await told(api, space, version, 2, Selection(labels="in=yes"))
    assert [kind for kind, _ in events] == ["DELETED", "ADDED"]


@case
async def a_forgotten_version_is_gone(api: ApiServer, space: str) -> None:
    await api.create(TASKS, space, task("t1"))
    with pytest.raises(GoneError):
        await told(api, space, "1", 1, Selection())


@case
async def a_removal_tells_the_last_state(api: ApiServer, space: str) -> None:
    """And the removal of the last finalizer of a deleted object is its removal."""
    await api.create(TASKS, space, task("t1", finalizers=[FINALIZER]))
    await api.delete(TASKS, space, "t1")
    version = await version_of(api, space)
    await api.merge_patch(TASKS, space, "t1", {"metadata": {"finalizers": None}})
    events = await told(api, space, version, 1, Selection())
    assert [kind for kind, _ in events] == ["DELETED"]
    assert int(events[0][1]["metadata"]["resourceVersion"]) > int(version)
