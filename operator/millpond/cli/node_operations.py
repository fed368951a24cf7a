"""`millpond node disable|enable|reboot|reimage`: edits of compute nodes' specs, of several nodes at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from millpond.cli.access import Access, Cluster, cluster_options, in_cluster
from millpond.cli.errors import CliError
from millpond.cli.operations import now
from millpond.cli.shell import Group

Document = dict[str, Any]

OPTIONS = {"requeue": "Requeue", "terminate": "Terminate", "task-completion": "TaskCompletion"}
"""What becomes of the tasks of a node, in the words of the command line and of the spec."""


def add_node_operations(node: Group) -> None:
    """The commands that change nodes."""
    for command in (_disable, _enable, _reboot, _reimage):
        node.add_command(command)


def _of_tasks(command: Callable[..., None]) -> Callable[..., None]:
    """The option that says what becomes of the nodes' tasks."""
    return click.option(
        "--option",
        type=click.Choice(list(OPTIONS)),
        default="requeue",
        show_default=True,
        help="What becomes of tasks that run there: they run again elsewhere, end for good, or run to their end.",
    )(command)


_names = click.argument("names", nargs=-1, required=True, metavar="NAME...")


@click.command("disable")
@cluster_options()
@_of_tasks
@_names
def _disable(access: Access, names: tuple[str, ...], option: str) -> None:
    """Have nodes take no tasks until they are enabled; they stay in their pool."""
    _switch(access, names, {"schedulable": False, "disableSchedulingOption": OPTIONS[option]}, "disabled")


@click.command("enable")
@cluster_options()
@_names
def _enable(access: Access, names: tuple[str, ...]) -> None:
    """Have nodes take tasks again."""
    _switch(access, names, {"schedulable": True}, "enabled")


@click.command("reboot")
@cluster_options()
@_of_tasks
@_names
def _reboot(access: Access, names: tuple[str, ...], option: str) -> None:
    """Start nodes anew, with their files: start task and preparation tasks run again."""
    _restart(access, names, {"restartedAt": now(), "rebootOption": OPTIONS[option]}, "rebooted")


@click.command("reimage")
@cluster_options()
@_of_tasks
@_names
def _reimage(access: Access, names: tuple[str, ...], option: str) -> None:
    """Erase nodes' files and start them anew."""
    _restart(access, names, {"reimagedAt": now(), "reimageOption": OPTIONS[option]}, "reimaged")


def _restart(access: Access, names: tuple[str, ...], spec: Document, said: str) -> None:
    async def work(cluster: Cluster) -> None:
        await _documents(cluster, names)
        for name in names:
            await _edit(cluster, name, spec)
            click.echo(f"node {name} is being {said}")

    in_cluster(access, work)


def _switch(access: Access, names: tuple[str, ...], spec: Document, said: str) -> None:
    """Switch the scheduling of all nodes; refuse where one of them does not exist or is so already."""

    async def work(cluster: Cluster) -> None:
        already = [
            name
            for name, document in (await _documents(cluster, names)).items()
            if document["spec"].get("schedulable", True) is spec["schedulable"]
        ]
        for name in names:
            if name not in already:
                await _edit(cluster, name, spec)
                click.echo(f"node {name} is being {said}")
        if already:
            nodes = f"node {already[0]}" if len(already) == 1 else f"nodes {', '.join(already)}"
            raise CliError(
                f"Scheduling on {nodes} is {said} already (NodeAlreadyInTargetSchedulingState).",
                f"millpond node show {already[0]}",
            )

    in_cluster(access, work)


async def _documents(cluster: Cluster, names: tuple[str, ...]) -> dict[str, Document]:
    """The nodes of those names; CliError where one does not exist."""
    from millpond.cli.objects import get_document  # noqa: PLC0415 - only with a cluster

    return {name: await get_document(cluster, "node", name) for name in names}


async def _edit(cluster: Cluster, name: str, spec: Document) -> None:
    from millpond.cli.objects import RESOURCES  # noqa: PLC0415 - only with a cluster

    await cluster.api.merge_patch(RESOURCES["node"], cluster.one_namespace, name, {"spec": spec})
