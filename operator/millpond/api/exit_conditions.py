"""What a job and dependent tasks do when a task has ended in a certain way."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from millpond.api.schema import ATOMIC, Document, ExitCode, keyed_by, rule, validations

MOST = 256


class JobAction(StrEnum):
    """What happens to the job."""

    NONE = "None"
    DISABLE = "Disable"
    TERMINATE = "Terminate"


class DependencyAction(StrEnum):
    """Whether tasks that depend on the task may go on."""

    SATISFY = "Satisfy"
    BLOCK = "Block"


class ExitOptions(Document):
    """What happens when a task has ended so."""

    job_action: JobAction | None = Field(
        default=None,
        description="What happens to the job; default: None for exit code 0, else Terminate. "
        "Only where the job's onTaskFailure is PerformExitOptionsJobAction",
    )
    dependency_action: DependencyAction | None = Field(
        default=None,
        description="Whether dependent tasks may go on; default: Satisfy for exit code 0, else Block. "
        "Only where the job uses task dependencies",
    )


class ExitCodeMapping(Document):
    """What happens at one exit code."""

    code: Annotated[ExitCode, Field(description="The exit code")]
    exit_options: ExitOptions


class ExitCodeRangeMapping(Document):
    """What happens at a range of exit codes, both ends included."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule("self.start <= self.end", "a range of exit codes ends before it starts: swap start and end", at=".end")
        )
    )

    start: Annotated[ExitCode, Field(description="The first exit code")]
    end: Annotated[ExitCode, Field(description="The last exit code")]
    exit_options: ExitOptions


class ExitConditions(Document):
    """What happens when the task has ended for good: the exit code decides before a range, a range before the rest."""

    exit_codes: Annotated[
        tuple[ExitCodeMapping, ...],
        Field(max_length=MOST, description="By exit code", json_schema_extra=keyed_by("code")),
    ] = ()
    exit_code_ranges: Annotated[
        tuple[ExitCodeRangeMapping, ...],
        Field(
            max_length=MOST, description="By range of exit codes; the first that fits counts", json_schema_extra=ATOMIC
        ),
    ] = ()
    pre_processing_error: ExitOptions | None = Field(default=None, description="When its command could not be started")
    file_upload_error: ExitOptions | None = Field(
        default=None, description="When its output files could not be uploaded"
    )
    default: ExitOptions | None = Field(default=None, description="For every other end but exit code 0")
