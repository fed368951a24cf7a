"""What follows from the ends of tasks: match order, defaults, classes."""

from typing import Any

import msgspec
import pytest
from millpond.api.exit_conditions import DependencyAction, JobAction
from millpond.api.reasons import FailureCode
from millpond.api.views.task import ExitConditions
from millpond.lifecycle.exit_conditions import Call, EndClass, class_of, react

SATISFY, BLOCK = DependencyAction.SATISFY, DependencyAction.BLOCK
NOTHING, TERMINATE = JobAction.NONE, JobAction.TERMINATE
EXIT, ENDED = "FailureExitCode", "TaskEnded"
IMAGE, UPLOAD = "ContainerInvalidImage", "FileUploadAccessDenied"

LET_GO = {"jobAction": "None", "dependencyAction": "Satisfy"}
EVERYTHING: dict[str, Any] = {
    "exitCodes": [{"code": 3, "exitOptions": LET_GO}, {"code": 12, "exitOptions": {"jobAction": "None"}}],
    "exitCodeRanges": [
        {"start": 10, "end": 20, "exitOptions": {"dependencyAction": "Satisfy"}},
        {"start": 15, "end": 30, "exitOptions": LET_GO},
        {"start": -5, "end": -1, "exitOptions": LET_GO},
    ],
    "preProcessingError": {"dependencyAction": "Satisfy"},
    "default": {"jobAction": "None"},
}
UPLOADS = {"exitCodes": [{"code": 3, "exitOptions": {}}], "fileUploadError": LET_GO}
ONLY_DEFAULT = {"default": LET_GO}
ZERO_BLOCKS = {"exitCodes": [{"code": 0, "exitOptions": {"jobAction": "Terminate", "dependencyAction": "Block"}}]}
RANGE_WITH_ZERO = {"exitCodeRanges": [{"start": 0, "end": 1, "exitOptions": {"dependencyAction": "Block"}}]}

ENDS = [
    # conditions, exit code, failure code, job action, dependency action
    (None, 0, None, NOTHING, SATISFY),
    (None, 1, EXIT, TERMINATE, BLOCK),
    (None, None, IMAGE, TERMINATE, BLOCK),
    (None, 143, ENDED, TERMINATE, BLOCK),
    (None, 0, ENDED, TERMINATE, BLOCK),
    (None, 0, UPLOAD, TERMINATE, BLOCK),
    (None, 1, None, TERMINATE, BLOCK),
    # the exact code before a range, the first range before the second
    (EVERYTHING, 3, EXIT, NOTHING, SATISFY),
    (EVERYTHING, 12, EXIT, NOTHING, BLOCK),
    (EVERYTHING, 10, EXIT, TERMINATE, SATISFY),
    (EVERYTHING, 20, EXIT, TERMINATE, SATISFY),
    (EVERYTHING, 21, EXIT, NOTHING, SATISFY),
    (EVERYTHING, 30, EXIT, NOTHING, SATISFY),
    (EVERYTHING, -1, EXIT, NOTHING, SATISFY),
    # the default for the rest, but never for exit code 0
    (EVERYTHING, 31, EXIT, NOTHING, BLOCK),
    (EVERYTHING, 0, None, NOTHING, SATISFY),
    (ONLY_DEFAULT, 9, EXIT, NOTHING, SATISFY),
    (ONLY_DEFAULT, 0, None, NOTHING, SATISFY),
    (ZERO_BLOCKS, 0, None, TERMINATE, BLOCK),
    (ZERO_BLOCKS, 1, EXIT, TERMINATE, BLOCK),
    (RANGE_WITH_ZERO, 0, None, NOTHING, BLOCK),
    (RANGE_WITH_ZERO, 1, EXIT, TERMINATE, BLOCK),
    # errors before the command: their own entry, else the default; an exit code is not the command's
    (EVERYTHING, None, IMAGE, TERMINATE, SATISFY),
    (EVERYTHING, 3, "CommandProgramNotFound", TERMINATE, SATISFY),
    (ONLY_DEFAULT, None, IMAGE, NOTHING, SATISFY),
    (ZERO_BLOCKS, None, IMAGE, TERMINATE, BLOCK),
    # ended by a user or the wall clock: the default only
    (EVERYTHING, 3, ENDED, NOTHING, BLOCK),
    (ONLY_DEFAULT, 143, ENDED, NOTHING, SATISFY),
    (ZERO_BLOCKS, 0, ENDED, TERMINATE, BLOCK),
    # what was made is not uploaded: the exit code wins, exit code 0 included
    (EVERYTHING, 3, UPLOAD, NOTHING, SATISFY),
    (EVERYTHING, 0, UPLOAD, NOTHING, BLOCK),
    (ONLY_DEFAULT, 0, UPLOAD, NOTHING, SATISFY),
    (UPLOADS, 0, UPLOAD, NOTHING, SATISFY),
    (UPLOADS, 5, UPLOAD, NOTHING, SATISFY),
    (UPLOADS, 3, UPLOAD, TERMINATE, BLOCK),
    (UPLOADS, 5, EXIT, TERMINATE, BLOCK),
    (UPLOADS, None, IMAGE, TERMINATE, BLOCK),
    (UPLOADS, 143, ENDED, TERMINATE, BLOCK),
    # options that say nothing leave the usual
    ({"default": {}}, 1, EXIT, TERMINATE, BLOCK),
    ({"exitCodes": [{"code": 0, "exitOptions": {}}]}, 0, None, NOTHING, SATISFY),
]


@pytest.mark.parametrize(("words", "exit_code", "failure", "job_action", "dependency_action"), ENDS)
def test_what_follows_from_an_end(
    words: dict[str, Any] | None,
    exit_code: int | None,
    failure: str | None,
    job_action: JobAction,
    dependency_action: DependencyAction,
) -> None:
    reaction = react(msgspec.convert(words, ExitConditions) if words else None, exit_code, failure)
    assert (reaction.job_action, reaction.dependency_action) == (job_action, dependency_action)


def test_every_failure_has_its_class() -> None:
    others = {FailureCode.FAILURE_EXIT_CODE: EndClass.EXIT_CODE, FailureCode.TASK_ENDED: EndClass.OTHER}
    for code in FailureCode:
        usual = EndClass.FILE_UPLOAD if code.name.startswith("FILE_UPLOAD") else EndClass.PRE_PROCESSING
        assert class_of(code.value) is others.get(code, usual)
    assert class_of(None) is EndClass.EXIT_CODE
    assert class_of("Unknown") is EndClass.OTHER


@pytest.mark.parametrize(
    ("created", "ended", "concerns"),
    [(5.0, 9.0, False), (5.0, 10.0, True), (5.0, 11.0, True), (10.0, 9.0, True), (11.0, 12.0, True)],
    ids=["before the job", "as the job comes", "after the job came", "its host's clock is late", "all of it after"],
)
def test_whose_job_an_end_concerns(created: float, ended: float, concerns: bool) -> None:
    assert Call("t", TERMINATE, ended, created).concerns(10.0) == concerns
