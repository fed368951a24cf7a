"""Which answer is which branch of the tree."""

from __future__ import annotations

import pytest
from millpond.cluster import errors
from millpond.cluster.errors import ApiError, Status, TooManyRequestsError, error_of

CASES = [
    (400, "BadRequest", errors.BadRequestError),
    (401, "Unauthorized", errors.UnauthorizedError),
    (403, "Forbidden", errors.ForbiddenError),
    (404, "NotFound", errors.NotFoundError),
    (405, "MethodNotAllowed", errors.BadRequestError),
    (409, "AlreadyExists", errors.AlreadyExistsError),
    (409, "Conflict", errors.ConflictError),
    (410, "Expired", errors.GoneError),
    (413, "RequestEntityTooLarge", errors.BadRequestError),
    (422, "Invalid", errors.InvalidError),
    (429, "TooManyRequests", errors.TooManyRequestsError),
    (500, "InternalError", errors.UnavailableError),
    (503, "", errors.UnavailableError),
    (504, "Timeout", errors.UnavailableError),
]


@pytest.mark.parametrize(("code", "reason", "branch"), CASES, ids=[f"{code}-{reason}" for code, reason, _ in CASES])
def test_branch(code: int, reason: str, branch: type[ApiError]) -> None:
    error = error_of(code, Status("words", reason, code))
    assert type(error) is branch
    assert (error.message, error.code, error.reason) == ("words", code, reason)
    assert str(error) == "words"


def test_answer_without_words_names_its_code() -> None:
    assert "503" in str(error_of(503, Status()))


@pytest.mark.parametrize(("given", "kept"), [(None, 1.0), (0.0, 0.0), (7.0, 7.0)])
def test_retry_after(given: float | None, kept: float) -> None:
    error = error_of(429, Status(), given)
    assert isinstance(error, TooManyRequestsError)
    assert error.retry_after == kept


def test_what_may_be_asked_again_is_one_branch() -> None:
    again = {branch for _, _, branch in CASES if issubclass(branch, errors.UnavailableError)}
    assert again == {errors.UnavailableError, errors.TooManyRequestsError, errors.UnauthorizedError}
