"""`millpond agent`: what runs inside node Pods. Users do not call it; the command line reaches it through `exec`.

Decides arguments, output and exit codes: 0 done, 1 refused or incomplete, 2 wrong arguments; see `file_commands`.
"""

from __future__ import annotations

import os
import sys

import click

from millpond.agent.beneath import open_root, parts_of
from millpond.agent.file_commands import files, refusals
from millpond.lifecycle.fileaccess import ROOT


@click.group("agent", hidden=True)
def agent() -> None:
    """Run inside the Pods of compute nodes."""


def _pair(_context: click.Context, _parameter: click.Parameter, text: str) -> tuple[int, int]:
    user, _, group = text.partition(":")
    if not (user.isdecimal() and group.isdecimal()):
        raise click.BadParameter(f"{text!r} is no UID:GID: write two numbers")
    return int(user), int(group)


@agent.command("layout")
@click.option("--root", default=ROOT, show_default=True, help="The node directory.")
@click.option("--launcher", default="/usr/local/bin/launcher", show_default=True, help="The launcher to install.")
@click.option("--start-user", required=True, metavar="UID:GID", callback=_pair, help="Who runs start tasks.")
@click.option("--tasks-group", required=True, type=int, help="The group that all tasks have in common.")
@click.option("--agents-group", required=True, type=int, help="The group of agents.")
def layout(root: str, launcher: str, start_user: tuple[int, int], tasks_group: int, agents_group: int) -> None:
    """Make the node directory's layout."""
    from millpond.agent.layout import Owners, lay_out  # noqa: PLC0415 - only this subcommand needs it

    with refusals():
        lay_out(root, launcher, Owners(start_user, tasks_group, agents_group))


@agent.command("erase")
@click.option("--root", required=True, help="The directory that holds node directories.")
@click.argument("name")
def erase_command(root: str, name: str) -> None:
    """Erase the node directory NAME."""
    from millpond.agent.erase import erase  # noqa: PLC0415 - only this subcommand needs it

    with refusals():
        erase(root, name)


@agent.command("run")
@click.option("--root", default=ROOT, show_default=True, help="The node directory.")
@click.option("--port", required=True, type=click.IntRange(0, 65_535), help="Where to report; 0 chooses one.")
@click.option("--network", help="Where the host's /proc/1/net is seen; without, nothing of its network is reported.")
def run(root: str, port: int, network: str | None) -> None:
    """Stay until asked to leave, and report measurements meanwhile."""
    from millpond.agent.report import listen, report  # noqa: PLC0415 - only this subcommand needs it
    from millpond.agent.stay import stay  # noqa: PLC0415 - only this subcommand needs it

    with refusals():
        os.close(open_root(root))
        listener = listen(port)
    click.echo(f"reports at port {listener.getsockname()[1]}")
    stay(lambda: report(listener, root, network))


@agent.command("fetch")
@click.option("--credentials", required=True, help="The directory of the Secrets' directories.")
@click.option("--failed", default="", help="A file that is there unless all has come; then a failure exits with 0.")
def fetch_command(credentials: str, failed: str) -> None:
    """Download the resource files that the environment names into the current directory."""
    from millpond.agent.fetch_command import run as fetch  # noqa: PLC0415 - only this subcommand needs it

    sys.exit(fetch(os.environ, credentials, failed))


@agent.command("upload")
@click.option("--root", default=ROOT, show_default=True, help="The node directory.")
@click.option("--directory", "-d", required=True, help="The task's, beneath the node directory.")
@click.option("--run", required=True, help="What the launcher calls the task's run in its record.")
@click.option("--limit", required=True, type=click.FloatRange(min=1), help="Seconds for all files.")
@click.option("--credentials", required=True, help="Where Secrets are mounted, each under its name.")
def upload_command(root: str, directory: str, run: str, limit: float, credentials: str) -> None:
    """Upload, after the task's end, the output files that the variables MILLPOND_OUTPUT_FILE_0, _1 … describe."""
    from millpond.agent.destinations import Destinations  # noqa: PLC0415 - only this subcommand needs it
    from millpond.agent.lastword import leave  # noqa: PLC0415 - only this subcommand needs it
    from millpond.agent.upload import Errand, told_outputs, upload  # noqa: PLC0415 - only this subcommand needs it

    with refusals():
        errand = Errand(root, parts_of(directory), run, limit)
        report = upload(errand, told_outputs(os.environ), Destinations(credentials))
    if report is not None:
        click.echo(report.message, err=True)
        leave(report.encode())
        sys.exit(1)


@agent.command("sweep")
@click.option("--root", default=ROOT, show_default=True, help="The node directory.")
@click.option("--orders", default="", help="The file in which the operator's orders appear.")
@click.option("--evict", is_flag=True, help="Delete retained directories before their time while the disk is full.")
def sweep(root: str, orders: str, evict: bool) -> None:
    """Stay until asked to leave, and delete directories of tasks when they are due or ordered."""
    from millpond.agent.keeper import Keeper, keep  # noqa: PLC0415 - only this subcommand needs it
    from millpond.agent.stay import stay  # noqa: PLC0415 - only this subcommand needs it

    with refusals():
        os.close(open_root(root))
    stay(lambda: keep(Keeper(root, orders, evicts=evict)))


agent.add_command(files)
