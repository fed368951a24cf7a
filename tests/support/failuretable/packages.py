"""Application packages that could not be installed, by the word of the container that does it."""

from __future__ import annotations

from typing import Any

from millpond.api.reasons import FailureCode as Code
from millpond.lifecycle.packages import PACKAGES_CONTAINER, PackageReport
from millpond.lifecycle.tasks import Ledger, Tries

from support.builders import ended, running, waiting
from support.failuretable.case import IMAGE_LIMIT, STARTUP_LIMIT, Case

BEFORE = waiting("PodInitializing")
WORD = "The application package tool:1 of s3://store/applications cannot be installed: "


def installation(state: dict[str, Any], phase: str = "Pending", **more: Any) -> dict[str, Any]:
    """The Pod with its installation in this state."""
    return {"phase": phase, "initContainerStatuses": [{"name": PACKAGES_CONTAINER, "state": state}], **more}


def told(name: str, code: Code, why: str) -> Case:
    """An installation that has said what is wrong; nobody tries the task again."""
    text = PackageReport(code, WORD + why, "tool:1").encode().decode()
    pod = installation(ended(1, message=text), "Failed")
    return Case(name, Ledger.FAILURE, code, None, BEFORE, pod, says=(WORD + why,), tries=Tries(max_retries=-1))


PACKAGES = (
    told("a package that is not there", Code.APPLICATION_PACKAGE_ERROR, "its archive is not there (HTTP 404)."),
    told("a package that is no archive", Code.APPLICATION_PACKAGE_ERROR, "it is no zip archive."),
    told("no room for a package", Code.DISK_FULL, "1000 bytes more would fill the node's disk."),
    Case("an installation that goes on", None, state=BEFORE, pod=installation(running()), waited=STARTUP_LIMIT * 10),
    Case(
        "an installation whose image does not come",
        Ledger.FAILURE,
        Code.CONTAINER_INVALID_IMAGE,
        None,
        BEFORE,
        installation(waiting("ErrImagePull", "manifest unknown")),
        waited=IMAGE_LIMIT,
    ),
    Case(
        "an installation killed for want of memory",
        Ledger.RECOVERY,
        None,
        None,
        BEFORE,
        installation(ended(137, "OOMKilled"), "Failed"),
    ),
)
