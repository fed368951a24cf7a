"""`millpond job disable|enable|terminate|delete`, `millpond task terminate|reactivate|delete`: edits of specs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from millpond.cli.access import Access, Cluster, cluster_options, in_cluster
from millpond.cli.shell import Group

Spec = dict[str, Any]
FORCED: Spec = {"force": True}
_force = click.option("--force", is_flag=True, help="Do not wait until nodes have stopped its tasks.")


def add_operations(job: Group, task: Group) -> None:
    """The commands that change jobs and tasks."""
    for command in (_disable, _enable, _terminate_job, _force(_delete_command("job", "with its tasks"))):
        job.add_command(command)
    for command in (_terminate_task, _reactivate, _delete_command("task", "and stop it where it runs")):
        task.add_command(command)


async def change(cluster: Cluster, noun: str, name: str, spec: Spec) -> None:
    """Set fields of the object's spec; CliError where there is no such object or the cluster refuses."""
    from millpond.cli.objects import RESOURCES, get_document  # noqa: PLC0415 - only with a cluster

    await get_document(cluster, noun, name)
    await cluster.api.merge_patch(RESOURCES[noun], cluster.one_namespace, name, {"spec": spec})


async def delete(cluster: Cluster, noun: str, name: str, force: bool) -> None:
    """Delete the object; CliError where there is none."""
    from millpond.cli.objects import RESOURCES, get_document  # noqa: PLC0415 - only with a cluster

    if force:
        await change(cluster, noun, name, FORCED)
    await get_document(cluster, noun, name)
    await cluster.api.delete(RESOURCES[noun], cluster.one_namespace, name)


def _changed(access: Access, noun: str, name: str, spec: Spec, said: str) -> None:
    in_cluster(access, lambda cluster: change(cluster, noun, name, spec))
    click.echo(f"{noun} {name} {said}")


@click.command("disable")
@cluster_options()
@click.option(
    "--tasks",
    type=click.Choice(["requeue", "terminate", "wait"]),
    default="requeue",
    show_default=True,
    help="What becomes of tasks that run: they run again later, end for good, or run to their end.",
)
@click.argument("name")
def _disable(access: Access, name: str, tasks: str) -> None:
    """Pause a job: it starts no tasks until it is enabled."""
    spec = {"desiredState": "Disabled", "disableTasks": tasks.capitalize()}
    _changed(access, "job", name, spec, "is being disabled")


@click.command("enable")
@cluster_options()
@click.argument("name")
def _enable(access: Access, name: str) -> None:
    """Let a job go on, whether a user or Millpond itself disabled it."""
    _changed(access, "job", name, {"desiredState": "Active", "enabledAt": now()}, "is being enabled")


def now() -> str:
    """This moment, for what is done once for each time."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@click.command("terminate")
@cluster_options()
@click.option("--reason", default="", help="Why, for status.terminateReason.")
@_force
@click.argument("name")
def _terminate_job(access: Access, name: str, reason: str, force: bool) -> None:
    """End a job for good: running tasks are ended, waiting ones never run."""
    spec: Spec = {"desiredState": "Terminated"}
    spec |= {"terminateReason": reason} if reason else {}
    spec |= FORCED if force else {}
    _changed(access, "job", name, spec, "is being terminated")


@click.command("terminate")
@cluster_options()
@click.argument("name")
def _terminate_task(access: Access, name: str) -> None:
    """End a task: it fails with TaskEnded, whether it runs or waits."""
    _changed(access, "task", name, {"desiredState": "Terminated"}, "is being terminated")


@click.command("reactivate")
@cluster_options()
@click.argument("name")
def _reactivate(access: Access, name: str) -> None:
    """Run a task that failed again, with all its retries."""
    _changed(access, "task", name, {"desiredState": "Active", "reactivatedAt": now()}, "is being reactivated")


def _delete_command(noun: str, more: str) -> click.Command:
    def deleted(access: Access, name: str, force: bool = False) -> None:
        in_cluster(access, lambda cluster: delete(cluster, noun, name, force))
        click.echo(f"{noun} {name} is being deleted")

    command: Callable[..., None] = click.argument("name")(cluster_options()(deleted))
    return click.command("delete", help=f"Delete a {noun}, {more}.")(command)
