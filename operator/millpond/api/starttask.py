"""The start task: what every node of a pool runs before, or beside, its tasks; and its outcome on a node."""

from typing import Annotated

from pydantic import Field

from millpond.api.environment import EnvironmentSettings
from millpond.api.failure import Failure
from millpond.api.reasons import CommandState, TaskResult
from millpond.api.resourcefile import ResourceFiles
from millpond.api.resources import ResourceRequirements
from millpond.api.schema import CommandLine, Count, Document, ExitCode, ImageName, Time
from millpond.api.users import UserIdentity


class StartTask(Document):
    """A command that prepares a node; it runs at each start of the node, so it must bear being run again."""

    command_line: Annotated[CommandLine, Field(description="Split as a POSIX shell would, run by no shell")]
    image: ImageName | None = Field(default=None, description="Default: the image of the node template")
    resource_files: ResourceFiles = ()
    environment_settings: EnvironmentSettings = ()
    user_identity: Annotated[UserIdentity, Field(description="Default: the pool's NonAdmin auto user")] | None = None
    resources: ResourceRequirements = ResourceRequirements()
    max_task_retry_count: Annotated[
        int, Field(ge=-1, le=100, description="Retries after the first try; -1: no end")
    ] = 0
    wait_for_success: Annotated[bool, Field(description="Whether tasks wait for it; a failure then bars the node")] = (
        True
    )


class CommandStatus(Document):
    """How a command that the service itself runs went on one node."""

    state: CommandState
    exit_code: ExitCode | None = None
    result: TaskResult | None = None
    retry_count: Count = 0
    start_time: Time | None = None
    end_time: Time | None = None
    last_retry_time: Time | None = None
    failure: Failure | None = None
