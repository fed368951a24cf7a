"""`millpond pool autoscale evaluate|samples`: a formula tried on a pool's samples, and the samples themselves."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from millpond.cli.access import Access, cluster_options, in_cluster
from millpond.cli.errors import CliError
from millpond.cli.shell import Group

autoscale = Group("autoscale", help="Formulas that size pools: try one, and see what it reads.")


@autoscale.command("evaluate")
@cluster_options()
@click.option(
    "-f", "--file", default="", metavar="FILE", help="The formula, - for standard input; default: the pool's."
)
@click.option("--samples", default="", metavar="FILE", help="As `samples` wrote them; then no cluster is asked.")
@click.argument("name", default="")
def evaluate(access: Access, file: str, samples: str, name: str) -> None:
    """Evaluate a formula on a pool's samples and show each step. Nothing is changed.

    Exit code 1 where it fails.
    """
    from millpond.cli.trial import evaluate_formula, exported, read_samples_file  # noqa: PLC0415 - start-up

    formula = _read(file).decode("utf-8", "replace") if file else None
    if samples:
        export = read_samples_file(samples, _read(samples))
    elif name:
        export = in_cluster(access, lambda cluster: exported(cluster, name))
    else:
        raise click.UsageError("Missing argument 'NAME': give the name of a pool, or --samples FILE.")
    sys.exit(evaluate_formula(export, formula))


@autoscale.command("samples")
@cluster_options()
@click.argument("name")
def samples_command(access: Access, name: str) -> None:
    """Print a pool's samples as JSON, for `evaluate --samples`."""
    from millpond.cli.trial import exported, print_export  # noqa: PLC0415 - start-up without the formula room

    print_export(in_cluster(access, lambda cluster: exported(cluster, name)))


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise CliError(f"{file} cannot be read: {error.strerror}.") from None
