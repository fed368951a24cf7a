"""Why an image could not be had: what kubelet and runtime say in, one `Failure` out.

Neither has codes for it: what tells a missing image from a registry that refuses or is not there is the text that
containerd hands through. Words are chosen so that no image name can contain them.
Source: reference §8.1 (ContainerInvalidImage, ContainerInvalidRegistry, DiskFull).
"""

from __future__ import annotations

from millpond.api.reasons import FailureCode
from millpond.api.views.pod import Waiting
from millpond.lifecycle.failure import Failure, server_error, user_error
from millpond.lifecycle.kubelet import lacked_disk, sentence

NEVER = ("InvalidImageName", "ErrImageNeverPull")
"""Reasons that waiting does not heal."""
PERHAPS = ("ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed")
"""Reasons that may heal: a registry comes back, an image is pushed."""

MISSING = (
    ": not found",
    "manifest unknown",
    "no match for platform",
    "repository does not exist or may require authorization",
)
DENIED = (
    "401 Unauthorized",
    "403 Forbidden",
    "unauthorized: ",
    "denied: ",
    "no basic auth credentials",
    "incorrect username or password",
    "authorization failed",
)
UNREACHED = (
    "failed to do request",
    "dial tcp",
    "i/o timeout",
    "deadline exceeded",
    "x509: ",
    "tls: ",
    "unexpected EOF",
    "unexpected status from",
    "unexpected status code",
    "failed with status code [",
    "toomanyrequests: ",
)


def pull_failure(waiting: Waiting) -> Failure:
    """The failure of a container whose image does not come; its reason is one of NEVER or PERHAPS."""
    text = waiting.message
    if lacked_disk(text):
        return server_error(FailureCode.DISK_FULL, _say(waiting, "Free space on the host, or use a smaller image."))
    if waiting.reason in PERHAPS and not _says(text, MISSING):
        if _says(text, DENIED):
            remedy = "Correct the credentials in the pool's imagePullSecrets, or the registry's rights."
            return user_error(FailureCode.CONTAINER_INVALID_REGISTRY, _say(waiting, remedy))
        if _says(text, UNREACHED) or waiting.reason == "RegistryUnavailable":
            remedy = "Correct the registry in the image's name, or see that the pool's hosts can reach it."
            return user_error(FailureCode.CONTAINER_INVALID_REGISTRY, _say(waiting, remedy))
    remedy = "Correct the image name, push the image for the hosts' platform, or add imagePullSecrets if it is private."
    return user_error(FailureCode.CONTAINER_INVALID_IMAGE, _say(waiting, remedy))


def _says(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)


def _say(waiting: Waiting, remedy: str) -> str:
    return f"The container could not be started ({waiting.reason}): {sentence(waiting.message)} {remedy}"
