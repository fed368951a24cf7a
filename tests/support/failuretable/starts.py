"""Pods whose container was never made or never started: settings, volumes, sandbox, runtime, clock."""

from __future__ import annotations

from typing import Any

from millpond.api.reasons import FailureCode as Code
from millpond.lifecycle.tasks import Ledger, Tries

from support.builders import ended, exited, running, waiting
from support.failuretable.case import IMAGE_LIMIT, STARTUP_LIMIT, Case

FAILED = Ledger.FAILURE
NOT_READIED = {"conditions": [{"type": "PodReadyToStartContainers", "status": "False"}]}
OCI = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
ENTRY = 'unable to start container process: error during container init: exec: "/launcher": '


def never(name: str, code: Code, reason: str, message: str, *says: str, waited: float = 0) -> Case:
    """A container that waits for what will not come."""
    return Case(name, FAILED, code, None, waiting(reason, message), waited=waited, says=says, tries=Tries(0, -1))


def not_yet(name: str, state: dict[str, Any] | None, waited: float) -> Case:
    """A container that may still start."""
    return Case(name, None, state=state, waited=waited)


def start_error(name: str, code: Code, message: str, *says: str) -> Case:
    """The runtime made the container and could not start the launcher in it."""
    state = ended(128, "StartError", message)
    return Case(name, FAILED, code, None, state, says=says, tries=Tries(max_retries=-1))


STARTS = (
    # Settings
    never("missing Secret", Code.CONTAINER_INVALID_SETTINGS, "CreateContainerConfigError", 'secret "absent" not found', "not found", "environmentSettings"),
    never("missing key of a Secret", Code.CONTAINER_INVALID_SETTINGS, "CreateContainerConfigError", "couldn't find key token in Secret studio/present", "couldn't find key", "environmentSettings"),
    never("missing ConfigMap", Code.CONTAINER_INVALID_SETTINGS, "CreateContainerConfigError", 'configmap "absent" not found', 'configmap "absent"'),
    never("root image for a user who is not", Code.CONTAINER_INVALID_SETTINGS, "CreateContainerConfigError", "container has runAsNonRoot and image will run as root", "runAsNonRoot"),
    not_yet("the kubelet has not read the Secret yet", waiting("CreateContainerConfigError", "failed to sync secret cache: timed out waiting for the condition"), 30),
    never("the kubelet cannot read the Secret", Code.CONTAINER_INVALID_SETTINGS, "CreateContainerConfigError", "failed to sync secret cache: timed out waiting for the condition", "failed to sync", waited=IMAGE_LIMIT),
    # Volumes and sandbox: the kubelet gives no reason in the status
    not_yet("a volume that does not come", waiting(), STARTUP_LIMIT - 1),
    never("a volume that never comes", Code.CONTAINER_MISC_ERROR, "ContainerCreating", "", "600 s", "kubectl get events", waited=STARTUP_LIMIT),
    never("a sandbox that cannot be made", Code.CONTAINER_MISC_ERROR, "ContainerCreating", "", "ContainerCreating", waited=STARTUP_LIMIT),
    Case("a mount that never comes", FAILED, Code.MOUNT_CONFIGURATION_ERROR, None, waiting(), pod=NOT_READIED, waited=STARTUP_LIMIT, says=("600 s", "kubectl describe pod frame-1", "nodeTemplate.volumes"), mounts=True),
    Case("a mount that does not come yet", None, None, None, waiting(), pod=NOT_READIED, waited=STARTUP_LIMIT - 1, mounts=True),
    not_yet("no status yet", None, 5),
    Case("a Pod that never gets a status", FAILED, Code.CONTAINER_MISC_ERROR, waited=STARTUP_LIMIT, says=("was not created",)),
    # The runtime
    not_yet("an overloaded runtime", waiting("CreateContainerError", 'failed to reserve container name "task_frame": name is reserved'), 10),
    never("a runtime that does not make the container", Code.CONTAINER_MISC_ERROR, "CreateContainerError", "context deadline exceeded", "deadline exceeded", "container runtime", waited=IMAGE_LIMIT),
    never("a runtime that does not start the container", Code.CONTAINER_MISC_ERROR, "RunContainerError", "context deadline exceeded", waited=IMAGE_LIMIT),
    never("no disk for the container", Code.DISK_FULL, "CreateContainerError", "failed to create prepare snapshot dir: mkdir /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/new-1: no space left on device", "no space left", waited=IMAGE_LIMIT),
    never("a start hook of the runtime", Code.CONTAINER_MISC_ERROR, "PreStartHookError", "device plugin said no", "device plugin", waited=IMAGE_LIMIT),
    start_error("the launcher is missing", Code.COMMAND_LAUNCH_FAILED, f"{OCI}{ENTRY}no such file or directory: unknown", "no such file"),
    start_error("the launcher for another platform", Code.COMMAND_LAUNCH_FAILED, f"{OCI}{ENTRY}exec format error: unknown", "exec format error", "platform"),
    start_error("the launcher on a volume without exec", Code.COMMAND_LAUNCH_FAILED, f"{OCI}{ENTRY}permission denied: unknown", "permission denied"),
    start_error("memory limit too low to start", Code.CONTAINER_INVALID_SETTINGS, f"{OCI}unable to start container process: container init was OOM-killed (memory limit too low?): unknown", "resources.limits.memory"),
    start_error("disk full when the container starts", Code.DISK_FULL, f"{OCI}unable to apply cgroup configuration: mkdir /sys/fs/cgroup/x: no space left on device: unknown", "no space left"),
    Case("an older runtime's word for it", FAILED, Code.COMMAND_LAUNCH_FAILED, None, ended(127, "ContainerCannotRun", "no such file"), says=("no such file",)),
    # What is no failure
    not_yet("it runs", running(), 10_000),
    Case("it ended, and the phase is to come", None, state=exited(1), pod={"phase": "Running"}, waited=10_000),
    not_yet("the clock was set back", waiting(), -3600),
)  # fmt: skip
