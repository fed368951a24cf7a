"""A trial of a formula: what a pool's samples are now, what each statement comes to, and what would follow."""

from __future__ import annotations

import random
import time

import click
import msgspec

from millpond.api.pool import Pool
from millpond.cli.access import Cluster
from millpond.cli.errors import CliError
from millpond.cli.objects import get_document
from millpond.cluster.sample_maps import read_samples
from millpond.formula import FormulaError, Inputs, Step, evaluate, parse, render, show
from millpond.scaling.sample_export import SampleExport, UnreadableExportError, columns_of, read_export, rows_of
from millpond.scaling.samples import Histories


async def exported(cluster: Cluster, name: str) -> SampleExport:
    """The pool's samples as they are kept, at most 30 s old, with what else a formula reads."""
    pool = Pool.model_validate(await get_document(cluster, "pool", name))
    kept = await read_samples(cluster.api, cluster.one_namespace, name, pool.metadata.uid)
    if kept.trouble:
        click.echo(kept.trouble, err=True)
    if pool.spec.auto_scale is None:
        click.echo(f"Pool {name} has no formula: no samples are taken of it now.", err=True)
    return SampleExport(
        pool=name,
        time=time.time(),
        times=list(kept.rows.times),
        samples=columns_of(kept.rows),
        formula=pool.spec.auto_scale.formula if pool.spec.auto_scale else "",
        target_dedicated_nodes=pool.status.target_dedicated_nodes,
        task_slots_per_node=pool.spec.task_slots_per_node,
    )


def print_export(export: SampleExport) -> None:
    """Print the samples as JSON."""
    click.echo(msgspec.json.encode(export).decode())


def read_samples_file(name: str, text: bytes) -> SampleExport:
    """The samples of a file; CliError where it has none."""
    try:
        return read_export(text)
    except UnreadableExportError as error:
        raise CliError(
            f"{name} is no export of samples: {error}.", "Write one with `millpond pool autoscale samples POOL`."
        ) from None


def evaluate_formula(export: SampleExport, formula: str | None) -> int:
    """Evaluate the formula, or the pool's own, and print what came of it; the exit code."""
    text = export.formula if formula is None else formula
    if formula is None and not text:
        raise CliError(f"Pool {export.pool} has no formula.", "Give one with -f FILE.")
    inputs = Inputs(
        now=export.time,
        target_dedicated=export.target_dedicated_nodes,
        target_low_priority=export.target_low_priority_nodes,
        task_slots_per_node=export.task_slots_per_node,
        samples=Histories(rows_of(export)),
        rand=random.random,
    )
    try:
        found = evaluate(parse(text), inputs, trace=True)
    except FormulaError as error:
        click.echo(str(error), err=True)
        return 1
    for step in found.trace:
        click.echo(_told(step))
    if found.error is not None:
        click.echo(render(found.error), err=True)
        return 1
    now, then = export.target_dedicated_nodes, found.target_dedicated
    click.echo(f"\n{found.results}")
    change = f"stay at {now}" if now == then else f"go from {now} to {then}"
    click.echo(f"Dedicated nodes would {change}. Nothing was changed.")
    return 0


def _told(step: Step) -> str:
    return f"{' '.join(step.text.split())}\n    {show(step.value)}"
