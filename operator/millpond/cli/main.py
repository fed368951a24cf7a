"""`millpond`, and `kubectl millpond`: the tree of commands. Each loads what it needs when it is called."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from millpond.cli.ending import end_after
from millpond.cli.shell import Group

AGENT = "millpond.agent.main:agent"
OPERATOR = "millpond.handlers.main"


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    lazy={
        "pool": ("millpond.cli.verbs:pool", "Pools: sets of equal compute nodes."),
        "node": ("millpond.cli.verbs:node", "Compute nodes: what a pool consists of."),
        "job": ("millpond.cli.verbs:job", "Jobs: tasks with a pool and a priority."),
        "schedule": ("millpond.cli.verbs:schedule", "Job schedules: when to make which job."),
        "task": ("millpond.cli.verbs:task", "Tasks: commands that run on nodes, their output and files."),
        "app": ("millpond.cli.app_commands:app", "Applications: packages that nodes and tasks have installed."),
        "storage": ("millpond.cli.storage_commands:storage", "Files in stores: inputs and results."),
        "explain": ("millpond.cli.verbs:explain", "Say why something waits."),
        "agent": (AGENT, ""),
    },
)
def millpond() -> None:
    """Run batch work in the Azure Batch model on any Kubernetes cluster.

    Start with: millpond pool list, millpond job watch JOB, millpond task stdout TASK.
    """


@millpond.command("version")
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as version_of  # noqa: PLC0415 - only this command needs it

    click.echo(f"millpond {version_of('millpond')}")


@millpond.command("operator", hidden=True)
def operator() -> None:
    """Run the operator; the Helm chart does this inside a cluster."""
    # By name: the command line must not know the rooms that it starts.
    import_module(OPERATOR).run()


def main() -> None:
    """The entry point. Exit codes: 0 done, 1 the cluster or the work says no, 2 the command is wrong."""
    program = "kubectl millpond" if sys.argv[0].endswith("kubectl-millpond") else "millpond"
    end_after(lambda: millpond(prog_name=program))


if __name__ == "__main__":
    main()
