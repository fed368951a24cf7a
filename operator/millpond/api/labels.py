"""The names Millpond writes on objects: labels, annotations, finalizers, taints. Values are made in ``naming``."""

from enum import StrEnum

from millpond.api.kind import GROUP

POOL = f"{GROUP}/pool"
JOB = f"{GROUP}/job"
TASK = f"{GROUP}/task"
ATTEMPT = f"{GROUP}/attempt"
# On Pods of tasks whose id is not their Task's name: the id, as far as a label can hold it.
TASK_ID = f"{GROUP}/task-id"
NODE = f"{GROUP}/node"
ROLE = f"{GROUP}/role"
SLOTS = f"{GROUP}/slots"
# On Pods of tasks that have their node for themselves.
EXCLUSIVE = f"{GROUP}/exclusive"
SCHEDULE = f"{GROUP}/schedule"
# On Tasks that were made with the Job of a schedule: of which generation of the schedule they are.
TEMPLATE = f"{GROUP}/template-generation"
# On node Pods that were made with a start task; on task Pods whose outcome is counted, so that a sweep finds them.
START_TASK = f"{GROUP}/start-task"
COUNTED = f"{GROUP}/counted"
# On node Pods: what of the pool they were made with, see `upgrade.version_of`.
NODE_VERSION = f"{GROUP}/version"
# On Pods that mount volumes or Secrets which users have named.
MOUNTS = f"{GROUP}/mounts"
# On task Pods that give way to tasks that go first, before they are stopped: the job of those.
DISPLACED = f"{GROUP}/displaced"
# On Pods of tasks that were started before their job's preparation task had ended on the node: that task's Pod.
PREPARATION = f"{GROUP}/preparation"

MANAGED_BY = "app.kubernetes.io/managed-by"
PART_OF = "app.kubernetes.io/part-of"
COMPONENT = "app.kubernetes.io/component"
APP_NAME = "app.kubernetes.io/name"
OPERATOR = "millpond"

# The host keeps one label and one taint while it belongs to a pool; both values are `naming.host_claim`.
HOST_LABEL = POOL
HOST_TAINT = POOL

# On hosts that are only simulated: the claim of the pool for which they were made.
SIMULATED_FOR = f"{GROUP}/simulated-for"

# The full values of names that were too long for a label or a Pod's name.
POOL_NAME_ANNOTATION = f"{GROUP}/pool-name"
JOB_NAME_ANNOTATION = f"{GROUP}/job-name"
TASK_NAME_ANNOTATION = f"{GROUP}/task-name"

# On a node's Pod: which directories of tasks are to be erased on its host, as `agent.workitems.order_for` says them.
ERASE_ANNOTATION = f"{GROUP}/erase"
# On Jobs of schedules: the due time for which they were made.
DUE_TIME_ANNOTATION = f"{GROUP}/due-time"

EVIDENCE_FINALIZER = f"{GROUP}/evidence"
POOL_FINALIZER = f"{GROUP}/pool"
JOB_FINALIZER = f"{GROUP}/job"
SCHEDULE_FINALIZER = f"{GROUP}/schedule"
NODE_FINALIZER = f"{GROUP}/node"

FIELD_MANAGER = "millpond"


class Role(StrEnum):
    """What a Pod made by the operator is for."""

    NODE = "node"
    TASK = "task"
    MANAGER = "manager"
    ERASER = "eraser"
    PREPARATION = "prep"
    RELEASE = "release"


TASK_ROLES = (Role.TASK, Role.MANAGER)
"""Pods that are attempts of tasks."""
