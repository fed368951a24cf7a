"""The Pool: a set of equal compute nodes with a size. What its fields make happen is judged in ``lifecycle``."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from millpond.api.autoscale import AutoScale, AutoScaleHistory, AutoScaleRun
from millpond.api.conditions import Conditions
from millpond.api.failure import ResizeError
from millpond.api.kind import AGE, Column, Kind, Resource, Scale
from millpond.api.mounts import CertificateReferences
from millpond.api.network import NetworkConfiguration
from millpond.api.nodetemplate import LowPriorityNodeTemplate, NodeClass, NodeTemplate
from millpond.api.provider import Provider
from millpond.api.reasons import AllocationState, PoolState
from millpond.api.resize import PoolResize
from millpond.api.schema import (
    ATOMIC,
    MAX_INT32,
    Count,
    Document,
    Slots,
    Text,
    Time,
    fits_a_label,
    rule,
    validations,
)
from millpond.api.starttask import StartTask
from millpond.api.users import UserAccounts


class NodeDeallocationOption(StrEnum):
    """What becomes of the tasks of a node that is emptied."""

    REQUEUE = "Requeue"
    TERMINATE = "Terminate"
    TASK_COMPLETION = "TaskCompletion"
    RETAINED_DATA = "RetainedData"


class UpgradeMode(StrEnum):
    """When a changed Pool reaches the nodes that it has."""

    MANUAL = "Manual"
    AUTOMATIC = "Automatic"


class NodeFillType(StrEnum):
    """How tasks are laid on nodes: evenly, or one node full before the next."""

    SPREAD = "Spread"
    PACK = "Pack"


class JobDefaultOrder(StrEnum):
    """Which of two jobs of equal priority goes first: neither, or the older."""

    NONE = "None"
    CREATION_TIME = "CreationTime"


class TaskSchedulingPolicy(Document):
    """How the pool's tasks are ordered and laid on its nodes."""

    node_fill_type: NodeFillType = NodeFillType.SPREAD
    job_default_order: JobDefaultOrder = JobDefaultOrder.NONE


class UpgradePolicy(Document):
    """How a changed start task, node template or user account reaches nodes that are there."""

    mode: Annotated[
        UpgradeMode,
        Field(description="When users restart nodes, or of itself: a few at a time, free ones first, requeueing tasks"),
    ] = UpgradeMode.MANUAL


ON_CLAIMS = "self.nodeTemplate.storage.type == 'PersistentVolumeClaim'"
MAX_NODES = 10_000
"""Nodes of a pool."""


