"""What the Pod of a multi-instance task's instance has beyond that of another task (azure-batch-semantics §4.10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address

from millpond.api import labels, naming
from millpond.api.commandline import split_command_line
from millpond.api.resourcefile import ResourceFile
from millpond.api.task import Task
from millpond.cluster.manifests.environment import Variable
from millpond.cluster.manifests.layout import ROOT
from millpond.cluster.manifests.node_pod import RENDEZVOUS_PORT
from millpond.control.actions import StartAttempt
from millpond.lifecycle.variables import Scope

WORD = "MILLPOND_GROUP_TOKEN"
ADDRESS = "MILLPOND_POD_IP"
"""Variables for the launcher alone, which hides them from the commands."""


@dataclass(frozen=True)
class Part:
    """Whose environment it has, its directory below the node directory, and what is added."""

    scope: Scope
    directory: str
    options: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)


def part_of(start: StartAttempt, task: Task, own: str, token: str) -> Part:
    """The part of the attempt that this Pod is; all of it where the task is no multi-instance task.

    `own` is the task's directory. Raises CommandLineError when the coordination command line cannot be split.
    """
    group = task.spec.multi_instance_settings
    if group is None or not start.instances:
        return Part(Scope.TASK, own)
    tags = {
        labels.INSTANCE: str(start.instance),
        labels.INSTANCES: str(start.instances),
        labels.GATHERING: gathering(token),
    }
    words = [
        *("--rendezvous", _authority(start.rendezvous), "--instance", str(start.instance)),
        *("--instances", str(start.instances), "--cores", str(max(1, start.cpu_millis // 1000))),
        *("--shared", f"{ROOT}/{own}"),
    ]
    for word in split_command_line(group.coordination_command_line):
        words += ["--coordination", word]
    secrets: tuple[Variable, ...] = (
        {"name": WORD, "value": token},
        {"name": ADDRESS, "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    )
    scope = Scope.SUBTASK if start.instance else Scope.PRIMARY
    return Part(scope, f"{own}/{start.instance}" if start.instance else own, tuple(words), secrets, tags)


def files_of(start: StartAttempt, task: Task) -> tuple[tuple[ResourceFile, ...], str]:
    """What the Pod downloads, and into which directory below the task's: its own files, and those of all instances.

    The former are the primary's alone, and go into its working directory.
    """
    group = task.spec.multi_instance_settings
    own = () if start.instance else task.spec.resource_files
    if group is None or not group.common_resource_files:
        return own, "wd"
    below = tuple(file.model_copy(update={"file_path": _below("wd", file.file_path)}) for file in own)
    return (*group.common_resource_files, *below), "."


def _below(directory: str, path: str | None) -> str:
    return f"{directory}/{path}" if path else directory


def gathering(token: str) -> str:
    """What Pods made with that token have in common, for all to see; "" without one."""
    return naming.digest(token) if token else ""


def _authority(address: str) -> str:
    """The rendezvous at that address, as it is dialled."""
    host = f"[{address}]" if ip_address(address).version == 6 else address
    return f"{host}:{RENDEZVOUS_PORT}"
