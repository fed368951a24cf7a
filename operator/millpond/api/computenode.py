"""The ComputeNode: one node of a pool, made by the operator and read by users."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from millpond.api.conditions import Conditions
from millpond.api.failure import NodeError
from millpond.api.jobtasks import NodeJob
from millpond.api.kind import AGE, Column, Kind, Resource
from millpond.api.multiinstance import MOST_INSTANCES
from millpond.api.nodetemplate import NodeClass, StorageType
from millpond.api.pool import NodeDeallocationOption, SlotCounts
from millpond.api.reasons import NodeState, TaskResult
from millpond.api.resources import Quantities
from millpond.api.schema import ATOMIC, Count, Document, ExitCode, LabelName, Time, immutable, keyed_by, validations
from millpond.api.starttask import CommandStatus

MOST_JOBS = 64
MOST_RECENT = 10


class DisableSchedulingOption(StrEnum):
    """What becomes of the tasks of a node that is to take no more."""

    REQUEUE = "Requeue"
    TERMINATE = "Terminate"
    TASK_COMPLETION = "TaskCompletion"


class NodeOperation(StrEnum):
    """What a node is emptied for."""

    REMOVE = "Remove"
    DISABLE_SCHEDULING = "DisableScheduling"
    REBOOT = "Reboot"
    REIMAGE = "Reimage"
    UPGRADE = "Upgrade"


class Draining(Document):
    """A node that is being emptied: no task is placed on it any more."""

    operation: NodeOperation
    option: Annotated[NodeDeallocationOption, Field(description="What becomes of its tasks")]
    since: Annotated[Time, Field(description="When it was chosen")]


class ComputeNodeSpec(Document):
    """Which pool the node belongs to, and what users want of the node."""

    pool_name: Annotated[LabelName, Field(description="The pool it belongs to")]
    node_class: NodeClass = NodeClass.DEDICATED
    storage_type: Annotated[
        StorageType, Field(description="Where its directory lies: on its host, or on a claim of its own name")
    ] = StorageType.HOST_PATH
    schedulable: Annotated[
        bool, Field(description="Whether it takes tasks; when not it is Offline once none runs on it")
    ] = True
    disable_scheduling_option: Annotated[
        DisableSchedulingOption,
        Field(
            description="What becomes of tasks that run there when schedulable becomes false: they run again "
            "elsewhere, are ended for good, or run to their end. A change counts when it becomes false the next time"
        ),
    ] = DisableSchedulingOption.REQUEUE
    removed_at: Annotated[
        Time | None,
        Field(description="Removes this very node for good, and lowers the pool's target in force by one"),
    ] = None
    removal_option: Annotated[
        NodeDeallocationOption, Field(description="What becomes of its tasks when it is removed")
    ] = NodeDeallocationOption.REQUEUE
    restarted_at: (
        Annotated[
            Time,
            Field(description="Reboot it, once for each time given: its Pod is replaced on its host, files are kept"),
        ]
        | None
    ) = None
    reboot_option: Annotated[
        NodeDeallocationOption, Field(description="What becomes of tasks that run there when it is to be rebooted")
    ] = NodeDeallocationOption.REQUEUE
    reimaged_at: (
        Annotated[
            Time, Field(description="Reimage it, once for each time given: as a reboot, with its directory erased")
        ]
        | None
    ) = None
    reimage_option: Annotated[
        NodeDeallocationOption, Field(description="What becomes of tasks that run there when it is to be reimaged")
    ] = NodeDeallocationOption.REQUEUE


class NodeServed(Document):
    """What is done once for each time: the time that was served last. A reimage serves a reboot too."""

    restarted_at: Time | None = None
    reimaged_at: Time | None = None


class RecentTask(Document):
    """A task that ended on the node: its last attempt there."""

    job_name: LabelName
    task_name: LabelName
    subtask_id: (
        Annotated[
            int,
            Field(ge=1, le=MOST_INSTANCES, description="Which instance of a multi-instance task, but its primary"),
        ]
        | None
    ) = None
    result: TaskResult
    exit_code: ExitCode | None = None


class NodeTotals(Document):
    """What the node has done since it joined the pool; start tasks do not count."""

    tasks_run: Count = 0
    tasks_succeeded: Count = 0
    counted_through: Annotated[
        Count, Field(description="Up to which end they count: status.nodeEnd of the task counted last")
    ] = 0


class ComputeNodeStatus(Document):
    """How the node is."""

    conditions: Conditions = ()
    observed_generation: Annotated[int, Field(ge=0)] | None = None
    state: NodeState | None = None
    host_name: Annotated[str, Field(max_length=253, description="The Kubernetes node it runs on")] | None = None
    pod_name: Annotated[str, Field(max_length=253)] | None = None
    ip_address: Annotated[str, Field(max_length=45)] | None = None
    slots: SlotCounts = SlotCounts()
    resources: Quantities = Field(default_factory=dict, description="What it offers its tasks in all")
    draining: Draining | None = None
    served: NodeServed | None = None
    outdated: Annotated[
        bool, Field(description="The pool's start task, node template or accounts were changed since it started")
    ] = False
    start_task: CommandStatus | None = None
    jobs: Annotated[
        tuple[NodeJob, ...],
        Field(
            max_length=MOST_JOBS,
            json_schema_extra=keyed_by("jobName"),
            description="The jobs with a preparation task that it has seen last",
        ),
    ] = ()
    totals: NodeTotals = NodeTotals()
    recent_tasks: Annotated[
        tuple[RecentTask, ...],
        Field(max_length=MOST_RECENT, json_schema_extra=ATOMIC, description="Those that ended last, newest first"),
    ] = ()
    errors: Annotated[tuple[NodeError, ...], Field(max_length=16, json_schema_extra=ATOMIC)] = ()
    allocation_time: Annotated[Time, Field(description="When it joined the pool")] | None = None
    last_boot_time: Annotated[Time, Field(description="When its Pod last started")] | None = None


class ComputeNode(Resource):
    """One node of a pool."""

    KIND: ClassVar[Kind] = Kind(
        name="ComputeNode",
        plural="computenodes",
        short_name="bnode",
        columns=(
            Column("Pool", ".spec.poolName", description="The pool it belongs to"),
            Column("Class", ".spec.nodeClass", description="Whether it is kept or may be taken away"),
            Column("State", ".status.state", description="What it is doing"),
            Column("Slots", ".status.slots.total", "integer", "Its task slots"),
            Column("Used", ".status.slots.used", "integer", "Task slots that tasks hold"),
            Column("Tasks", ".status.totals.tasksRun", "integer", "Tasks it has run"),
            Column("Host", ".status.hostName", description="The Kubernetes node it runs on"),
            Column("Start-Task", ".status.startTask.result", description="How the start task ended"),
            AGE,
            Column("IP", ".status.ipAddress", description="Its address", wide=True),
            Column("CPU", ".status.resources.cpu", description="CPU it offers its tasks", wide=True),
            Column("Memory", ".status.resources.memory", description="Memory it offers its tasks", wide=True),
            Column("Succeeded", ".status.totals.tasksSucceeded", "integer", "Tasks that succeeded", wide=True),
            Column(
                "Ready",
                '.status.conditions[?(@.type=="Ready")].reason',
                description="Why it takes tasks or not",
                wide=True,
            ),
            Column(
                "Outdated", ".status.outdated", "boolean", "Whether the pool was changed since it started", wide=True
            ),
            Column("Error", ".status.errors[0].code", description="Why it is unusable", wide=True),
        ),
        selectable=(".spec.poolName", ".status.state"),
    )

    kind: Literal["ComputeNode"] = "ComputeNode"
    spec: Annotated[
        ComputeNodeSpec,
        Field(
            json_schema_extra=validations(
                immutable("poolName", "nodes are made by the pool; change the pool instead"),
                immutable("nodeClass", "nodes are made by the pool; change the pool's targets instead"),
                immutable("storageType", "nodes are made by the pool, with the storage that it has then"),
            )
        ),
    ]
    status: ComputeNodeStatus = ComputeNodeStatus()
