"""The JobSchedule: when to make which Job, and the Tasks that come with it."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from millpond.api.conditions import Conditions
from millpond.api.job import JobSpec
from millpond.api.jobmanager import TOO_LONG
from millpond.api.kind import AGE, Column, Kind, Resource
from millpond.api.reasons import JobScheduleState
from millpond.api.schema import (
    ATOMIC,
    DNS_LABEL,
    MAX_INT32,
    TEMPLATE,
    Annotations,
    Count,
    Document,
    JsonMark,
    Labels,
    Text,
    Time,
    one_way,
    rule,
    said,
    same,
    validations,
    was,
)
from millpond.api.task import TaskTemplateSpec

AtLeastAMinute = Annotated[int, Field(ge=60, le=MAX_INT32)]


class ScheduleDesiredState(StrEnum):
    """What a user wants of a schedule: that it makes jobs, that it pauses, or that it ends."""

    ACTIVE = "Active"
    DISABLED = "Disabled"
    TERMINATED = "Terminated"


class Schedule(Document):
    """When jobs are due: one at once, unless a time, an interval or a cron expression is given. All times are UTC."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "!has(self.doNotRunUntil) || !has(self.doNotRunAfter) || self.doNotRunUntil < self.doNotRunAfter",
                "doNotRunAfter is not later than doNotRunUntil, so no job would be made: move one of them",
                at=".doNotRunAfter",
            ),
            rule(
                "!has(self.cron) || !has(self.recurrenceIntervalSeconds)",
                "cron and recurrenceIntervalSeconds exclude each other: leave one of them out",
                at=".cron",
            ),
            rule(
                "!has(self.timeZone) || has(self.cron)",
                "timeZone is that of cron: give cron, or write all times in UTC and leave timeZone out",
                at=".timeZone",
            ),
        )
    )

    do_not_run_until: Time | None = Field(default=None, description="When the first job is due; default: at once")
    do_not_run_after: Time | None = Field(default=None, description="No job is made after it; default: no end")
    start_window_seconds: AtLeastAMinute | None = Field(
        default=None, description="How late a job may be made before it is left out; default: until the next is due"
    )
    recurrence_interval_seconds: AtLeastAMinute | None = Field(
        default=None, description="Time between due jobs; default: one job only"
    )
    cron: (
        Annotated[
            str,
            Field(
                max_length=256,
                pattern=r"^[0-9A-Za-z*/,#-]+( [0-9A-Za-z*/,#-]+){4}$",
                json_schema_extra=said(
                    "not five fields with a space between them: minute, hour, day of the month, month, day of the week"
                ),
            ),
        ]
        | None
    ) = Field(default=None, description="Due times as in Debian's cron, instead of an interval")
    time_zone: (
        Annotated[
            str,
            Field(
                min_length=1,
                max_length=64,
                pattern=r"^[0-9A-Za-z_+/-]+$",
                json_schema_extra=said("not the name of a time zone: write it as Europe/Zurich, or UTC"),
            ),
        ]
        | None
    ) = Field(default=None, description="The IANA time zone of cron, with its daylight saving; default: UTC")


class TemplateMetadata(Document):
    """What made Jobs carry."""

    labels: Labels = Field(default_factory=dict, description="Labels of made jobs")
    annotations: Annotations = Field(default_factory=dict, description="Annotations of made jobs")


class TaskTemplateMetadata(Document):
    """The name of a task in its template, and the labels it carries."""

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=63,
            pattern=DNS_LABEL,
            description="Made tasks are called by their job and this name",
            json_schema_extra=said(
                "not a task's name: use lower-case letters, digits and '-', and begin and end with a letter or digit"
            ),
        ),
    ]
    labels: Labels = Field(default_factory=dict, description="Labels of made tasks")


class TaskTemplate(Document):
    """A Task that is made with each Job."""

    metadata: TaskTemplateMetadata
    spec: TaskTemplateSpec


