"""How the download of a task's resource files went, by the container that does it (azure-batch-semantics §7.3, §8.1).

What the agent could not fetch it says in the termination message; ends that the kubelet gives are judged elsewhere.
"""

from __future__ import annotations

import msgspec

from millpond.api.reasons import FailureCategory, FailureCode
from millpond.api.views.pod import ContainerState, PodView
from millpond.lifecycle.failure import Detail, Failure, server_error
from millpond.lifecycle.kubelet import sentence
from millpond.lifecycle.record import read_record

FETCH_CONTAINER = "fetch-files"
"""The init container that downloads; only Pods with resource files have it."""
FILE_VARIABLE = "MILLPOND_RESOURCE_FILE_"
"""With a number behind it: a variable that holds a resource file as JSON. All in one could be too long."""

CATEGORIES = {
    FailureCode.BLOB_NOT_FOUND: FailureCategory.USER_ERROR,
    FailureCode.BLOB_ACCESS_DENIED: FailureCategory.USER_ERROR,
    FailureCode.BLOB_DOWNLOAD_TIMED_OUT: FailureCategory.SERVER_ERROR,
    FailureCode.BLOB_DOWNLOAD_MISC_ERROR: FailureCategory.SERVER_ERROR,
    FailureCode.RESOURCE_CONTAINER_NOT_FOUND: FailureCategory.USER_ERROR,
    FailureCode.RESOURCE_CONTAINER_ACCESS_DENIED: FailureCategory.USER_ERROR,
    FailureCode.RESOURCE_CONTAINER_LIST_TIMED_OUT: FailureCategory.SERVER_ERROR,
    FailureCode.RESOURCE_CONTAINER_LIST_MISC_ERROR: FailureCategory.SERVER_ERROR,
    FailureCode.RESOURCE_DIRECTORY_CREATE_FAILED: FailureCategory.SERVER_ERROR,
    FailureCode.RESOURCE_FILE_CREATE_FAILED: FailureCategory.SERVER_ERROR,
    FailureCode.RESOURCE_FILE_WRITE_FAILED: FailureCategory.SERVER_ERROR,
    FailureCode.DISK_FULL: FailureCategory.SERVER_ERROR,
}
"""Codes that a download can end with, and whose fault each is."""


class _Told(msgspec.Struct, frozen=True, gc=False):
    code: str
    message: str
    file: str = ""


class _Report(msgspec.Struct, frozen=True, gc=False):
    fetch: _Told


_decode = msgspec.json.Decoder(_Report).decode


def fetching(pod: PodView) -> ContainerState | None:
    """The download; most Pods have none."""
    return pod.container(FETCH_CONTAINER) if pod.status.init_container_statuses else None


def fetch_failure(pod: PodView) -> Failure | None:
    """What the download says of its failure; None where there was none, or it did not come to a word."""
    state = fetching(pod)
    text = state.terminated.message if state is not None and state.terminated is not None else ""
    if not text.startswith("{"):
        return None
    record = read_record(text)
    if record is not None:
        code = FailureCode.DISK_FULL if record.cause == "DiskFull" else FailureCode.RESOURCE_DIRECTORY_CREATE_FAILED
        return server_error(code, sentence(record.message))
    try:
        told = _decode(text).fetch
        code = FailureCode(told.code)
        details = (Detail("FilePath", told.file),) if told.file else ()
        return Failure(CATEGORIES[code], code, sentence(told.message), details)
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError, KeyError):
        return None
