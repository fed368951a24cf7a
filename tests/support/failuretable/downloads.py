"""Resource files that could not be had, by the word of the container that downloads them, and downloads that go on."""

from __future__ import annotations

import json
from typing import Any

from millpond.api.reasons import FailureCode as Code
from millpond.lifecycle.fetching import FETCH_CONTAINER
from millpond.lifecycle.tasks import Ledger, Tries

from support.builders import ended, exited, running, waiting
from support.failuretable.case import IMAGE_LIMIT, STARTUP_LIMIT, Case

BEFORE = waiting("PodInitializing")


def download(state: dict[str, Any], phase: str = "Pending", **more: Any) -> dict[str, Any]:
    """The Pod with its download in this state."""
    return {"phase": phase, "initContainerStatuses": [{"name": FETCH_CONTAINER, "state": state}], **more}


def told(name: str, code: Code, message: str, *says: str) -> Case:
    """A download that has said what it could not fetch; nobody tries the task again."""
    text = json.dumps({"fetch": {"code": code.value, "message": message, "file": "in/a.bin"}})
    pod = download(ended(1, message=text), "Failed")
    return Case(name, Ledger.FAILURE, code, None, BEFORE, pod, says=says or (message,), tries=Tries(max_retries=-1))


DOWNLOADS = (
    told("a file that is not there", Code.BLOB_NOT_FOUND, "The resource file in/a.bin of s3://bucket is not there."),
    told("a file that may not be read", Code.BLOB_ACCESS_DENIED, "The resource file may not be accessed."),
    told("a store that does not answer", Code.BLOB_DOWNLOAD_TIMED_OUT, "The resource file was waited for too long."),
    told("a transfer that breaks each time", Code.BLOB_DOWNLOAD_MISC_ERROR, "It could not be transferred (HTTP 500)."),
    told("no such container", Code.RESOURCE_CONTAINER_NOT_FOUND, "The container is not there."),
    told("a container that may not be listed", Code.RESOURCE_CONTAINER_ACCESS_DENIED, "There is no Secret store."),
    told("a list that does not come", Code.RESOURCE_CONTAINER_LIST_TIMED_OUT, "The container was waited for too long."),
    told("a list that breaks", Code.RESOURCE_CONTAINER_LIST_MISC_ERROR, "The container could not be listed."),
    told("a file in the directory's place", Code.RESOURCE_DIRECTORY_CREATE_FAILED, "'in' is no directory."),
    told("a directory in the file's place", Code.RESOURCE_FILE_CREATE_FAILED, "A directory has its name."),
    told("a disk that breaks", Code.RESOURCE_FILE_WRITE_FAILED, "It cannot be written: Input/output error."),
    told("no room for the files", Code.DISK_FULL, "The resource files find no room."),
    Case(
        "no directory to download into",
        Ledger.FAILURE,
        Code.RESOURCE_DIRECTORY_CREATE_FAILED,
        None,
        BEFORE,
        download(exited(125, "NodeDirectory", message="cannot make it"), "Failed"),
        says=("cannot make it",),
    ),
    Case(
        "files that were not had",
        Ledger.FAILURE,
        Code.BLOB_DOWNLOAD_MISC_ERROR,
        125,
        exited(125, "Withheld", message="a file is missing"),
        says=("a file is missing",),
    ),
    Case("a download that goes on for long", None, state=BEFORE, pod=download(running()), waited=STARTUP_LIMIT * 10),
    Case(
        "a download whose image does not come",
        Ledger.FAILURE,
        Code.CONTAINER_INVALID_IMAGE,
        None,
        BEFORE,
        download(waiting("ErrImagePull", "manifest unknown")),
        waited=IMAGE_LIMIT,
    ),
    Case(
        "a download killed for want of memory",
        Ledger.RECOVERY,
        None,
        None,
        BEFORE,
        download(ended(137, "OOMKilled"), "Failed"),
    ),
    Case(
        "a download on a host that was lost",
        Ledger.RECOVERY,
        None,
        None,
        BEFORE,
        download(ended(255, "Unknown"), "Failed"),
    ),
)
