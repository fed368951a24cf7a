"""What kubelets say of Pods that they cannot begin with: which Pods to ask about, and whom the answer is told.

It is known while the operator lives; what a Task's own condition tells of it is read from there again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from millpond.api.reasons import TaskReason
from millpond.api.times import format_time
from millpond.api.views.pod import PodView
from millpond.control.attempt import Attempt
from millpond.control.node_record import NodeRecord
from millpond.control.pool_state import PoolKey
from millpond.control.records import TaskRecord
from millpond.control.task_patch import ConditionPatch
from millpond.control.world import World
from millpond.lifecycle.hindrance import is_hindered
from millpond.lifecycle.kubelet import awaits_sandbox

OVER = "What kept the task's Pod from starting is over."


def hindered_pods(world: World, now: float) -> Iterator[tuple[PoolKey, PodView]]:
    """The Pods of tasks that count and of nodes that their hosts should have begun with."""
    for space, namespace in world.namespaces.items():
        for pool in namespace.pools.values():
            tasks = (attempt.view for attempt in pool.attempts.values() if not attempt.settled)
            nodes = (node.pod for node in pool.nodes.values())
            for pod in (*tasks, *nodes):
                if pod is not None and is_hindered(pod, now):
                    yield PoolKey(space, pool.name), pod


def observe_hindrance(world: World, key: PoolKey, pod: PodView, text: str) -> Iterable[PoolKey]:
    """The kubelet says this of the Pod; the pools that this is news for."""
    pool, uid = world.pool(key), pod.metadata.uid
    attempt = pool.attempts.get(pod.metadata.name)
    if attempt is not None and attempt.uid == uid and attempt.hindrance != text:
        attempt.hindrance = text
        pool.mark("attempt", attempt.pod)
        return (key,)
    for node in pool.nodes.values():
        if node.pod is not None and node.pod.metadata.uid == uid and node.hindrance != (uid, text):
            node.hindrance = uid, text
            pool.mark("node", node.name)
            return (key,)
    return ()


def hindrance_of_node(node: NodeRecord) -> str:
    """Why the node's Pod has not been begun with, as far as that is known; "" where it has."""
    uid, text = node.hindrance
    return text if node.pod is not None and node.pod.metadata.uid == uid and awaits_sandbox(node.pod) else ""


def hindrance_of_task(task: TaskRecord, pods: Iterable[Attempt]) -> str:
    """Why one of the task's Pods has not been begun with, as far as that is known; "" where all have."""
    for pod in pods:
        if pod.view is not None and awaits_sandbox(pod.view) and (text := pod.hindrance or task.hindrance):
            return text
    return ""


def told(text: str, now: float) -> ConditionPatch:
    """A task's condition that says what keeps its Pod from starting, or that nothing does any more."""
    reason = TaskReason.POD_NOT_STARTING if text else TaskReason.RUNNING
    return ConditionPatch("Complete", "False", reason, text or OVER, format_time(now))


def remember_told(task: TaskRecord, conditions: Iterable[ConditionPatch]) -> None:
    """These conditions of the task are written."""
    for one in conditions:
        if one.type == "Complete":
            task.hindrance = one.message if one.reason == TaskReason.POD_NOT_STARTING else ""
