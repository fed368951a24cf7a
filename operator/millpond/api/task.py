"""The Task: one command on one node. Where it runs and what becomes of it is judged elsewhere."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from millpond.api.applications import ApplicationPackageReferences
from millpond.api.conditions import Conditions
from millpond.api.containers import ContainerSettings
from millpond.api.dependencies import TaskDependencies
from millpond.api.environment import EnvironmentSettings
from millpond.api.exit_conditions import ExitConditions
from millpond.api.failure import Failure
from millpond.api.kind import AGE, Column, Kind, Resource
from millpond.api.multiinstance import MultiInstanceSettings, Subtasks
from millpond.api.outputfile import OutputFiles
from millpond.api.reasons import TaskResult, TaskState
from millpond.api.resourcefile import ResourceFiles
from millpond.api.resources import ResourceRequirements
from millpond.api.schema import (
    ATOMIC,
    CommandLine,
    Count,
    Document,
    ExitCode,
    LabelName,
    Name,
    Retention,
    RetryCount,
    Seconds,
    Slots,
    TaskId,
    Text,
    Time,
    fits_a_label,
    immutable,
    rule,
    same,
    validations,
    was,
)
from millpond.api.users import UserIdentity


class TaskDesiredState(StrEnum):
    """What a user wants of a task: that it goes on, or that it ends."""

    ACTIVE = "Active"
    TERMINATED = "Terminated"


class TaskConstraints(Document):
    """Limits of a task, the only part of it that can be changed."""

    max_wall_clock_seconds: Seconds | None = Field(default=None, description="For each attempt; default: no limit")
    max_task_retry_count: RetryCount | None = Field(
        default=None, description="Retries after the first try; default: the job's; -1: no limit"
    )
    retention_seconds: Retention | None = None


class Affinity(Document):
    """Where a task would best run: a hint, never waited for."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "has(self.nodeName) != has(self.taskName)",
                "an affinity is either nodeName or taskName: give exactly one of them",
            )
        )
    )

    node_name: Name | None = Field(default=None, description="A compute node of the pool")
    task_name: LabelName | None = Field(
        default=None,
        description="A task of the same job (in a job template: of the template): the node where it last ran",
    )


class Access(StrEnum):
    """What a task's token gives access to."""

    JOB = "Job"


class AuthenticationTokenSettings(Document):
    """A token for the API server, in a file that `AZ_BATCH_AUTHENTICATION_TOKEN_FILE` names."""

    access: Annotated[
        tuple[Access, ...],
        Field(
            min_length=1,
            max_length=1,
            description="Job: read the Tasks of the namespace, and add Tasks to its own job",
            json_schema_extra=ATOMIC,
        ),
    ]


DOES_SOMETHING = rule(
    "has(self.commandLine)",
    "commandLine is missing: give one; what an image starts by itself is not known here, so write its entry point out",
    at=".commandLine",
    reason="FieldValueRequired",
)


class TaskWork(Document):
    """What a task does, be it a job's manager or another one."""

    model_config = ConfigDict(json_schema_extra=validations(DOES_SOMETHING))

    id: TaskId | None = Field(
        default=None, description="Unique in its job whatever the case of letters; default: the name"
    )
    display_name: Text | None = Field(default=None, description="A name for people; it need not be unique")
    command_line: CommandLine | None = Field(default=None, description="Split as a POSIX shell would, run by no shell")
    container_settings: ContainerSettings | None = None
    resource_files: ResourceFiles = ()
    output_files: OutputFiles = ()
    application_package_references: Annotated[
        ApplicationPackageReferences,
        Field(description="Applications installed on its node before it starts; tasks share an installation"),
    ] = ()
    environment_settings: EnvironmentSettings = ()
    user_identity: Annotated[UserIdentity, Field(description="Default: the pool's NonAdmin auto user")] | None = None
    required_slots: Annotated[Slots, Field(description="Task slots it takes on its node")] = 1
    resources: Annotated[ResourceRequirements, Field(description="Default: the node's share per slot")] = (
        ResourceRequirements()
    )
    constraints: TaskConstraints = TaskConstraints()
    authentication_token_settings: AuthenticationTokenSettings | None = Field(
        default=None, description="Only where the cluster's operator gives tokens to tasks"
    )


