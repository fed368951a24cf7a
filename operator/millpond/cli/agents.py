"""Talking to the agent of a compute node: which Pod it is, what is asked of it, and what its answer means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from millpond.cli.access import Cluster
from millpond.cli.columns import Document, at
from millpond.cli.errors import CliError, UnknownNameError
from millpond.cli.objects import get_document
from millpond.cluster.exec import Ran, execute
from millpond.lifecycle.fileaccess import (
    FILE_NOT_FOUND,
    FILES_CLEANED_UP,
    FILES_UNAVAILABLE,
    INVALID_RANGE,
    NO_DIRECTORY,
    NO_FILE,
    NO_SUCH_RANGE,
)
from millpond.lifecycle.nodes import AGENT_CONTAINER

ASK_AGENT = ("millpond", "agent", "files")


@dataclass(frozen=True)
class Place:
    """A directory on a node. `directory` is beneath the node directory, "" for all of it; `task` is whose it is."""

    node: str
    pod: str
    directory: str
    task: Document | None = None


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
        return replace(_on_node(await get_document(cluster, "node", node), directory), task=task)
    except UnknownNameError:
        message = (
            f"Node {node}, on which task {name} ran, has left its pool, and the task's files with it "
            f"({FILES_UNAVAILABLE})."
        )
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
    container: str = AGENT_CONTAINER,
) -> None:
    """Let the agent do something with files, and receive its output.

    AgentRefusalError with its own words where it refuses; UnavailableError where the stream breaks.
    """
    at_place = ("--directory", place.directory) if place.directory else ()
    command = (*ASK_AGENT, what, *at_place, *options, "--", *arguments)
    ran = await execute(
        cluster.connection, cluster.one_namespace, place.pod, container, command, receive, listening=listening
    )
    if ran.exit_code != 0:
        raise _refusal(place, ran)


class AgentRefusalError(CliError):
    """The agent's own words; `code` is its exit code, see `lifecycle.fileaccess`."""

    def __init__(self, message: str, code: int, next_step: str = "") -> None:
        super().__init__(message, next_step)
        self.code = code


def _refusal(place: Place, ran: Ran) -> AgentRefusalError:
    code, said = ran.exit_code, ran.stderr.strip()
    if code == NO_DIRECTORY and place.task is not None:
        return _without_files(place, place.task)
    word = {NO_FILE: FILE_NOT_FOUND, NO_DIRECTORY: FILE_NOT_FOUND, NO_SUCH_RANGE: INVALID_RANGE}.get(code)
    said = said or f"the agent ended with exit code {code} and said nothing"
    return AgentRefusalError(f"On node {place.node}: {said}" + (f" ({word})" if word else ""), code)


def _without_files(place: Place, task: Document) -> AgentRefusalError:
    name = task["metadata"]["name"]
    if at(task, "status", "state") != "Completed":
        message = f"Task {name} has no files on node {place.node} yet."
        return AgentRefusalError(message, NO_DIRECTORY, f"millpond task show {name}")
    message = (
        f"The files of task {name} are not on node {place.node} any more: the time for which they were kept has "
        f"passed, or they were deleted ({FILES_CLEANED_UP})."
    )
    next_step = f"kubectl logs {at(task, 'status', 'podName')}, while its Pod is kept."
    return AgentRefusalError(message, NO_DIRECTORY, next_step)
