"""`millpond pool|node|job|schedule|task list|show`: what is there, and how one of it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import click

from millpond.cli.access import Access, Cluster, cluster_options, in_cluster
from millpond.cli.output import format_option, print_document, print_list
from millpond.cli.shell import Group

Filters = dict[str, tuple[str, str]]

FILTERS: dict[str, Filters] = {
    "pool": {},
    "node": {"pool": (".spec.poolName", "Of this pool."), "state": (".status.state", "In this state.")},
    "job": {"pool": (".spec.poolName", "On this pool."), "state": (".status.state", "In this state.")},
    "schedule": {},
    "task": {
        "job": (".spec.jobName", "Of this job."),
        "state": (".status.state", "In this state."),
        "node": (".status.nodeName", "Whose last attempt is on this node."),
        "result": ("", "Success or Failure."),
    },
}
"""Options of `list`, with the field that the server selects by; "" where it is chosen here."""


def noun_group(noun: str, summary: str) -> Group:
    """The commands list and show of a noun."""
    group = Group(noun, help=summary, aliases={"ls": "list", "get": "list", "describe": "show"})
    group.add_command(_list_command(noun))
    group.add_command(_show_command(noun))
    return group


def _list_command(noun: str) -> click.Command:
    def listed(access: Access, output: str, **wanted: str | None) -> None:
        from millpond.cli.objects import list_documents  # noqa: PLC0415 - only with a cluster

        chosen = {name: value for name, value in wanted.items() if value}
        fields = ",".join(_selector(noun, name, value) for name, value in chosen.items() if FILTERS[noun][name][0])

        async def work(cluster: Cluster) -> tuple[list[dict[str, Any]], str | None]:
            return await list_documents(cluster, noun, fields), cluster.namespace

        documents, namespace = in_cluster(access, work)
        if chosen.get("result"):
            documents = [d for d in documents if (d.get("status") or {}).get("result") == chosen["result"]]
        where = "in any namespace" if namespace is None else f"in namespace {namespace}"
        matching = " with " + ", ".join(f"{name} {value}" for name, value in chosen.items()) if chosen else ""
        print_list(
            noun, documents, output, namespaced=namespace is None, where=matching.strip() + " " * bool(matching) + where
        )

    command: Callable[..., None] = format_option(cluster_options(every=True)(listed))
    for name, (_, explanation) in FILTERS[noun].items():
        command = click.option(f"--{name}", default=None, metavar=name.upper(), help=explanation)(command)
    return click.command("list", help=f"List {noun}s.")(command)


def _selector(noun: str, name: str, value: str) -> str:
    """The field selector of a filter. A task that just waits has no state written, and is Active all the same."""
    field = FILTERS[noun][name][0][1:]
    if (noun, name, value) == ("task", "state", "Active"):
        return ",".join(f"{field}!={other}" for other in ("Preparing", "Running", "Completed"))
    return f"{field}={value}"


def _show_command(noun: str) -> click.Command:
    def shown(access: Access, output: str, name: str) -> None:
        from millpond.cli.objects import get_document  # noqa: PLC0415 - only with a cluster

        document = in_cluster(access, lambda cluster: get_document(cluster, noun, name))
        if output in ("json", "yaml"):
            print_document(document, output)
        elif output == "name":
            print_list(noun, [document], output, namespaced=False, where="")
        else:
            from millpond.cli.pages import page  # noqa: PLC0415 - only for this format

            for line in page(noun, document, time.time()):
                click.echo(line)

    command = click.argument("name")(format_option(cluster_options()(shown)))
    return click.command("show", help=f"Show one {noun}: how it is, why, and what to do next.")(command)
