"""The Job: tasks with a pool, a priority and constraints. When it ends is judged in ``lifecycle``."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from millpond.api import naming
from millpond.api.autopool import AutoPool, SchedulingError
from millpond.api.conditions import Conditions
from millpond.api.environment import EnvironmentSettings
from millpond.api.jobmanager import TOO_LONG, JobManagerStatus, JobManagerTask
from millpond.api.jobtasks import JobPreparationTask, JobReleaseTask
from millpond.api.kind import AGE, Column, Kind, Resource
from millpond.api.reasons import JobState
from millpond.api.schema import (
    MAX_INT32,
    Count,
    Document,
    JsonMark,
    LabelName,
    RetryCount,
    Seconds,
    Text,
    Time,
    fits_a_label,
    immutable,
    one_way,
    rule,
    same,
    validations,
    was,
)


class DesiredState(StrEnum):
    """What a user wants of a job: that it goes on, that it pauses, or that it ends."""

    ACTIVE = "Active"
    DISABLED = "Disabled"
    TERMINATED = "Terminated"


class DisableTasks(StrEnum):
    """What a disable means for tasks that run: they run again later, they end for good, or the job waits for them."""

    REQUEUE = "Requeue"
    TERMINATE = "Terminate"
    WAIT = "Wait"


class OnAllTasksComplete(StrEnum):
    """What happens to a job when all its tasks are completed."""

    NO_ACTION = "NoAction"
    TERMINATE_JOB = "TerminateJob"


class OnTaskFailure(StrEnum):
    """What happens to a job when one of its tasks has failed for good."""

    NO_ACTION = "NoAction"
    PERFORM_EXIT_OPTIONS_JOB_ACTION = "PerformExitOptionsJobAction"


class JobConstraints(Document):
    """Limits of a job."""

    max_wall_clock_seconds: Seconds | None = Field(default=None, description="From creation; default: no limit")
    max_task_retry_count: Annotated[RetryCount, Field(description="For tasks that set none; -1: no limit")] = 0


class JobSpec(Document):
    """What a job shall be."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "has(self.poolName) != has(self.autoPool)",
                "a job runs on a pool that is there or on one that is made for it: give either poolName or autoPool",
                at=".poolName",
            ),
            rule(
                "!has(self.jobReleaseTask) || has(self.jobPreparationTask)",
                "jobReleaseTask runs where a jobPreparationTask has run: give one, /bin/true if there is nothing to do",
                at=".jobReleaseTask",
            ),
            rule(
                "!has(self.jobReleaseTask) || !has(self.jobPreparationTask) || "
                "self.jobPreparationTask.id.lowerAscii() != self.jobReleaseTask.id.lowerAscii()",
                "jobPreparationTask and jobReleaseTask have the same id: give them different ones",
                at=".jobReleaseTask.id",
            ),
        )
    )

    pool_name: Annotated[LabelName, Field(description="The pool its tasks run on; the job waits for it")] | None = None
    auto_pool: AutoPool | None = Field(default=None, description="A pool that is made for it, instead of poolName")
    display_name: Text | None = Field(default=None, description="A name for people; it need not be unique")
    priority: Annotated[int, Field(ge=-1000, le=1000, description="Higher goes first")] = 0
    allow_task_preemption: Annotated[
        bool, Field(description="Its running tasks may be stopped, and run again later, for jobs of higher priority")
    ] = False
    max_parallel_tasks: Annotated[
        int,
        Field(
            ge=-1,
            le=MAX_INT32,
            description="How many of its tasks may run at a time; -1: no limit",
            json_schema_extra=validations(
                rule("self != 0", "maxParallelTasks 0 would run nothing: use -1 for no limit, or 1 or more")
            ),
        ),
    ] = -1
    constraints: JobConstraints = JobConstraints()
    uses_task_dependencies: Annotated[bool, Field(description="Its tasks may depend on each other")] = False
    on_all_tasks_complete: OnAllTasksComplete = OnAllTasksComplete.NO_ACTION
    on_task_failure: Annotated[
        OnTaskFailure, Field(description="Whether the jobAction of a task's exitConditions is performed")
    ] = OnTaskFailure.NO_ACTION
    common_environment_settings: EnvironmentSettings = ()
    job_manager_task: JobManagerTask | None = Field(
        default=None, description="A task that is made with the job; none of its other tasks starts before it"
    )
    job_preparation_task: JobPreparationTask | None = None
    job_release_task: JobReleaseTask | None = None
    desired_state: DesiredState = DesiredState.ACTIVE
    disable_tasks: Annotated[
        DisableTasks, Field(description="What becomes of running tasks when desiredState is Disabled")
    ] = DisableTasks.REQUEUE
    enabled_at: Time | None = Field(
        default=None, description="A new time here lifts a disable that Millpond itself made; see status.disabledBy"
    )
    terminate_reason: Text | None = Field(default=None, description="Given with desiredState Terminated")
    force: Annotated[
        bool, Field(description="When it ends or is deleted: do not wait until nodes have stopped its tasks")
    ] = False


class JobTaskCounts(Document):
    """The job's tasks by state, at most seconds old; completed is the sum of succeeded and failed."""

    active: Count = 0
    running: Annotated[Count, Field(description="Preparing or Running")] = 0
    succeeded: Count = 0
    failed: Count = 0
    completed: Count = 0


class JobSlotCounts(JobTaskCounts):
    """The slots that these tasks require."""


class JobDisable(Document):
    """A disable that Millpond made by itself; it lasts until a user enables the job."""

    reason: Annotated[str, Field(max_length=64, description="What made it, in one word")]
    message: Text
    time: Time


