"""Folding the ends of tasks into the tallies of the nodes where they ended.

An end counts once the Task says so, as with all that follows from it. Tasks and nodes may be told of in any order.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from millpond.api.reasons import TaskResult, TaskState
from millpond.control.node_record import NodeRecord
from millpond.control.node_tally import Ended, NodeTally
from millpond.control.pool_state import PoolState
from millpond.control.records import TaskRecord
from millpond.control.task_patch import TaskStatusPatch
from millpond.lifecycle.groups import Subtask


def tell_end(task: TaskRecord) -> None:
    """The Task says where it has ended and as which of its node's ends, or that it has not."""
    for name, number, ended in _ends_of(task):
        pool, node = _place(task.job.pool, name)
        pool.latest_ends[name] = max(number, pool.latest_ends.get(name, 0))
        if node is not None and node.tally.whole:
            _count(pool, node, number, ended)


def begin_members(pool: PoolState, subtasks: tuple[Subtask, ...]) -> tuple[Subtask, ...]:
    """Give the ends of a group's members, which are going to be written with its own, their numbers."""
    return tuple(
        replace(one, node_end=pool.nodes[one.node_name].tally.begin())
        if one.result is not None and one.node_name in pool.nodes
        else one
        for one in subtasks
    )


def confirm_end(pool: PoolState, job: str, task: str, status: TaskStatusPatch) -> None:
    """The write of a task's status is done: its Task says so now, even where it is gone already."""
    if status.state is not TaskState.COMPLETED:
        return
    if isinstance(status.node_end, int) and isinstance(status.node_name, str):
        code = status.exit_code if isinstance(status.exit_code, int) else None
        ended = Ended(job, task, TaskResult(str(status.result)), code)
        _confirm(pool, status.node_name, status.node_end, ended)
    for one in status.subtasks or ():
        if one.node_end and one.result is not None:
            _confirm(pool, one.node_name, one.node_end, Ended(job, task, one.result, one.exit_code, one.id))


def drop_end(pool: PoolState, status: TaskStatusPatch) -> None:
    """That write was not made, and will not be made again."""
    if isinstance(status.node_end, int) and isinstance(status.node_name, str):
        _drop(pool, status.node_name, status.node_end)
    for one in status.subtasks or ():
        _drop(pool, one.node_name, one.node_end)


def drop_unsent(pool: PoolState, mark: str) -> bool:
    """Forget a task's write (`job/task`) that failed: it is made, or void. False when there is none."""
    unsent = pool.unsent.pop(mark, None)
    if unsent is not None:
        drop_end(pool, unsent[0].status)
    return unsent is not None


def complete_tally(pool: PoolState, node: NodeRecord) -> None:
    """Ask all Tasks, once, for ends that the node's status does not tell of; for all nodes of the namespace in one go.

    An operator that starts anew does that once, whatever the number of nodes. A node that has never said anything is
    new: what ended on a former one of its name, of which nothing else is left, is not its own.
    """
    if node.tally.whole:
        return
    partial = _begin_new(pool)
    if not partial:
        return
    for sibling in pool.siblings.values():
        for job in sibling.jobs.values():
            for task in job.tasks.values():
                for name, number, ended in _ends_of(task):
                    if name in partial:
                        partial[name].end(number, ended)
    for tally in partial.values():
        tally.whole = True


def _begin_new(pool: PoolState) -> dict[str, NodeTally]:
    """Begin the tallies of new nodes of the namespace; those of the others that are not whole, by the node's name."""
    siblings, partial = pool.siblings.values(), {}
    for sibling in siblings:
        for name, node in sibling.nodes.items():
            if node.model is None or node.tally.whole:
                continue
            if node.model.status.state is None:
                node.tally.begin_after(max(other.latest_ends.get(name, 0) for other in siblings))
            else:
                partial[name] = node.tally
    return partial


def _ends_of(task: TaskRecord) -> Iterator[tuple[str, int, Ended]]:
    """The ends that a Task tells of: on which node, as which of its ends, and how it was."""
    if task.state is not TaskState.COMPLETED or not (task.node_end or task.subtasks):
        return
    if task.node_end and task.node_name is not None:
        yield (
            task.node_name,
            task.node_end,
            Ended(task.job.name, task.name, TaskResult(str(task.result)), task.exit_code),
        )
    for one in task.subtasks:
        if one.node_end and one.result is not None:
            result = TaskResult(one.result)
            yield one.node_name, one.node_end, Ended(task.job.name, task.name, result, one.exit_code, one.id)


def _confirm(own: PoolState, name: str, number: int, ended: Ended) -> None:
    pool, node = _place(own, name)
    if node is not None:
        _count(pool, node, number, ended)


def _drop(own: PoolState, name: str, number: int) -> None:
    _, node = _place(own, name)
    if node is not None:
        node.tally.drop(number)


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