class PoolSpec(Document):
    """What a pool shall be."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "!has(self.autoScale) || !has(self.targetDedicatedNodes)",
                "the formula in autoScale sets the number of nodes: drop targetDedicatedNodes, "
                "or remove autoScale to size the pool by hand",
                at=".targetDedicatedNodes",
            ),
            rule(
                "!has(self.autoScale) || !has(self.targetLowPriorityNodes)",
                "the formula in autoScale sets the number of nodes: drop targetLowPriorityNodes, "
                "or remove autoScale to size the pool by hand",
                at=".targetLowPriorityNodes",
            ),
            rule(
                "self.provider.type != 'ScaleSubresource' || !has(self.targetLowPriorityNodes) "
                "|| self.targetLowPriorityNodes == 0",
                "provider ScaleSubresource makes dedicated hosts only: drop targetLowPriorityNodes, "
                "or use provider Scheduler",
                at=".targetLowPriorityNodes",
            ),
            rule(
                f"!({ON_CLAIMS}) || !has(self.userAccounts) || self.userAccounts.size() == 0",
                "nodes on claims have one user for all: drop userAccounts, or use storage of type HostPath",
                at=".userAccounts",
            ),
            rule(
                f"!({ON_CLAIMS}) || !has(self.startTask) || !has(self.startTask.userIdentity) "
                "|| (has(self.startTask.userIdentity.autoUser) && self.startTask.userIdentity.autoUser.scope == 'Pool' "
                "&& self.startTask.userIdentity.autoUser.elevationLevel == 'NonAdmin')",
                "nodes on claims have one user for all: drop userIdentity, or use storage of type HostPath",
                at=".startTask.userIdentity",
            ),
        )
    )

    display_name: Text | None = Field(default=None, description="A name for people; it need not be unique")
    target_dedicated_nodes: (
        Annotated[
            int,
            Field(
                ge=0,
                le=MAX_NODES,
                description="How many dedicated nodes the pool wants; default: as many as before, and none at first",
            ),
        ]
        | None
    ) = None
    target_low_priority_nodes: (
        Annotated[
            int,
            Field(
                ge=0,
                le=MAX_NODES,
                description="How many nodes it wants that may be taken away; default: as many as before, "
                "and none at first",
            ),
        ]
        | None
    ) = None
    auto_scale: AutoScale | None = Field(default=None, description="A formula that sets the targets instead")
    resize_timeout_seconds: Annotated[
        int, Field(ge=300, le=MAX_INT32, description="After so long without the hosts it wants a pool says so")
    ] = 900
    resized_at: Annotated[
        Time | None,
        Field(description="A new time begins a new resize to the target as it is: removals and stops are forgotten"),
    ] = None
    resize_stopped_at: Annotated[
        Time | None,
        Field(description="A new time stops the resize under way: the pool keeps the nodes that have hosts"),
    ] = None
    node_deallocation_option: Annotated[
        NodeDeallocationOption,
        Field(
            description="What becomes of tasks on nodes that leave when the pool shrinks: they run again elsewhere, "
            "are ended for good, or run to their end first. A node keeps the option it was chosen with"
        ),
    ] = NodeDeallocationOption.REQUEUE
    task_slots_per_node: Annotated[
        Slots,
        Field(
            description="How many tasks of one slot each node runs at a time",
            json_schema_extra=validations(
                rule(
                    "self == oldSelf",
                    "taskSlotsPerNode cannot be changed: delete the pool and create it again with the new value",
                    reason="FieldValueForbidden",
                )
            ),
        ),
    ] = 1
    task_scheduling_policy: TaskSchedulingPolicy = TaskSchedulingPolicy()
    enable_inter_node_communication: Annotated[
        bool, Field(description="Whether the pool's own Pods may reach each other, on any port")
    ] = False
    network_configuration: NetworkConfiguration = NetworkConfiguration()
    node_template: NodeTemplate
    low_priority_node_template: LowPriorityNodeTemplate = LowPriorityNodeTemplate()
    provider: Annotated[
        Provider,
        Field(
            json_schema_extra=validations(
                rule(
                    "self == oldSelf",
                    "provider cannot be changed: delete the pool and create it again with the new one",
                    reason="FieldValueForbidden",
                )
            )
        ),
    ] = Provider()
    upgrade_policy: UpgradePolicy = UpgradePolicy()
    start_task: StartTask | None = None
    user_accounts: UserAccounts = ()
    certificate_references: CertificateReferences = ()

    def target_of(self, node_class: NodeClass) -> int | None:
        """The target of that class, as far as it is given here."""
        return self.target_dedicated_nodes if node_class is NodeClass.DEDICATED else self.target_low_priority_nodes

    def template_of(self, node_class: NodeClass) -> NodeTemplate:
        """What nodes of that class are made from."""
        if node_class is NodeClass.DEDICATED:
            return self.node_template
        own = self.low_priority_node_template
        fields = {"host_selector": own.host_selector, "tolerations": own.tolerations, "resources": own.resources}
        return self.node_template.model_copy(update={name: one for name, one in fields.items() if one is not None})


class NodeCounts(Document):
    """How many nodes are in which state."""

    creating: Count = 0
    starting: Count = 0
    waiting_for_start_task: Count = 0
    start_task_failed: Count = 0
    idle: Count = 0
    running: Count = 0
    offline: Count = 0
    rebooting: Count = 0
    reimaging: Count = 0
    upgrading_os: Count = 0
    leaving_pool: Count = 0
    unknown: Count = 0
    unusable: Count = 0
    preempted: Count = 0


class NodeCountsByClass(Document):
    """Node counts of each node class."""

    dedicated: NodeCounts = NodeCounts()
    low_priority: NodeCounts = NodeCounts()


class PoolTaskCounts(Document):
    """The unfinished tasks of the pool's jobs, at most seconds old."""

    active: Count = 0
    running: Annotated[Count, Field(description="Preparing or Running")] = 0


