"""`millpond schedule disable|enable|terminate|delete`: edits of what is wanted of a schedule."""

from __future__ import annotations

import click

from millpond.cli.access import Access, cluster_options, in_cluster
from millpond.cli.operations import FORCED, Spec, change, delete
from millpond.cli.shell import Group

NOUN = "schedule"
_force = click.option("--force", is_flag=True, help="Do not wait until nodes have stopped the tasks of its jobs.")


def add_schedule_operations(group: Group) -> None:
    """The commands that change schedules."""
    for command in (_disable, _enable, _terminate, _delete):
        group.add_command(command)


def _changed(access: Access, name: str, spec: Spec, said: str) -> None:
    in_cluster(access, lambda cluster: change(cluster, NOUN, name, spec))
    click.echo(f"schedule {name} {said}")


@click.command("disable")
@cluster_options()
@click.argument("name")
def _disable(access: Access, name: str) -> None:
    """Pause a schedule: it makes no jobs until it is enabled; one that is active goes on."""
    _changed(access, name, {"desiredState": "Disabled"}, "is being disabled")


@click.command("enable")
@cluster_options()
@click.argument("name")
def _enable(access: Access, name: str) -> None:
    """Let a schedule make jobs again; what is due makes one now, if its start window is open."""
    _changed(access, name, {"desiredState": "Active"}, "is being enabled")


@click.command("terminate")
@cluster_options()
@_force
@click.argument("name")
def _terminate(access: Access, name: str, force: bool) -> None:
    """End a schedule for good, and its active job; its jobs stay to be looked at."""
    _changed(access, name, {"desiredState": "Terminated"} | (FORCED if force else {}), "is being terminated")


@click.command("delete")
@cluster_options()
@_force
@click.argument("name")
def _delete(access: Access, name: str, force: bool) -> None:
    """Delete a schedule, with all its jobs and their tasks."""
    in_cluster(access, lambda cluster: delete(cluster, NOUN, name, force))
    click.echo(f"schedule {name} is being deleted")
