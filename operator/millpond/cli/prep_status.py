"""`millpond job prep-status`: how a job's preparation and release tasks went, node by node."""

from __future__ import annotations

from typing import Any

import click

from millpond.cli.access import Cluster
from millpond.cli.columns import Column, at, text
from millpond.cli.objects import get_document, list_documents
from millpond.cli.output import print_document
from millpond.cli.tables import colours_wanted, draw, terminal_width

Entry = dict[str, Any]


def _of(task: str, header: str, field: str) -> Column:
    return Column(header, lambda entry, _: text(at(entry, task, field)))


COLUMNS = (
    Column("NODE", lambda entry, _: text(entry["nodeName"])),
    _of("preparation", "PREPARATION", "state"),
    _of("preparation", "RESULT", "result"),
    _of("preparation", "EXIT", "exitCode"),
    _of("preparation", "RETRIES", "retryCount"),
    _of("release", "RELEASE", "state"),
    _of("release", "RESULT", "result"),
    _of("release", "EXIT", "exitCode"),
    Column("FAILURE", lambda entry, _: _failure(entry), elastic=True),
)


def _failure(entry: Entry) -> str:
    found = at(entry, "preparation", "failure", "message") or at(entry, "release", "failure", "message")
    return text(found)


async def print_preparations(cluster: Cluster, name: str, output: str) -> None:
    """Print one entry for each node on which the job is, or was, prepared."""
    job = await get_document(cluster, "job", name)
    pool = at(job, "status", "poolName") or at(job, "spec", "poolName")
    nodes = await list_documents(cluster, "node", f"spec.poolName={pool}")
    entries = [entry for node in nodes for entry in entries_of(node, name)]
    if output in ("json", "yaml"):
        print_document(entries, output)
        return
    if output == "name":
        for entry in entries:
            click.echo(entry["nodeName"])
        return
    width = None if output == "wide" else terminal_width()
    for line in draw(COLUMNS, entries, 0.0, width=width, coloured=colours_wanted()):
        click.echo(line)
    if not entries:
        has_one = at(job, "spec", "jobPreparationTask") is not None
        why = "has not been prepared on any node yet" if has_one else "has no preparation task"
        click.echo(f"Job {name} {why}.", err=True)


def entries_of(node: Entry, job: str) -> list[Entry]:
    """What the node says of the job, with the node's name: at most one entry."""
    said = at(node, "status", "jobs") or []
    return [{"nodeName": node["metadata"]["name"], **entry} for entry in said if entry["jobName"] == job]
