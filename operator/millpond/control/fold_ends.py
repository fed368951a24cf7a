"""Folding the ends of tasks into the tallies of the nodes where they ended.

An end counts once the Task says so, as with all that follows from it. Tasks and nodes may be told of in any order.
"""

from __future__ import annotations

from millpond.api.reasons import TaskResult, TaskState
from millpond.control.node_record import NodeRecord
from millpond.control.node_tally import Ended
from millpond.control.pool_state import PoolState
from millpond.control.records import TaskRecord
from millpond.control.task_patch import TaskStatusPatch


def tell_end(task: TaskRecord) -> None:
    """The Task says where it has ended and as which of its node's ends, or that it has not."""
    if task.node_name is None or not task.node_end or task.state is not TaskState.COMPLETED:
        return
    pool, node = _place(task.job.pool, task.node_name)
    if node is not None and node.tally.whole:
        _count(pool, node, task.node_end, _ended(task))


def confirm_end(pool: PoolState, job: str, task: str, status: TaskStatusPatch) -> None:
    """The write of a task's status is done: its Task says so now, even where it is gone already."""
    if not isinstance(status.node_end, int) or not isinstance(status.node_name, str):
        return
    pool, node = _place(pool, status.node_name)
    if node is not None:
        code = status.exit_code if isinstance(status.exit_code, int) else None
        _count(pool, node, status.node_end, Ended(job, task, TaskResult(str(status.result)), code))


def drop_end(pool: PoolState, status: TaskStatusPatch) -> None:
    """That write was not made, and will not be made again."""
    if isinstance(status.node_end, int) and isinstance(status.node_name, str):
        _, node = _place(pool, status.node_name)
        if node is not None:
            node.tally.drop(status.node_end)


def drop_unsent(pool: PoolState, mark: str) -> bool:
    """Forget a task's write (`job/task`) that failed: it is made, or void. False when there is none."""
    unsent = pool.unsent.pop(mark, None)
    if unsent is not None:
        drop_end(pool, unsent[0].status)
    return unsent is not None


def complete_tally(pool: PoolState, node: NodeRecord) -> None:
    """Ask all Tasks, once, for ends that the node's status does not tell of; for all nodes of the namespace in one go.

    An operator that starts anew does that once, whatever the number of nodes.
    """
    if node.tally.whole:
        return
    siblings = pool.siblings.values()
    partial = {
        name: other
        for sibling in siblings
        for name, other in sibling.nodes.items()
        if other.model is not None and not other.tally.whole
    }
    for sibling in siblings:
        for job in sibling.jobs.values():
            for task in job.tasks.values():
                if task.node_end and task.node_name in partial and task.state is TaskState.COMPLETED:
                    partial[task.node_name].tally.end(task.node_end, _ended(task))
    for other in partial.values():
        other.tally.whole = True


def _ended(task: TaskRecord) -> Ended:
    return Ended(task.job.name, task.name, TaskResult(str(task.result)), task.exit_code)


def _count(pool: PoolState, node: NodeRecord, number: int, ended: Ended) -> None:
    node.tally.end(number, ended)
    pool.tell_of(node)
    if not node.holding:
        pool.mark("node", node.name)


def _place(own: PoolState, name: str) -> tuple[PoolState, NodeRecord | None]:
    """The node and its pool: hardly ever another one, of a job that has changed its pool since."""
    for pool in (own,) if name in own.nodes else own.siblings.values():
        if name in pool.nodes:
            return pool, pool.nodes[name]
    return own, None
