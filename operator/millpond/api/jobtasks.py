"""A job's preparation and release tasks: what runs once on each node before and after the job's tasks there."""

from typing import Annotated

from pydantic import Field

from millpond.api.containers import ContainerSettings
from millpond.api.environment import EnvironmentSettings
from millpond.api.resourcefile import ResourceFiles
from millpond.api.schema import CommandLine, Document, LabelName, Retention, RetryCount, Seconds, TaskId
from millpond.api.starttask import CommandStatus
from millpond.api.times import DEFAULT_RETENTION_SECONDS
from millpond.api.users import UserIdentity

LONGEST_RELEASE_SECONDS = 900


class JobPreparationConstraints(Document):
    """Limits of a job preparation task."""

    max_wall_clock_seconds: Seconds | None = Field(
        default=None, description="On each node, retries included; default: no limit"
    )
    max_task_retry_count: Annotated[RetryCount, Field(description="Retries after the first try; -1: no limit")] = 0
    retention_seconds: Annotated[
        Retention, Field(description="How long its directories stay on nodes after the job's end; default: 7 days")
    ] = DEFAULT_RETENTION_SECONDS


class JobPreparationTask(Document):
    """A command that runs once on each node before the job's first task there. It takes no task slot."""

    id: Annotated[TaskId, Field(description="No task of the job may have it, whatever the case of letters")] = (
        "jobpreparation"
    )
    command_line: Annotated[CommandLine, Field(description="Split as a POSIX shell would, run by no shell")]
    container_settings: ContainerSettings | None = None
    resource_files: ResourceFiles = ()
    environment_settings: EnvironmentSettings = ()
    user_identity: Annotated[UserIdentity, Field(description="Default: the pool's NonAdmin auto user")] | None = None
    constraints: JobPreparationConstraints = JobPreparationConstraints()
    wait_for_success: Annotated[
        bool, Field(description="Whether tasks wait for it; a failure then bars the node to the job's tasks")
    ] = True
    rerun_on_node_reboot_after_success: Annotated[
        bool, Field(description="Whether it runs again where a node has started anew since it succeeded")
    ] = True


class JobReleaseTask(Document):
    """A command that runs once, when the job ends, on each node on which its preparation task completed."""

    id: Annotated[TaskId, Field(description="No task of the job may have it, whatever the case of letters")] = (
        "jobrelease"
    )
    command_line: Annotated[CommandLine, Field(description="Split as a POSIX shell would, run by no shell")]
    container_settings: ContainerSettings | None = None
    resource_files: ResourceFiles = ()
    environment_settings: EnvironmentSettings = ()
    user_identity: Annotated[UserIdentity, Field(description="Default: the pool's NonAdmin auto user")] | None = None
    max_wall_clock_seconds: Annotated[int, Field(ge=1, le=LONGEST_RELEASE_SECONDS, description="It is not retried")] = (
        LONGEST_RELEASE_SECONDS
    )
    retention_seconds: Retention = DEFAULT_RETENTION_SECONDS


class NodeJob(Document):
    """How the preparation and the release task of one job went on one node."""

    job_name: LabelName
    preparation: CommandStatus | None = None
    release: CommandStatus | None = None
