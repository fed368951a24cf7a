"""What went wrong with a store, as facts: a kind, and words that hold no secret.

Stores answer with pages of text, and obstore repeats URLs with their signatures; none of it is passed on. What is
said is put together from what is known to be harmless: status code, the service's error code, the cause's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)


class Problem(StrEnum):
    """What a store's refusal or silence comes to."""

    FILE_NOT_FOUND = "FileNotFound"
    CONTAINER_NOT_FOUND = "ContainerNotFound"
    ACCESS_DENIED = "AccessDenied"
    TIMED_OUT = "TimedOut"
    CONFLICT = "Conflict"
    OTHER = "Other"


@dataclass(frozen=True)
class Trouble:
    """A problem and its details: "HTTP 403, AuthenticationFailed". They name neither file nor store."""

    problem: Problem
    details: str


class StoreError(Exception):
    """Trouble with a store, as those raise it who read files."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.details)
        self.trouble = trouble


_SAY = {
    Problem.FILE_NOT_FOUND: "is not there",
    Problem.CONTAINER_NOT_FOUND: "is not there: its container or bucket does not exist",
    Problem.ACCESS_DENIED: "may not be accessed with the credentials given",
    Problem.TIMED_OUT: "was waited for too long",
    Problem.CONFLICT: "is held by somebody else",
    Problem.OTHER: "could not be transferred",
}

NO_CONTAINER = frozenset({"ContainerNotFound", "NoSuchBucket", "ContainerBeingDeleted"})
DENIED = frozenset(
    {"AuthenticationFailed", "AuthorizationFailure", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"}
    | {"InvalidToken", "InvalidAuthenticationInfo", "AccessDenied", "NoAuthenticationInformation"}
)
_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z]{1,64})</Code>")
_NAME = re.compile(r'Path "([^"\n]{1,256})')
_CAUSES = (
    ("dns error", "the host's name is not known"),
    ("ConnectionRefused", "the connection was refused"),
    ("certificate", "the host's certificate is not trusted"),
    ("kind: Connect", "no connection"),
    ("IncompleteBody", "the answer ended early"),
    ("kind: Interrupted", "the connection broke"),
    ("ConnectionReset", "the connection broke"),
    ("error decoding response body", "the answer ended early"),
)


def trouble_of(error: BaseException, *, listing: bool = False) -> Trouble:
    """What an exception of obstore comes to; `listing`: it came from asking what is in a container."""
    text = str(error)
    if isinstance(error, InvalidPathError):
        return Trouble(Problem.OTHER, f"a name in it is no path: {_found(_NAME, text)!r}")
    status, code = _found(_STATUS, text), _found(_CODE, text)
    details = ", ".join(([f"HTTP {status}"] if status else []) + ([code] if code else []))
    problem = _problem(error, text, status, code)
    if problem is Problem.FILE_NOT_FOUND and listing:
        problem = Problem.CONTAINER_NOT_FOUND
    return Trouble(problem, details or _cause(text, problem))


def sentence(trouble: Trouble, file: str, store: str = "") -> str:
    """A sentence that names file and store: the latter is a container's `text`, or "" where the file says it all."""
    place = f"{file} of {store}" if store else file
    return f"{place} {_SAY[trouble.problem]}" + (f" ({trouble.details})." if trouble.details else ".")


@contextmanager
def told(*, listing: bool = False) -> Iterator[None]:
    """Within it, what obstore raises for what a store did becomes a StoreError."""
    try:
        yield
    except (BaseError, FileNotFoundError, TimeoutError) as error:
        raise StoreError(trouble_of(error, listing=listing)) from None


def is_from_a_store(error: BaseException) -> bool:
    """Whether the exception is one that obstore raises for what a store did."""
    return isinstance(error, BaseError | FileNotFoundError | TimeoutError)


def _problem(error: BaseException, text: str, status: str, code: str) -> Problem:
    if code in NO_CONTAINER:
        return Problem.CONTAINER_NOT_FOUND
    if code in DENIED or isinstance(error, PermissionDeniedError | UnauthenticatedError) or status in ("401", "403"):
        return Problem.ACCESS_DENIED
    if isinstance(error, FileNotFoundError) or status == "404":
        return Problem.FILE_NOT_FOUND
    if isinstance(error, TimeoutError) or "kind: Timeout" in text or status in ("408", "504"):
        return Problem.TIMED_OUT
    if isinstance(error, AlreadyExistsError | PreconditionError):
        return Problem.CONFLICT
    return Problem.OTHER


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match.group(1) if match else ""


def _cause(text: str, problem: Problem) -> str:
    said = next((words for token, words in _CAUSES if token in text), "")
    return said if problem is Problem.OTHER else ""
