"""Documents of the model as the fold takes them: decoded into views and models, handed to the right door of `World`."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from millpond.api import labels
from millpond.api.computenode import ComputeNode
from millpond.api.job import Job
from millpond.api.pool import Pool
from millpond.api.views.host import HostView
from millpond.api.views.pod import PodView
from millpond.api.views.task import TaskView
from millpond.control.pool_state import PoolKey
from millpond.control.world import World

from support.model.store import Document

FOLDED = ("pools", "jobs", "computenodes", "tasks", "pods", "nodes")


def observe(world: World, plural: str, document: Document) -> Iterable[PoolKey]:
    """Show the world an object; whose cycle must look."""
    match plural:
        case "tasks":
            return world.observe_task(msgspec.convert(document, TaskView))
        case "pods":
            return world.observe_pod(msgspec.convert(document, PodView))
        case "nodes":
            return world.observe_host(msgspec.convert(document, HostView))
        case "pools":
            return world.observe_pool(Pool.model_validate(document))
        case "jobs":
            return world.observe_job(Job.model_validate(document))
        case "computenodes":
            return world.observe_node(ComputeNode.model_validate(document))
    return ()


def forget(world: World, plural: str, document: Document) -> Iterable[PoolKey]:
    """Tell the world that an object is gone."""
    meta = document["metadata"]
    space, name, tags = meta.get("namespace", ""), meta["name"], meta.get("labels") or {}
    match plural:
        case "tasks":
            return world.forget_task(space, document["spec"]["jobName"], name, meta["uid"])
        case "pods":
            return world.forget_pod(space, tags.get(labels.POOL, ""), name, meta["uid"])
        case "nodes":
            return world.forget_host(name)
        case "pools":
            return world.forget_pool(space, name)
        case "jobs":
            return world.forget_job(space, name)
        case "computenodes":
            return world.forget_node(space, document["spec"]["poolName"], name)
    return ()