class SlotCounts(Document):
    """Task slots: how many there are on nodes that can run tasks, and how many tasks hold."""

    total: Count = 0
    used: Count = 0


class PoolStatus(Document):
    """What a pool is."""

    conditions: Conditions = ()
    observed_generation: Annotated[int, Field(ge=0)] | None = None
    state: PoolState | None = None
    allocation_state: AllocationState | None = None
    allocation_state_transition_time: Annotated[Time, Field(description="Since when")] | None = None
    current_dedicated_nodes: Count = 0
    current_low_priority_nodes: Annotated[Count, Field(description="Those that were pre-empted included")] = 0
    target_dedicated_nodes: Annotated[Count, Field(description="The target in force, whoever set it")] = 0
    target_low_priority_nodes: Annotated[Count, Field(description="That of low-priority nodes")] = 0
    resize: Annotated[PoolResize | None, Field(description="That of dedicated nodes")] = None
    low_priority_resize: Annotated[PoolResize | None, Field(description="That of low-priority nodes")] = None
    node_deallocation_option: NodeDeallocationOption | None = Field(
        default=None, description="What the formula has become of tasks on nodes that leave"
    )
    auto_scale_run: AutoScaleRun | None = Field(default=None, description="The last evaluation of the formula")
    auto_scale_history: AutoScaleHistory = ()
    node_counts: NodeCountsByClass = NodeCountsByClass()
    task_counts: PoolTaskCounts = PoolTaskCounts()
    task_slot_counts: SlotCounts = SlotCounts()
    resize_errors: Annotated[tuple[ResizeError, ...], Field(max_length=16, json_schema_extra=ATOMIC)] = ()
    selector: (
        Annotated[str, Field(max_length=1024, description="Selects the node Pods, for the scale subresource")] | None
    ) = None


class Pool(Resource):
    """A set of equal compute nodes."""

    model_config = ConfigDict(json_schema_extra=validations(fits_a_label("pool")))

    KIND: ClassVar[Kind] = Kind(
        name="Pool",
        plural="pools",
        short_name="bpool",
        columns=(
            Column("State", ".status.state", description="Active or Deleting"),
            Column("Allocation", ".status.allocationState", description="Whether the pool has the nodes it wants"),
            Column("Dedicated", ".status.currentDedicatedNodes", "integer", "Dedicated nodes in the pool"),
            Column("Target", ".status.targetDedicatedNodes", "integer", "Dedicated nodes wanted"),
            Column("Low-Priority", ".status.currentLowPriorityNodes", "integer", "Low-priority nodes in the pool"),
            Column("Slots", ".status.taskSlotCounts.total", "integer", "Task slots on nodes that can run tasks"),
            Column("Used", ".status.taskSlotCounts.used", "integer", "Task slots that tasks hold"),
            Column("Active", ".status.taskCounts.active", "integer", "Tasks that wait"),
            Column("Running", ".status.taskCounts.running", "integer", "Tasks that run"),
            AGE,
            Column("Idle", ".status.nodeCounts.dedicated.idle", "integer", "Dedicated nodes without a task", wide=True),
            Column(
                "Low-Priority-Target",
                ".status.targetLowPriorityNodes",
                "integer",
                "Low-priority nodes wanted",
                wide=True,
            ),
            Column("Preempted", ".status.nodeCounts.lowPriority.preempted", "integer", "Nodes taken away", wide=True),
            Column(
                "Ready",
                '.status.conditions[?(@.type=="Ready")].reason',
                description="Why it is ready or not",
                wide=True,
            ),
            Column(
                "AutoScale",
                '.status.conditions[?(@.type=="AutoscaleSucceeded")].reason',
                description="How the last evaluation of the formula ended",
                wide=True,
            ),
            Column("Image", ".spec.nodeTemplate.image", description="What tasks run in by default", wide=True),
        ),
        scale=Scale(".spec.targetDedicatedNodes", ".status.currentDedicatedNodes", ".status.selector"),
    )

    kind: Literal["Pool"] = "Pool"
    spec: PoolSpec
    status: PoolStatus = PoolStatus()
