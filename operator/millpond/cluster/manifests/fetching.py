"""The init container that downloads resource files: only where there are some, as the user who needs them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from millpond.api.resourcefile import ResourceFile, secrets_of
from millpond.cluster.manifests.bound_pod import Command, keeping
from millpond.cluster.manifests.credentials import CREDENTIALS, secret_mounts, with_secrets
from millpond.cluster.manifests.environment import literal
from millpond.cluster.manifests.layout import ROOT, Manifest, node_mount
from millpond.cluster.manifests.security import of_user
from millpond.lifecycle.fetching import FETCH_CONTAINER, FILE_VARIABLE
from millpond.lifecycle.users import User
from millpond.settings import Settings

FAILED = "fetch-failed.txt"
"""Beside `wd` of a start task: why its files could not be had, which keeps its command from starting."""


def with_files(
    pod: Manifest,
    files: Sequence[ResourceFile],
    command: Command,
    settings: Settings,
    *,
    readable: bool = False,
    into: str = "wd",
) -> Manifest:
    """The Pod with a download before its command, if there are files; a failure then fails the Pod.

    What comes into the directory of a `readable` command may be read by others. `into` is below that directory; "."
    is the directory itself.
    """
    if not files:
        return pod
    task = pod["spec"]["containers"][0]
    words = [*keeping(command), *(["--readable"] if readable else [])]
    told = ["--credentials", CREDENTIALS]
    container = _container(files, command.directory, command.user, settings, words, told, into)
    # The Pod's request is that of its largest container: the task's room is enough, and quotas want a word of each.
    requests = {
        name: amount for name, amount in task["resources"].get("requests", {}).items() if name in ("cpu", "memory")
    }
    inits = pod["spec"].get("initContainers", [])
    sidecars = [init for init in inits if "restartPolicy" in init]
    before = [init for init in inits if "restartPolicy" not in init]
    spec = pod["spec"] | {"initContainers": [*before, container | {"resources": {"requests": requests}}, *sidecars]}
    return with_secrets(pod | {"spec": spec}, secrets_of(tuple(files)))


def start_fetch(files: Sequence[ResourceFile], directory: str, user: User, settings: Settings) -> list[Manifest]:
    """The download before a start task, if there are files. A failure leaves a node that can be looked into."""
    if not files:
        return []
    told = ["--credentials", CREDENTIALS, "--failed", f"{ROOT}/{directory}/{FAILED}"]
    return [_container(files, directory, user, settings, ["--readable", "--report-only"], told)]


def _container(
    files: Sequence[ResourceFile],
    directory: str,
    user: User,
    settings: Settings,
    launcher_options: Sequence[str],
    options: Sequence[str],
    into: str = "wd",
) -> Manifest:
    own = f"{ROOT}/{directory}"
    place = own if into == "." else f"{own}/{into}"
    words = ["launcher", "prepare", "--directory", own, "--working-directory", place, *launcher_options]
    words += ["--", "millpond", "agent", "fetch", *options]
    return {
        "name": FETCH_CONTAINER,
        "image": settings.image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": [literal(word) for word in words],
        "env": [_variable(number, file) for number, file in enumerate(files)],
        "volumeMounts": [node_mount(), *secret_mounts(secrets_of(tuple(files)))],
        "securityContext": of_user(user) | {"readOnlyRootFilesystem": True},
    }


def _variable(number: int, file: ResourceFile) -> Manifest:
    return {"name": f"{FILE_VARIABLE}{number}", "value": literal(json.dumps(file.as_document(), ensure_ascii=False))}
