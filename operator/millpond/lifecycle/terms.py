"""Whether what a task says agrees with what its job allows: dependencies and exit options (reference §4.4, §4.7)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from millpond.api.job import JobSpec, OnTaskFailure
from millpond.api.reasons import TaskReason
from millpond.api.views.task import ExitConditions, ExitOptions

_NEW_TASK = "Delete the task and create it again without it, or in a job"


class Contradiction(msgspec.Struct, frozen=True, gc=False):
    """What of the task's own words its job does not allow: such a task never runs."""

    reason: str
    message: str


def contradiction(job: JobSpec, exit_conditions: ExitConditions | None, *, depends: bool) -> Contradiction | None:
    """The first contradiction between a task's spec and its job's, or None. Both are immutable in this."""
    if depends and not job.uses_task_dependencies:
        return Contradiction(
            TaskReason.TASK_DEPENDENCIES_NOT_SPECIFIED_ON_JOB,
            "The task has dependsOn, and its job does not use task dependencies. "
            f"{_NEW_TASK} with usesTaskDependencies: true.",
        )
    for place, options in _all_options(exit_conditions):
        if options.job_action is not None and job.on_task_failure is OnTaskFailure.NO_ACTION:
            return Contradiction(
                TaskReason.INVALID_PROPERTY_VALUE,
                f"exitConditions.{place} has a jobAction, and the job's onTaskFailure is NoAction. "
                f"{_NEW_TASK} with onTaskFailure: PerformExitOptionsJobAction.",
            )
        if options.dependency_action is not None and not job.uses_task_dependencies:
            return Contradiction(
                TaskReason.INVALID_PROPERTY_VALUE,
                f"exitConditions.{place} has a dependencyAction, and the job does not use task dependencies. "
                f"{_NEW_TASK} with usesTaskDependencies: true.",
            )
    return None


def _all_options(conditions: ExitConditions | None) -> Iterator[tuple[str, ExitOptions]]:
    """All exit options and where they stand."""
    if conditions is None:
        return
    for exact in conditions.exit_codes:
        yield f"exitCodes[{exact.code}]", exact.exit_options
    for span in conditions.exit_code_ranges:
        yield f"exitCodeRanges[{span.start}..{span.end}]", span.exit_options
    for place, options in (
        ("preProcessingError", conditions.pre_processing_error),
        ("fileUploadError", conditions.file_upload_error),
        ("default", conditions.default),
    ):
        if options is not None:
            yield place, options
