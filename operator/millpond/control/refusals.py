"""What a Pool's document made impossible is tried at once when the document changes, not only after its pause."""

from __future__ import annotations

from millpond.control.pool_state import PoolState


def try_again(pool: PoolState) -> None:
    """The Pool's document is another one: what was refused need not wait any more.

    That is hosts of a provider, and the Pods of nodes, preparations and tasks.
    """
    if pool.supply.refusal is not None:
        pool.supply.again = 0.0
        pool.mark("supply", pool.name)
    for node in pool.nodes.values():
        if node.pod_refusal is not None:
            node.not_before = 0.0
            pool.mark("node", node.name)
    for of in pool.job_nodes.values():
        if of.refused:
            of.not_before = 0.0
            pool.mark("jobnode", of.key)
    for job in pool.jobs.values():
        for task in job.tasks.values():
            if task.problem is not None and task.not_before:
                task.not_before = 0.0
                pool.mark("task", f"{job.name}/{task.name}")
