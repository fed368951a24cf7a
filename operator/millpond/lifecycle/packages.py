"""Application packages as evidence and as variables (azure-batch-semantics §6.3, §7.6, §8.1, §8.3).

The container that installs them says in its termination message which one could not be had. A task's Pod has it before
the download of resource files, a node's Pod before the start task.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from millpond.api.applications import ApplicationPackageReference
from millpond.api.reasons import FailureCode
from millpond.api.views.pod import ContainerState, PodView
from millpond.lifecycle.failure import Detail, Failure, server_error, user_error
from millpond.lifecycle.kubelet import sentence

PACKAGES_CONTAINER = "install-packages"
"""The init container that installs; only Pods with packages have it."""
PACKAGES_VARIABLE = "MILLPOND_APPLICATION_PACKAGES"
"""The references, as JSON, in that container."""
VARIABLE = "AZ_BATCH_APP_PACKAGE_"
LONGEST_MESSAGE = 600
"""Characters: the kubelet cuts termination messages at 4,096 bytes, which would leave broken JSON."""
_AS_UNDERLINE = str.maketrans(".-#", "___")


class PackageReport(msgspec.Struct, frozen=True, gc=False):
    """The last word of an installation that failed, and of which package that is."""

    code: FailureCode
    message: str
    package: str

    def encode(self) -> bytes:
        """As a termination message, of bounded length."""
        return msgspec.json.encode(msgspec.structs.replace(self, message=self.message[:LONGEST_MESSAGE]))


_decode = msgspec.json.Decoder(PackageReport).decode


def installing(pod: PodView) -> ContainerState | None:
    """The installation; most Pods have none."""
    return pod.container(PACKAGES_CONTAINER) if pod.status.init_container_statuses else None


def package_failure(pod: PodView) -> Failure | None:
    """Why a package is not installed, by the last run of the container; None where it said nothing, or all went well.

    The kubelet runs it again on a node: what it said before stands until it has succeeded.
    """
    for status in pod.status.init_container_statuses:
        if status.name == PACKAGES_CONTAINER:
            ended = status.state.terminated or status.last_state.terminated
            return _told(ended.message) if ended is not None and ended.exit_code != 0 else None
    return None


def _told(message: str) -> Failure | None:
    if not message.startswith("{"):
        return None
    try:
        report = _decode(message)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None
    details = (Detail("ApplicationPackageReference", report.package), Detail("Message", sentence(report.message)))
    if report.code is FailureCode.DISK_FULL:
        return server_error(report.code, sentence(report.message), *details)
    return user_error(FailureCode.APPLICATION_PACKAGE_ERROR, sentence(report.message), *details)


def package_variables(root: str, references: Iterable[ApplicationPackageReference]) -> dict[str, str]:
    """The variables of packages, in the id's own case and in lower case; values are links to be followed at the start.

    Of two that come to the same name, the later one counts.
    """
    variables = {}
    for reference in references:
        version = f"_{reference.version}" if reference.version else ""
        name = f"{reference.application_id}{version}".translate(_AS_UNDERLINE)
        path = f"{root}/applications/{reference.application_id}/{reference.version or '.default'}"
        variables[VARIABLE + name] = variables[VARIABLE + name.lower()] = path
    return variables
