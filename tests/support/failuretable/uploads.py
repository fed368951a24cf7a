"""Uploads of output files: what they add to the ends of commands, and how they are lost."""

from __future__ import annotations

import json
from typing import Any

from millpond.api.reasons import FailureCode as Code
from millpond.lifecycle.draining import Fate
from millpond.lifecycle.tasks import Ledger, Tries, Wishes

from support.builders import ended, exited, running, waiting
from support.failuretable.case import Case
from support.failuretable.stops import DELETED, MEMORY, OWN, evicted

OK, FAILED, AGAIN = Ledger.SUCCESS, Ledger.FAILURE, Ledger.RECOVERY
MANY = Tries(0, 5)


def after(state: dict[str, Any], **pod: Any) -> dict[str, Any]:
    """A Pod whose container that uploads is in this state."""
    return {"initContainerStatuses": [{"name": "upload", "state": state}], **pod}


def report(code: str, message: str) -> dict[str, Any]:
    """The container of an upload that failed and says so."""
    return ended(1, message=json.dumps({"code": code, "message": message}))


DENIED = report("FileUploadAccessDenied", "out/a.png of s3://results may not be accessed (HTTP 403)")
WORDLESS = ended(137)

UPLOADS = (
    Case("uploaded", OK, exit_code=0, state=exited(0), pod=after(ended(0))),
    Case("uploaded after a failure", FAILED, Code.FAILURE_EXIT_CODE, 3, exited(3), after(ended(0))),
    Case(
        "uploaded after a failure with a retry left",
        Ledger.RETRY,
        None,
        3,
        exited(3),
        after(ended(0)),
        tries=Tries(0, 1),
    ),
    *(
        Case(
            f"upload: {code.value}",
            FAILED,
            code,
            0,
            exited(0),
            after(report(code.value, "No such thing")),
            ("No such thing.",),
            tries=MANY,
        )
        for code in (
            Code.FILE_UPLOAD_CONTAINER_NOT_FOUND,
            Code.FILE_UPLOAD_ACCESS_DENIED,
            Code.FILE_UPLOAD_CONFLICT,
            Code.FILE_UPLOAD_TIMED_OUT,
            Code.FILE_UPLOAD_MISC_ERROR,
        )
    ),
    Case(
        "upload fails after a failure",
        FAILED,
        Code.FILE_UPLOAD_ACCESS_DENIED,
        3,
        exited(3),
        after(DENIED),
        ("HTTP 403",),
        tries=MANY,
    ),
    Case(
        "upload fails after the limit",
        FAILED,
        Code.TASK_ENDED,
        143,
        exited(143, "WallClock"),
        after(DENIED),
        ("maximum execution time", "HTTP 403"),
    ),
    Case(
        "upload is wordless after the limit",
        FAILED,
        Code.TASK_ENDED,
        143,
        exited(143, "WallClock"),
        after(WORDLESS),
        ("exit code 137",),
    ),
    Case(
        "upload fails, out of memory before",
        FAILED,
        Code.FILE_UPLOAD_ACCESS_DENIED,
        137,
        ended(137, "OOMKilled"),
        after(DENIED),
        tries=MANY,
    ),
    Case(
        "upload dies without a word",
        FAILED,
        Code.FILE_UPLOAD_MISC_ERROR,
        0,
        exited(0),
        after(WORDLESS),
        ("without a word", "fileuploaderr.txt"),
    ),
    Case(
        "upload runs out of memory",
        FAILED,
        Code.FILE_UPLOAD_MISC_ERROR,
        0,
        exited(0),
        after(ended(137, "OOMKilled")),
        ("want of memory",),
    ),
    Case(
        "upload leaves a word that nobody knows",
        FAILED,
        Code.FILE_UPLOAD_MISC_ERROR,
        0,
        exited(0),
        after(report("Strange", "x")),
        ("exit code 1",),
    ),
    Case(
        "upload leaves a word that is cut",
        FAILED,
        Code.FILE_UPLOAD_MISC_ERROR,
        0,
        exited(0),
        after(ended(1, message='{"code":"FileUp')),
        ("exit code 1",),
    ),
    Case(
        "upload had never stood",
        FAILED,
        Code.FILE_UPLOAD_MISC_ERROR,
        0,
        exited(0),
        after(waiting("CrashLoopBackOff")),
        ("CrashLoopBackOff",),
    ),
    # Nothing is uploaded after these, and their end is not changed
    Case(
        "no program, no upload",
        FAILED,
        Code.COMMAND_PROGRAM_NOT_FOUND,
        127,
        exited(127, "CommandNotFound"),
        after(WORDLESS),
    ),
    Case("deleted, no upload", AGAIN, None, None, exited(143, "Terminated"), after(WORDLESS, **DELETED)),
    Case(
        "deleted, upload told nothing to do", AGAIN, None, None, exited(143, "Terminated"), after(ended(0), **DELETED)
    ),
    # The upload is lost with its node, or cut short
    Case(
        "node lost during the upload",
        AGAIN,
        None,
        None,
        exited(0),
        after(running(), phase="Failed"),
        ("node was lost",),
    ),
    Case(
        "host rebooted during the upload",
        AGAIN,
        None,
        None,
        exited(0),
        after(ended(255, "Unknown")),
        ("node was lost",),
    ),
    Case(
        "upload cut short by a delete",
        AGAIN,
        None,
        None,
        exited(0),
        after(WORDLESS, **DELETED),
        ("cut short", "Somebody deleted"),
    ),
    Case(
        "upload cut short by an eviction",
        AGAIN,
        None,
        None,
        exited(0),
        after(WORDLESS, **evicted(MEMORY)),
        ("cut short", "evicted"),
    ),
    Case("upload cut short after a failure", FAILED, Code.FAILURE_EXIT_CODE, 3, exited(3), after(WORDLESS, **DELETED)),
    Case(
        "wrote too much, and its upload is cut short",
        FAILED,
        Code.FAILURE_EXIT_CODE,
        137,
        ended(137),
        after(WORDLESS, **evicted(OWN)),
        ("ephemeral storage",),
    ),
    Case("deleted, and the upload comes to its end", OK, None, 0, exited(0), after(ended(0), **DELETED)),
    Case(
        "ended by its user while it uploads",
        OK,
        None,
        0,
        exited(0),
        after(ended(0), **DELETED),
        wishes=Wishes(ended_by_user=True),
    ),
    Case(
        "ended by its user, the upload cut short",
        FAILED,
        Code.TASK_ENDED,
        0,
        exited(0),
        after(WORDLESS, **DELETED),
        wishes=Wishes(ended_by_user=True),
    ),
    Case(
        "node removed, the upload cut short",
        Ledger.REQUEUE,
        None,
        None,
        exited(0),
        after(WORDLESS, **DELETED),
        wishes=Wishes(drained=Fate.REQUEUED),
    ),
    Case(
        "ended by its user while it uploads, which fails",
        FAILED,
        Code.FILE_UPLOAD_ACCESS_DENIED,
        0,
        exited(0),
        after(DENIED, **DELETED),
        wishes=Wishes(ended_by_user=True),
    ),
)
