"""Failures as status carries them."""

from millpond.api.failure import Failure, NameValue, ResizeError
from millpond.api.reasons import FailureCategory, FailureCode, ResizeErrorCode


def test_failure() -> None:
    failure = Failure(
        category=FailureCategory.USER_ERROR,
        code=FailureCode.FAILURE_EXIT_CODE,
        message="exit code 3",
        details=(NameValue(name="ExitCode", value="3"),),
    )
    assert failure.as_document() == {
        "category": "UserError",
        "code": "FailureExitCode",
        "message": "exit code 3",
        "details": [{"name": "ExitCode", "value": "3"}],
    }


def test_resize_error() -> None:
    error = ResizeError(code=ResizeErrorCode.ALLOCATION_TIMED_OUT, message="late")
    assert error.as_document() == {"code": "AllocationTimedOut", "message": "late", "values": []}