class JobTemplate(Document):
    """The Job to make, and its Tasks."""

    metadata: TemplateMetadata = TemplateMetadata()
    spec: JobSpec
    tasks: Annotated[
        tuple[TaskTemplate, ...],
        Field(
            max_length=100,
            description="Tasks that are made with each job",
            json_schema_extra=ATOMIC
            | validations(
                rule(
                    "self.all(task, self.exists_one(other, other.metadata.name == task.metadata.name))",
                    "tasks have a name twice: give each task of the template its own metadata.name",
                )
            ),
        ),
    ] = ()


class JobScheduleSpec(Document):
    """When to make which Job. Changes count for jobs that are made afterwards."""

    display_name: Text | None = Field(default=None, description="A name for people; it need not be unique")
    schedule: Schedule = Schedule()
    job_template: Annotated[JobTemplate, Field(json_schema_extra=TEMPLATE)]
    desired_state: ScheduleDesiredState = ScheduleDesiredState.ACTIVE
    force: Annotated[
        bool, Field(description="When it is terminated or deleted: its jobs do not wait until nodes have stopped tasks")
    ] = False


class JobScheduleStatus(Document):
    """What a schedule has done and will do."""

    conditions: Conditions = ()
    observed_generation: Annotated[int, Field(ge=0)] | None = None
    state: JobScheduleState | None = None
    next_run_time: Time | None = Field(default=None, description="The first due time that has no job yet")
    recent_job_name: Annotated[str, Field(max_length=253)] | None = None
    served_until_time: Time | None = Field(default=None, description="The due time up to which all is done")
    jobs_created: Count = 0
    end_time: Time | None = None


_NEW = "create a new schedule with the new value"


def _over(state: JobScheduleState, code: str) -> JsonMark:
    """A rule that a schedule in this state is neither disabled nor enabled (azure-batch-semantics §3.5)."""
    return rule(
        f"!({was(state.value)}) || {same('spec.desiredState')} || self.spec.desiredState == 'Terminated'",
        f"{code}: it is not disabled or enabled any more; {_NEW}",
        at=".spec.desiredState",
        reason="FieldValueForbidden",
    )


class JobSchedule(Resource):
    """When to make which Job."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "!has(self.spec.jobTemplate.spec.jobManagerTask) || "
                "self.metadata.name.size() + self.spec.jobTemplate.spec.jobManagerTask.id.size() <= 54",
                TOO_LONG,
                at=".spec.jobTemplate.spec.jobManagerTask.id",
            ),
            _over(JobScheduleState.TERMINATING, "JobScheduleBeingTerminated"),
            _over(JobScheduleState.COMPLETED, "JobScheduleCompleted"),
            _over(JobScheduleState.DELETING, "JobScheduleBeingDeleted"),
        )
    )

    KIND: ClassVar[Kind] = Kind(
        name="JobSchedule",
        plural="jobschedules",
        short_name="bjs",
        columns=(
            Column("State", ".status.state", description="Whether it makes jobs"),
            Column("Next-Run", ".status.nextRunTime", description="When the next job is due"),
            Column("Recent-Job", ".status.recentJobName", description="The job made last"),
            Column("Jobs", ".status.jobsCreated", "integer", "Jobs made so far"),
            AGE,
            Column(
                "Interval", ".spec.schedule.recurrenceIntervalSeconds", "integer", "Seconds between jobs", wide=True
            ),
            Column("Cron", ".spec.schedule.cron", description="Due times, instead of an interval", wide=True),
            Column("Time-Zone", ".spec.schedule.timeZone", description="Of cron", wide=True),
            Column("Why", '.status.conditions[?(@.type=="Ready")].reason', description="Why no job is made", wide=True),
            Column("Pool", ".spec.jobTemplate.spec.poolName", description="The pool of its jobs", wide=True),
        ),
    )

    kind: Literal["JobSchedule"] = "JobSchedule"
    spec: Annotated[
        JobScheduleSpec,
        Field(json_schema_extra=validations(one_way("desiredState", "Terminated", _NEW))),
    ]
    status: JobScheduleStatus = JobScheduleStatus()
