"""What a task says agrees with what its job allows, or is refused by the code that Azure has for it."""

from typing import Any

import msgspec
import pytest
from millpond.api.job import JobSpec
from millpond.api.views.task import ExitConditions
from millpond.lifecycle.terms import contradiction

DEPENDS = {"usesTaskDependencies": True}
PERFORMS = {"onTaskFailure": "PerformExitOptionsJobAction"}
JOB_ACTION, DEPENDENCY_ACTION = {"jobAction": "None"}, {"dependencyAction": "Satisfy"}
INVALID, NOT_SPECIFIED = "InvalidPropertyValue", "TaskDependenciesNotSpecifiedOnJob"

CASES = [
    # the job, whether the task depends on others, its exit conditions, the code, a part of the message
    ({}, False, None, None, ""),
    (DEPENDS, True, None, None, ""),
    ({}, True, None, NOT_SPECIFIED, "with usesTaskDependencies: true"),
    ({}, False, {"default": {}}, None, ""),
    ({}, False, {"default": JOB_ACTION}, INVALID, "exitConditions.default has a jobAction"),
    (PERFORMS, False, {"default": JOB_ACTION}, None, ""),
    (PERFORMS, False, {"default": DEPENDENCY_ACTION}, INVALID, "exitConditions.default has a dependencyAction"),
    (DEPENDS, False, {"preProcessingError": DEPENDENCY_ACTION}, None, ""),
    (DEPENDS, False, {"preProcessingError": JOB_ACTION}, INVALID, "exitConditions.preProcessingError has a jobAction"),
    (DEPENDS, True, {"exitCodes": [{"code": 3, "exitOptions": JOB_ACTION}]}, INVALID, "exitCodes[3] has a jobAction"),
    (
        PERFORMS,
        False,
        {"exitCodeRanges": [{"start": 1, "end": 9, "exitOptions": DEPENDENCY_ACTION}]},
        INVALID,
        "exitCodeRanges[1..9] has a dependencyAction",
    ),
    (DEPENDS | PERFORMS, True, {"default": JOB_ACTION | DEPENDENCY_ACTION}, None, ""),
]


@pytest.mark.parametrize(("job", "depends", "conditions", "code", "message"), CASES)
def test_contradictions(
    job: dict[str, Any], depends: bool, conditions: dict[str, Any] | None, code: str | None, message: str
) -> None:
    spec = JobSpec.model_validate({"poolName": "farm", **job})
    words = msgspec.convert(conditions, ExitConditions) if conditions else None
    found = contradiction(spec, words, depends=depends)
    assert (found.reason if found else None) == code
    if found:
        assert message in found.message
