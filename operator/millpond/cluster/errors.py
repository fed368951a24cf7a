"""What an API server answers instead of doing as asked, as a tree that callers catch by its branches.

    ApiError
    ├── RejectedError             asking the same again gives the same answer
    │   ├── BadRequestError       400, and every 4xx without a branch of its own
    │   ├── ForbiddenError        403: RBAC, quota, Pod Security, a namespace that ends
    │   └── InvalidError          422: the schema or a rule of it
    ├── StaleError                the world is not as assumed: look, then ask again
    │   ├── NotFoundError         404
    │   ├── AlreadyExistsError    409 on create
    │   ├── ConflictError         409: a resourceVersion, a uid or a json-patch test did not hold
    │   └── GoneError             410: that resourceVersion is history
    └── UnavailableError          no answer: connection, time-out, 5xx; whether the write was done is unknown
        ├── UnauthorizedError     401: not done; credentials rotate, so they are read again before the next try
        └── TooManyRequestsError  429: not done, come back after `retry_after` seconds

`LeadershipLostError` is not the server's: the own fence refused a write. Decides which answer is which branch; does not
know what anybody does about it.
"""

from __future__ import annotations

import msgspec


class ApiError(Exception):
    """An answer that is not success. `code` is the HTTP status, 0 where there was no answer."""

    def __init__(self, message: str, code: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason


class RejectedError(ApiError):
    """Asking the same again gives the same answer."""


class BadRequestError(RejectedError):
    """The request itself is wrong."""


class ForbiddenError(RejectedError):
    """Not allowed: by RBAC, by quota, by Pod Security or because the namespace is ending."""


class InvalidError(RejectedError):
    """The object breaks its schema or one of its rules."""


class StaleError(ApiError):
    """The world is not as assumed."""


class NotFoundError(StaleError):
    """There is no such object."""


class AlreadyExistsError(StaleError):
    """There is an object of that name."""


class ConflictError(StaleError):
    """A precondition does not hold: somebody wrote since, or it is another object of the same name."""


class GoneError(StaleError):
    """The resourceVersion or continue token asked for is no longer kept."""


class UnavailableError(ApiError):
    """The server did not answer, or could not. A write may have been done or not."""


class UnauthorizedError(UnavailableError):
    """The server does not know who asks: the credentials have run out. Nothing was done."""


class TooManyRequestsError(UnavailableError):
    """The server asks to come back after `retry_after` seconds. Nothing was done."""

    def __init__(self, message: str, code: int = 429, reason: str = "", retry_after: float = 1.0) -> None:
        super().__init__(message, code, reason)
        self.retry_after = retry_after


class LeadershipLostError(Exception):
    """The lease is not safely held, so nothing may be written."""


class Status(msgspec.Struct, frozen=True, gc=False):
    """The `Status` object in which API servers say no."""

    message: str = ""
    reason: str = ""
    code: int = 0


def error_of(code: int, status: Status, retry_after: float | None = None) -> ApiError:
    """The error for an HTTP status and the Status object that came with it. `retry_after` in seconds, if given."""
    message = status.message or f"The API server answered {code}"
    match code, status.reason:
        case 401, _:
            return UnauthorizedError(message, code, status.reason)
        case 403, _:
            return ForbiddenError(message, code, status.reason)
        case 404, _:
            return NotFoundError(message, code, status.reason)
        case 409, "AlreadyExists":
            return AlreadyExistsError(message, code, status.reason)
        case 409, _:
            return ConflictError(message, code, status.reason)
        case 410, _:
            return GoneError(message, code, status.reason)
        case 422, _:
            return InvalidError(message, code, status.reason)
        case 429, _:
            return TooManyRequestsError(message, code, status.reason, 1.0 if retry_after is None else retry_after)
    if code >= 500:
        return UnavailableError(message, code, status.reason)
    return BadRequestError(message, code, status.reason)