class TaskTemplateSpec(TaskWork):
    """What a task shall be, whichever job it belongs to."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            DOES_SOMETHING,
            rule(
                "!has(self.multiInstanceSettings) || self.requiredSlots == 1",
                "a multi-instance task takes one slot on each of its nodes: leave out requiredSlots",
                at=".requiredSlots",
            ),
        )
    )

    affinity: Affinity | None = Field(
        default=None, description="The node to try first; where it cannot take the task now, another one does"
    )
    depends_on: TaskDependencies | None = Field(
        default=None, description="Tasks to wait for; only where the job uses task dependencies"
    )
    exit_conditions: ExitConditions | None = Field(default=None, description="What follows from how it ends")
    multi_instance_settings: MultiInstanceSettings | None = Field(
        default=None, description="For a task that runs on several nodes at once, such as an MPI program"
    )
    desired_state: TaskDesiredState = TaskDesiredState.ACTIVE


class TaskSpec(TaskTemplateSpec):
    """What a task shall be."""

    job_name: Annotated[LabelName, Field(description="The job it belongs to")]
    reactivated_at: Time | None = Field(
        default=None, description="A new time here runs a failed task again, as if it had never been tried"
    )


class TaskServed(Document):
    """The operations that a time asks for: the time that was served last, whether it could be done or not."""

    reactivated_at: Time | None = None


class TaskStatus(Document):
    """What a task is."""

    conditions: Conditions = ()
    observed_generation: Annotated[int, Field(ge=0)] | None = None
    state: TaskState | None = None
    attempt: Annotated[Count, Field(description="The attempt under way or the last one, counted from 1")] = 0
    node_name: Annotated[str, Field(max_length=253)] | None = None
    node_end: Annotated[
        Count, Field(description="The number of its end among those on its node; the node's totals count by it")
    ] = 0
    pod_name: Annotated[str, Field(max_length=253)] | None = None
    start_time: Time | None = None
    end_time: Time | None = None
    exit_code: ExitCode | None = None
    result: TaskResult | None = None
    failure: Failure | None = None
    retry_count: Annotated[Count, Field(description="Attempts after a failure, charged to the task")] = 0
    requeue_count: Annotated[Count, Field(description="Attempts after an interruption, not charged")] = 0
    last_retry_time: Time | None = None
    directory: Annotated[str, Field(max_length=1024, description="Below the node directory")] | None = None
    subtasks: Subtasks = ()
    served: TaskServed = TaskServed()


_NEW_TASK = "delete the task and create it again, or create another one"


_SAME_TIME = same("spec.reactivatedAt", optional=True)


class Task(Resource):
    """One command on one node."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            fits_a_label("task"),
            rule(
                f"!({was(TaskState.COMPLETED.value)}) || !({_SAME_TIME}) || "
                f"({same('spec.constraints', optional=True)} && {same('spec.desiredState')})",
                "TaskCompleted: the task has ended; set reactivatedAt too, to run it again where it failed",
                at=".spec",
                reason="FieldValueForbidden",
            ),
        )
    )

    KIND: ClassVar[Kind] = Kind(
        name="Task",
        plural="tasks",
        short_name="btask",
        columns=(
            Column("Job", ".spec.jobName", description="The job it belongs to"),
            Column("State", ".status.state", description="Where it is in its life"),
            Column("Result", ".status.result", description="How it ended"),
            Column("Exit", ".status.exitCode", "integer", "Exit code of the command"),
            Column("Node", ".status.nodeName", description="The compute node it runs or ran on"),
            Column("Retries", ".status.retryCount", "integer", "Attempts after a failure"),
            AGE,
            Column("ID", ".spec.id", description="Its id where that is not its name", wide=True),
            Column("Requeues", ".status.requeueCount", "integer", "Attempts after an interruption", wide=True),
            Column("Failure", ".status.failure.code", description="Why it failed", wide=True),
            Column(
                "Waits-For", '.status.conditions[?(@.type=="Scheduled")].reason', description="Why it waits", wide=True
            ),
            Column("Pod", ".status.podName", description="The Pod of the last attempt", wide=True),
            Column("Command", ".spec.commandLine", description="What it runs", wide=True),
        ),
        selectable=(".spec.jobName", ".status.state", ".status.nodeName"),
    )

    kind: Literal["Task"] = "Task"
    spec: Annotated[
        TaskSpec,
        Field(
            json_schema_extra=validations(
                immutable("jobName", _NEW_TASK),
                *(
                    immutable(field, _NEW_TASK, optional=True)
                    for field in (
                        "id",
                        "displayName",
                        "commandLine",
                        "containerSettings",
                        "resourceFiles",
                        "outputFiles",
                        "applicationPackageReferences",
                        "environmentSettings",
                        "userIdentity",
                        "authenticationTokenSettings",
                        "resources",
                        "affinity",
                        "dependsOn",
                        "exitConditions",
                        "multiInstanceSettings",
                    )
                ),
                immutable("requiredSlots", _NEW_TASK),
                rule(
                    "oldSelf.desiredState != 'Terminated' || self.desiredState == 'Terminated' || "
                    f"!({same('reactivatedAt', optional=True)})",
                    "desiredState Terminated can be taken back only by setting reactivatedAt to a new time with it",
                    at=".desiredState",
                    reason="FieldValueForbidden",
                ),
                rule(
                    f"{same('reactivatedAt', optional=True)} || self.desiredState == 'Active'",
                    "reactivatedAt runs the task again: set desiredState Active with it",
                    at=".reactivatedAt",
                ),
            )
        ),
    ]
    status: TaskStatus = TaskStatus()

    @property
    def id(self) -> str:
        """The id in its job: the one given, or the name."""
        return self.spec.id or self.metadata.name
