"""Talking to the agent of a compute node: which Pod it is, what is asked of it, and what its answer means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from millpond.cli.access import Cluster
from millpond.cli.columns import Document, at
from millpond.cli.errors import CliError, UnknownNameError
from millpond.cli.objects import get_document
from millpond.cluster.exec import execute
from millpond.lifecycle.nodes import AGENT_CONTAINER

ASK_AGENT = ("millpond", "agent", "files")


@dataclass(frozen=True)
class Place:
    """A directory on a node. `directory` is beneath the node directory, "" for all of it."""

    node: str
    pod: str
    directory: str


async def place_of(cluster: Cluster, noun: str, name: str) -> Place:
    """Where the files of a task or a node are, or a CliError that says why there are none."""
    document = await get_document(cluster, noun, name)
    if noun == "node":
        return _on_node(document, "")
    return await place_of_task(cluster, document)


async def place_of_task(cluster: Cluster, task: Document) -> Place:
    """Where a task's directory is."""
    name, node = task["metadata"]["name"], at(task, "status", "nodeName")
    if not node:
        raise CliError(f"Task {name} has not run on any node, so it has no files.", f"millpond explain task {name}")
    directory = at(task, "status", "directory") or _directory(task)
    try:
        return _on_node(await get_document(cluster, "node", node), directory)
    except UnknownNameError:
        message = f"Node {node}, on which task {name} ran, has left its pool, and the task's files with it."
        raise CliError(message, f"kubectl logs {at(task, 'status', 'podName')}, while its Pod is kept.") from None


def _directory(task: Document) -> str:
    task_id = at(task, "spec", "id") or task["metadata"]["name"]
    return f"workitems/{task['spec']['jobName']}/job-1/{task_id}"


def _on_node(node: Document, directory: str) -> Place:
    name, pod = node["metadata"]["name"], at(node, "status", "podName")
    if not pod or not at(node, "status", "hostName"):
        raise CliError(f"Node {name} has no Pod yet, so it has no files.", f"millpond node show {name}")
    return Place(name, pod, directory)


async def ask(
    cluster: Cluster,
    place: Place,
    what: str,
    *arguments: str,
    options: tuple[str, ...] = (),
    receive: Callable[[bytes], Awaitable[None]],
    listening: bool = False,
) -> None:
    """Let the agent list, cat or tar, and receive its output. CliError with the agent's own words where it refuses."""
    at_place = ("--directory", place.directory) if place.directory else ()
    command = (*ASK_AGENT, what, *at_place, *options, "--", *arguments)
    ran = await execute(
        cluster.connection, cluster.one_namespace, place.pod, AGENT_CONTAINER, command, receive, listening=listening
    )
    if ran.exit_code != 0:
        said = ran.stderr.strip() or f"the agent ended with exit code {ran.exit_code} and said nothing"
        raise CliError(f"On node {place.node}: {said}")
