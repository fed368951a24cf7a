"""What the model answers instead of an object: an HTTP status with Kubernetes' reason and a message."""

from __future__ import annotations


class StatusError(Exception):
    """A `Status` answer. `retry_after` is in seconds."""

    def __init__(self, status: int, reason: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.retry_after = retry_after


def not_found(plural: str, name: str) -> StatusError:
    return StatusError(404, "NotFound", f'{plural} "{name}" not found')


def already_exists(plural: str, name: str) -> StatusError:
    return StatusError(409, "AlreadyExists", f'{plural} "{name}" already exists')


def conflict(plural: str, name: str, why: str) -> StatusError:
    return StatusError(409, "Conflict", f'Operation cannot be fulfilled on {plural} "{name}": {why}')


def invalid(plural: str, name: str, why: str) -> StatusError:
    return StatusError(422, "Invalid", f'{plural} "{name}" is invalid: {why}')


def bad_request(why: str) -> StatusError:
    return StatusError(400, "BadRequest", why)


def gone(why: str) -> StatusError:
    return StatusError(410, "Expired", why)
