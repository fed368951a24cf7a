"""The commands of each noun. What they do is in the files named after it."""

from __future__ import annotations

import sys

import click

from millpond.cli.access import Access, cluster_options, in_cluster
from millpond.cli.autoscale import autoscale
from millpond.cli.node_operations import add_node_operations
from millpond.cli.nouns import noun_group
from millpond.cli.operations import add_operations
from millpond.cli.output import format_option
from millpond.cli.resizing import add_resizing
from millpond.cli.schedule_operations import add_schedule_operations
from millpond.cli.shell import Group

pool = noun_group("pool", "Pools: sets of equal compute nodes.")
node = noun_group("node", "Compute nodes: what a pool consists of.")
job = noun_group("job", "Jobs: tasks with a pool and a priority.")
schedule = noun_group("schedule", "Job schedules: when to make which job.")
task = noun_group("task", "Tasks: commands that run on nodes, their output and files.")
explain = Group("explain", help="Say why something waits.")
add_operations(job, task)
add_resizing(pool, node)
pool.add_command(autoscale)
add_node_operations(node)
add_schedule_operations(schedule)


@job.command("watch")
@cluster_options()
@click.option(
    "--until",
    type=click.Choice(["done", "complete"]),
    default="done",
    help="Until all tasks are done, or the job itself is Completed.",
    show_default=True,
)
@click.argument("name")
def watch(access: Access, name: str, until: str) -> None:
    """Follow a job's progress to its end.

    Exit code 0 when all tasks succeeded, 1 when some failed or never ran.
    """
    from millpond.cli.watch import watch_job  # noqa: PLC0415 - only with a cluster

    sys.exit(in_cluster(access, lambda cluster: watch_job(cluster, name, until_complete=until == "complete")))


@job.command("prep-status")
@cluster_options()
@format_option
@click.argument("name")
def prep_status(access: Access, output: str, name: str) -> None:
    """Say how a job's preparation and release tasks went, node by node."""
    from millpond.cli.prep_status import print_preparations  # noqa: PLC0415 - only with a cluster

    in_cluster(access, lambda cluster: print_preparations(cluster, name, output))


def _stream_command(stream: str) -> None:
    @task.command(stream, help=f"Print what a task wrote to {stream}.")
    @cluster_options()
    @click.option("-f", "--follow", is_flag=True, help="Go on until the task has ended.")
    @click.argument("name")
    def command(access: Access, name: str, follow: bool) -> None:
        from millpond.cli.streams import print_stream  # noqa: PLC0415 - only with a cluster

        in_cluster(access, lambda cluster: print_stream(cluster, name, f"{stream}.txt", follow=follow))


_stream_command("stdout")
_stream_command("stderr")


def _files_group(noun: str) -> Group:
    group = Group(
        "files",
        help=f"The files of a {noun}.",
        aliases={"ls": "list", "download": "get", "cat": "read", "stat": "show", "rm": "delete"},
    )

    @group.command("list", help=f"List the files of a {noun} that the PATTERNS mean, or all.")
    @cluster_options()
    @format_option
    @click.argument("name")
    @click.argument("patterns", nargs=-1)
    def list_command(access: Access, output: str, name: str, patterns: tuple[str, ...]) -> None:
        from millpond.cli.files import print_files  # noqa: PLC0415 - only with a cluster

        in_cluster(access, lambda cluster: print_files(cluster, noun, name, patterns, output))

    @group.command("get", help=f"Fetch files of a {noun}: PATTERNS are paths, directories, or as in wd/**/*.png.")
    @cluster_options()
    @click.option(
        "-o", "--output-dir", default=".", type=click.Path(file_okay=False), help="Where to put them; default: here."
    )
    @click.argument("name")
    @click.argument("patterns", nargs=-1, required=True)
    def get_command(access: Access, output_dir: str, name: str, patterns: tuple[str, ...]) -> None:
        from millpond.cli.files import fetch_files  # noqa: PLC0415 - only with a cluster

        in_cluster(access, lambda cluster: fetch_files(cluster, noun, name, patterns, output_dir))

    _add_one_file(group, noun)
    return group


def _add_one_file(group: Group, noun: str) -> None:
    """The commands of a files group that are told which files, not which patterns."""

    @group.command("show", help=f"Show the properties of a file or directory of a {noun}.")
    @cluster_options()
    @format_option
    @click.argument("name")
    @click.argument("path")
    def show_command(access: Access, output: str, name: str, path: str) -> None:
        from millpond.cli.files import print_properties  # noqa: PLC0415 - only with a cluster

        in_cluster(access, lambda cluster: print_properties(cluster, noun, name, path, output))

    @group.command("read", help=f"Print a file of a {noun}, or a part of it.")
    @cluster_options()
    @click.option("--offset", default=0, type=click.IntRange(min=0), metavar="BYTES", help="Where to begin.")
    @click.option("--length", default=None, type=click.IntRange(min=0), metavar="BYTES", help="How much, at most.")
    @click.option("-f", "--follow", is_flag=True, help="Go on as the file grows, until the task has ended.")
    @click.argument("name")
    @click.argument("path")
    def read_command(access: Access, offset: int, length: int | None, follow: bool, name: str, path: str) -> None:
        from millpond.cli.files import print_content  # noqa: PLC0415 - only with a cluster

        if follow and length is not None:
            raise click.UsageError("--follow goes on, --length ends: give one of them.")
        in_cluster(
            access,
            lambda cluster: print_content(cluster, noun, name, path, offset=offset, length=length, follow=follow),
        )

    what = "that has ended" if noun == "task" else "that lie in its directory shared/"

    @group.command("delete", help=f"Delete files of a {noun} {what}.")
    @cluster_options()
    @click.option("-r", "--recursive", is_flag=True, help="Directories with all that is in them.")
    @click.argument("name")
    @click.argument("paths", nargs=-1, required=True)
    def delete_command(access: Access, recursive: bool, name: str, paths: tuple[str, ...]) -> None:
        from millpond.cli.files import delete_files  # noqa: PLC0415 - only with a cluster

        in_cluster(
            access,
            lambda cluster: delete_files(cluster, noun, name, paths, recursive=recursive, echo=click.echo),
        )


task.add_command(_files_group("task"))
node.add_command(_files_group("node"))


@node.command("shell", context_settings={"ignore_unknown_options": True})
@cluster_options()
@click.argument("name")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def shell(access: Access, name: str, command: tuple[str, ...]) -> None:
    """Open a shell on a node, or run COMMAND there.

    It takes kubectl, and the right to create pods/exec. What it sees is the node directory, as the agent sees it.
    """
    from millpond.cli.node_shell import open_shell  # noqa: PLC0415 - only with a cluster

    open_shell(access, name, command)


@explain.command("task")
@cluster_options()
@format_option
@click.argument("name")
def explain_task_command(access: Access, output: str, name: str) -> None:
    """Say why a task waits, or how it ended."""
    from millpond.cli.explain import explain_task  # noqa: PLC0415 - only with a cluster

    in_cluster(access, lambda cluster: explain_task(cluster, name, output))


@explain.command("job")
@cluster_options()
@format_option
@click.argument("name")
def explain_job_command(access: Access, output: str, name: str) -> None:
    """Say what holds a job back, and what to do."""
    from millpond.cli.explain import explain_job  # noqa: PLC0415 - only with a cluster

    in_cluster(access, lambda cluster: explain_job(cluster, name, output))
