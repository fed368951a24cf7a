"""The commands of `millpond app`. What they do is in `applications`."""

from __future__ import annotations

import click

from millpond.cli.output import format_option
from millpond.cli.shell import Group
from millpond.cli.stores import Wanted, store_options

app = Group(
    "app",
    help="Applications: packages that nodes and tasks have installed, by versions.",
    aliases={"ls": "list", "delete": "rm"},
)


@app.command("push")
@store_options
@click.option("--default", is_flag=True, help="Make it the default version too.")
@click.argument("application", metavar="ID")
@click.argument("version")
@click.argument("path", type=click.Path(exists=True, dir_okay=False))
def push_command(wanted: Wanted, default: bool, application: str, version: str, path: str) -> None:
    """Put the zip archive PATH into the store as VERSION of the application ID.

    It is read whole first: what cannot be installed is not pushed.
    """
    from millpond.cli.applications import push  # noqa: PLC0415 - only with a store

    push(wanted, application, version, path, default=default)


@app.command("list")
@store_options
@format_option
def list_command(wanted: Wanted, output: str) -> None:
    """List applications and their versions."""
    from millpond.cli.applications import print_applications  # noqa: PLC0415 - only with a store

    print_applications(wanted, output)


@app.command("set-default")
@store_options
@click.argument("application", metavar="ID")
@click.argument("version")
def set_default_command(wanted: Wanted, application: str, version: str) -> None:
    """Choose the version that is installed where none is named."""
    from millpond.cli.applications import set_default  # noqa: PLC0415 - only with a store

    set_default(wanted, application, version)


@app.command("rm")
@store_options
@click.argument("application", metavar="ID")
@click.argument("version")
def rm_command(wanted: Wanted, application: str, version: str) -> None:
    """Remove a version. What is installed of it on nodes stays there."""
    from millpond.cli.applications import remove_version  # noqa: PLC0415 - only with a store

    remove_version(wanted, application, version)
