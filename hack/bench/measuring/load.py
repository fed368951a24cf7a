"""What users would apply: a pool, jobs, and very many tasks, made with many requests in flight."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from millpond.api.kind import API_VERSION
from millpond.cluster.client import Client

from measuring.clusters import NAMESPACE, say

IN_FLIGHT = 48


def pool(name: str, nodes: int, slots: int) -> dict[str, Any]:
    """A pool of simulated nodes."""
    template = {"image": "busybox", "hostSelector": {"matchLabels": {"bench": "true"}}}
    spec = {"targetDedicatedNodes": nodes, "taskSlotsPerNode": slots, "nodeTemplate": template}
    return _document("Pool", name, spec)


def job(name: str, pool_name: str) -> dict[str, Any]:
    """A job that ends when its tasks have."""
    return _document("Job", name, {"poolName": pool_name})


def task(name: str, job_name: str) -> dict[str, Any]:
    """A task as an ordinary one is: a command, some environment, a limit."""
    spec = {
        "jobName": job_name,
        "commandLine": f"/bin/render --scene /data/scene.pov --frame {name} --output frame.png",
        "environmentSettings": [{"name": "FRAME", "value": name}, {"name": "QUALITY", "value": "9"}],
        "constraints": {"maxTaskRetryCount": 2, "maxWallClockSeconds": 3600},
    }
    return _document("Task", name, spec)


def _document(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    meta = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": meta, "spec": spec}


async def each(items: Iterable[Any], work: Callable[[Any], Awaitable[object]], in_flight: int = IN_FLIGHT) -> None:
    """Do the work for each item, so many at a time."""
    source = iter(items)

    async def worker() -> None:
        for item in source:
            await work(item)

    await asyncio.gather(*(worker() for _ in range(in_flight)))


async def create_all(client: Client, resource: Any, documents: Iterable[dict[str, Any]]) -> int:
    """Create all; how many there were."""
    made, began = 0, time.monotonic()

    async def create(document: dict[str, Any]) -> None:
        nonlocal made
        await client.create(resource, NAMESPACE, document)
        made += 1
        if made % 10_000 == 0:
            say(f"{made:,} {resource.plural} created, {made / (time.monotonic() - began):.0f} a second")

    await each(documents, create)
    return made
