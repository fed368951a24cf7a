"""What went wrong, in Azure Batch's words (reference §8.1): whose fault, which code, and what to do."""

from __future__ import annotations

import msgspec

from millpond.api.reasons import FailureCategory, FailureCode


class Detail(msgspec.Struct, frozen=True, gc=False):
    """One name and value beside a failure's message."""

    name: str
    value: str


class Failure(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The failure information of a task or start task."""

    category: FailureCategory
    code: FailureCode
    message: str
    details: tuple[Detail, ...] = ()


def user_error(code: FailureCode, message: str, *details: Detail) -> Failure:
    """A failure that the user can mend."""
    return Failure(FailureCategory.USER_ERROR, code, message, details)


def server_error(code: FailureCode, message: str, *details: Detail) -> Failure:
    """A failure of the service or the node."""
    return Failure(FailureCategory.SERVER_ERROR, code, message, details)