class JobServed(Document):
    """What is done once for each time: the time that was served last."""

    enabled_at: Time | None = None
    task_end_time: Time | None = Field(default=None, description="The latest end of a task that disabled the job")


class JobStatus(Document):
    """What a job is."""

    conditions: Conditions = ()
    observed_generation: Annotated[int, Field(ge=0)] | None = None
    state: JobState | None = None
    pool_name: Annotated[str, Field(max_length=253, description="The pool in fact")] | None = None
    task_counts: JobTaskCounts = JobTaskCounts()
    task_slot_counts: JobSlotCounts = JobSlotCounts()
    start_time: Time | None = None
    end_time: Time | None = None
    scheduling_error: SchedulingError | None = Field(default=None, description="Why it ended without a pool")
    terminate_reason: Text | None = None
    terminate_time: Time | None = Field(default=None, description="When it began to end: later tasks never run")
    disabled_by: JobDisable | None = None
    served: JobServed = JobServed()
    job_manager_task: JobManagerStatus | None = None


_NEW_JOB = "create a new job with the new value"


_CHANGEABLE = {
    # field of the spec: whether it may be absent
    "displayName": True,
    "priority": False,
    "allowTaskPreemption": False,
    "maxParallelTasks": False,
    "constraints": False,
    "onAllTasksComplete": False,
    "desiredState": False,
    "disableTasks": False,
    "enabledAt": True,
    "terminateReason": True,
}
"""What may change while a job lasts, beside poolName, which has a rule of its own, and force, which is always free."""


def _over(state: JobState, code: str, message: str) -> JsonMark:
    """A rule that refuses changes of a job that has come to this state."""
    unchanged = " && ".join(same(f"spec.{field}", optional) for field, optional in _CHANGEABLE.items())
    return rule(
        f"!({was(state.value)}) || ({unchanged})", f"{code}: {message}", at=".spec", reason="FieldValueForbidden"
    )


class Job(Resource):
    """Tasks with a pool, a priority and constraints."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            fits_a_label("job"),
            rule(
                "!has(self.spec.jobManagerTask) || "
                "self.metadata.name.size() + 1 + self.spec.jobManagerTask.id.size() <= 63",
                TOO_LONG,
                at=".spec.jobManagerTask.id",
            ),
            rule(
                "!has(self.spec.autoPool) || self.spec.autoPool.lifetime == 'Job'",
                "lifetime JobSchedule is for the jobTemplate of a JobSchedule: use Job",
                at=".spec.autoPool.lifetime",
            ),
            _over(JobState.TERMINATING, "JobBeingTerminated", f"only force can be changed any more; {_NEW_JOB}"),
            _over(JobState.COMPLETED, "JobCompleted", f"the job has ended; {_NEW_JOB}"),
            _over(JobState.DELETING, "JobBeingDeleted", f"only force can be changed any more; {_NEW_JOB}"),
            rule(
                f"{same('spec.poolName', optional=True)} || ({was(JobState.DISABLED.value)})",
                "OperationInvalidForCurrentState: poolName can be changed only while the job is Disabled: "
                "set desiredState Disabled, wait for that state, and set desiredState Active afterwards",
                at=".spec.poolName",
                reason="FieldValueForbidden",
            ),
        )
    )

    KIND: ClassVar[Kind] = Kind(
        name="Job",
        plural="jobs",
        short_name="bjob",
        columns=(
            Column("State", ".status.state", description="Where it is in its life"),
            Column("Pool", ".status.poolName", description="The pool its tasks run on"),
            Column("Priority", ".spec.priority", "integer", "Higher goes first"),
            Column("Active", ".status.taskCounts.active", "integer", "Tasks that wait"),
            Column("Running", ".status.taskCounts.running", "integer", "Tasks that run"),
            Column("Succeeded", ".status.taskCounts.succeeded", "integer", "Tasks that succeeded"),
            Column("Failed", ".status.taskCounts.failed", "integer", "Tasks that failed"),
            AGE,
            Column("Ended", ".status.endTime", "date", "Time since its end", wide=True),
            Column("Reason", ".status.terminateReason", description="Why it ended", wide=True),
            Column("Max-Parallel", ".spec.maxParallelTasks", "integer", "Limit of running tasks", wide=True),
        ),
        selectable=(".spec.poolName", ".status.poolName", ".status.state"),
    )

    kind: Literal["Job"] = "Job"
    spec: Annotated[
        JobSpec,
        Field(
            json_schema_extra=validations(
                immutable("autoPool", _NEW_JOB, optional=True),
                immutable("commonEnvironmentSettings", _NEW_JOB, optional=True),
                immutable("jobManagerTask", _NEW_JOB, optional=True),
                immutable("jobPreparationTask", _NEW_JOB, optional=True),
                immutable("jobReleaseTask", _NEW_JOB, optional=True),
                immutable("usesTaskDependencies", _NEW_JOB),
                immutable("onTaskFailure", _NEW_JOB),
                one_way("onAllTasksComplete", "TerminateJob", "create a new job to keep one open"),
                one_way("desiredState", "Terminated", "create a new job to run the tasks again"),
            )
        ),
    ]
    status: JobStatus = JobStatus()

    @property
    def pool_name(self) -> str:
        """The pool its tasks run on: the one that it names, or its own."""
        auto = self.spec.auto_pool
        if auto is None:
            return self.spec.pool_name or ""
        return naming.auto_pool(auto.name_prefix or self.metadata.name, self.metadata.uid)
