"""The commands of `millpond storage`. What they do is in `storage`."""

from __future__ import annotations

import click

from millpond.cli.output import format_option
from millpond.cli.shell import Group
from millpond.cli.stores import Wanted, store_options

storage = Group(
    "storage",
    help="Files in stores: inputs and results. PLACE is CONTAINER or CONTAINER/PREFIX.",
    aliases={"list": "ls", "get": "download", "put": "upload", "delete": "rm"},
)


@storage.command("upload")
@store_options
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))
@click.argument("place")
def upload_command(wanted: Wanted, paths: tuple[str, ...], place: str) -> None:
    """Put files into a container; of a directory, all that is beneath it.

    Files that are there under the same names are replaced. A file that is given twice is put there once; two files that
    would have the same name are refused.
    """
    from millpond.cli.storage import upload  # noqa: PLC0415 - only with a store

    upload(wanted, paths, place)


@storage.command("download")
@store_options
@click.option("-o", "--output-dir", default=".", type=click.Path(file_okay=False), help="Default: here.")
@click.argument("place")
def download_command(wanted: Wanted, output_dir: str, place: str) -> None:
    """Fetch all files of a container whose names start with the prefix, under these names."""
    from millpond.cli.storage import download  # noqa: PLC0415 - only with a store

    download(wanted, place, output_dir)


@storage.command("ls")
@store_options
@format_option
@click.argument("place")
def ls_command(wanted: Wanted, output: str, place: str) -> None:
    """List the files of a container whose names start with the prefix."""
    from millpond.cli.storage import print_names  # noqa: PLC0415 - only with a store

    print_names(wanted, place, output)


@storage.command("rm")
@store_options
@click.argument("files", nargs=-1, required=True)
def rm_command(wanted: Wanted, files: tuple[str, ...]) -> None:
    """Remove files of containers, each given as CONTAINER/NAME."""
    from millpond.cli.storage import remove_files  # noqa: PLC0415 - only with a store

    remove_files(wanted, files)
