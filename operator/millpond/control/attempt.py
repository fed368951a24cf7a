"""One Pod of a task, as it is remembered: where it is, what it holds, and whether it still counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millpond.api.views.pod import PodView
from millpond.scheduling.demand import Demand

if TYPE_CHECKING:
    from millpond.control.node_record import NodeRecord
    from millpond.control.pool_state import PoolState
    from millpond.control.records import JobRecord


class Attempt:
    """One Pod of a task. `holds` is true from its creation until its phase is terminal or it is gone."""

    __slots__ = (
        "assumed", "deleting", "demand", "displaced", "hindrance", "holds", "instance", "instances", "job", "key",
        "live", "manages", "node", "number", "pod", "pool", "preparation", "record", "released", "task", "task_uid",
        "uid", "version", "view",
    )  # fmt: skip

    def __init__(
        self,
        pool: PoolState,
        pod: str,
        number: int,
        job: JobRecord,
        task: str,
        task_uid: str,
        node: NodeRecord,
        demand: Demand,
    ) -> None:
        self.pool = pool
        self.pod = pod
        self.number = number
        self.job = job
        self.task = task
        self.node = node
        self.demand = demand
        self.instance = 0
        """Which instance of its group it is; 0 is the primary, which is the attempt that the task speaks of."""
        self.instances = 0
        """How many Pods the group has; 0: it is no multi-instance task."""
        self.preparation = ""
        """The Pod of the job's preparation task that it came after; "" where there was nothing to come."""
        self.task_uid = task_uid
        namesake = job.tasks.get(task)
        self.record = namesake if namesake is not None and namesake.uid == task_uid else None
        """The task that this is an attempt of; None while no such Task is known (a namesake does not count)."""
        self.key = self.record.key if self.record is not None else task
        """What its task's id makes of it, see `TaskRecord.key`; it outlives the Task."""
        self.uid = ""
        self.version = 0
        self.view: PodView | None = None
        self.assumed = True
        """Asked for, and not seen yet."""
        self.holds = False
        self.live = False
        """It is among its job's live ones: it holds slots, or is not counted yet."""
        self.manages = False
        """It is an attempt of a job's manager."""
        self.deleting = False
        self.displaced = ""
        """The job to a task of which it is to give way: marked so on its Pod, then stopped."""
        self.released = False
        self.hindrance = ""
        """What the kubelet says of the Pod while it cannot begin with it."""

    @property
    def settled(self) -> bool:
        """True when nothing that this attempt does can count any more.

        It is counted, a later one has begun, or its task is to go with its job.
        """
        task = self.record
        if task is None or self.number <= task.settled or self.job.deleting:
            return True
        return task.live is not self and task.live is not None and self.number < task.live.number
