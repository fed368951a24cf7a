"""`millpond task stdout|stderr`: what a task has written, and goes on writing."""

from __future__ import annotations

import sys
from typing import Any

import click
import msgspec

from millpond.cli.access import Cluster
from millpond.cli.agents import ask, place_of_task
from millpond.cli.columns import at
from millpond.cli.errors import CliError
from millpond.cli.objects import get_document
from millpond.cluster.api_server import TASKS, Selection
from millpond.cluster.errors import GoneError, UnavailableError


async def print_stream(cluster: Cluster, name: str, file: str, *, follow: bool) -> None:
    """Write the file's bytes to standard output. `follow` waits for the task to start and ends with it."""
    task = await get_document(cluster, "task", name)
    if follow and not at(task, "status", "nodeName") and at(task, "status", "state") != "Completed":
        click.echo(f"Task {name} has not started; waiting. Why: millpond explain task {name}", err=True)
        task = await _started(cluster, task)
    place = await place_of_task(cluster, task)
    running = follow and at(task, "status", "state") != "Completed"
    options = ("--follow",) if running else ()

    async def receive(chunk: bytes) -> None:
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()

    await ask(cluster, place, "cat", file, options=options, receive=receive, listening=running)


async def _started(cluster: Cluster, task: dict[str, Any]) -> dict[str, Any]:
    """The task as soon as it has a node or has ended."""
    name, namespace = task["metadata"]["name"], cluster.one_namespace
    while True:
        try:
            chosen = Selection(fields=f"metadata.name={name}")
            async for event in cluster.api.watch(TASKS, namespace, task["metadata"]["resourceVersion"], chosen):
                if event.type == "DELETED":
                    raise CliError(f"Task {name} was deleted while it waited.")
                if event.type == "BOOKMARK":
                    continue
                task = msgspec.json.decode(event.object)
                if at(task, "status", "nodeName") or at(task, "status", "state") == "Completed":
                    return task
        except (GoneError, UnavailableError):
            task = await get_document(cluster, "task", name)
            if at(task, "status", "nodeName") or at(task, "status", "state") == "Completed":
                return task
