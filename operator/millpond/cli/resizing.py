"""`millpond pool resize|stop-resize`, `millpond node remove`: edits of what a pool's size is to be."""

from __future__ import annotations

import click

from millpond.cli.access import Access, Cluster, cluster_options, in_cluster
from millpond.cli.errors import CliError
from millpond.cli.operations import Spec, change, now
from millpond.cli.shell import Group

MOST_NODES = 100
"""How many nodes one call removes at most (azure-batch-semantics §2.3)."""

OPTIONS = {
    "requeue": "Requeue",
    "terminate": "Terminate",
    "taskcompletion": "TaskCompletion",
    "retaineddata": "RetainedData",
}

_option = click.option(
    "--option",
    type=click.Choice(list(OPTIONS)),
    default=None,
    help="What becomes of tasks on nodes that leave: they run elsewhere, end for good, or run to their end first; "
    "with retaineddata their files stay as long as they asked for, too.",
)


def add_resizing(pool: Group, node: Group) -> None:
    """The commands that change how many nodes there are."""
    pool.add_command(_resize)
    pool.add_command(_stop_resize)
    node.add_command(_remove)


@click.command("resize")
@cluster_options()
@click.option("--dedicated", type=click.IntRange(0, 10_000), metavar="N", help="How many dedicated nodes.")
@click.option(
    "--low-priority", type=click.IntRange(0, 10_000), metavar="N", help="How many nodes that may be taken away."
)
@_option
@click.argument("name")
def _resize(access: Access, name: str, dedicated: int | None, low_priority: int | None, option: str | None) -> None:
    """Give a pool another size, or the same one anew after removals or a stop. A class left out keeps its target."""
    targets = {"targetDedicatedNodes": dedicated, "targetLowPriorityNodes": low_priority}
    spec: Spec = {target: nodes for target, nodes in targets.items() if nodes is not None}
    if not spec:
        raise click.UsageError("Say how many nodes: --dedicated N, --low-priority N, or both.")
    spec |= {"resizedAt": now()}
    spec |= {"nodeDeallocationOption": OPTIONS[option]} if option else {}
    in_cluster(access, lambda cluster: change(cluster, "pool", name, spec))
    click.echo(f"pool {name} is being resized")


@click.command("stop-resize")
@cluster_options()
@click.argument("name")
def _stop_resize(access: Access, name: str) -> None:
    """Stop the resize under way: the pool keeps the nodes that it has."""

    async def work(cluster: Cluster) -> None:
        from millpond.cli.objects import get_document  # noqa: PLC0415 - only with a cluster

        pool = await get_document(cluster, "pool", name)
        if (pool.get("status") or {}).get("allocationState") == "Steady":
            raise CliError(f"pool {name} is not being resized", f"millpond pool show {name}")
        await change(cluster, "pool", name, {"resizeStoppedAt": now()})

    in_cluster(access, work)
    click.echo(f"the resize of pool {name} is being stopped")


@click.command("remove")
@cluster_options()
@_option
@click.argument("names", nargs=-1, required=True)
def _remove(access: Access, names: tuple[str, ...], option: str | None) -> None:
    """Remove these very nodes from their pool, up to 100: it gets smaller by as many."""
    chosen = list(dict.fromkeys(names))
    if len(chosen) > MOST_NODES:
        raise click.UsageError(f"{len(chosen)} nodes are too many: remove at most {MOST_NODES} in one call.")
    spec: Spec = {"removedAt": now(), "removalOption": OPTIONS[option or "requeue"]}

    async def work(cluster: Cluster) -> None:
        from millpond.cli.objects import get_document  # noqa: PLC0415 - only with a cluster

        for name in chosen:
            await get_document(cluster, "node", name)
        for name in chosen:
            await change(cluster, "node", name, spec)

    in_cluster(access, work)
    for name in chosen:
        click.echo(f"node {name} is being removed")
