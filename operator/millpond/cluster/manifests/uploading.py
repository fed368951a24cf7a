"""The sidecar that uploads output files: only where a task has some, as its user, idle until its command has ended."""

from __future__ import annotations

import json
from collections.abc import Sequence

from millpond.api.filepattern import expanded, parse_pattern, variables_in
from millpond.api.outputfile import OutputFile, upload_secrets
from millpond.api.views.outputfile import OUTPUT_FILE
from millpond.cluster.manifests.bound_pod import LAUNCHER_MARGIN_SECONDS
from millpond.cluster.manifests.credentials import CREDENTIALS, secret_mounts, with_secrets
from millpond.cluster.manifests.environment import Variable, literal, written
from millpond.cluster.manifests.layout import ROOT, Manifest, node_mount
from millpond.cluster.manifests.security import of_user
from millpond.lifecycle.uploads import UPLOAD_CONTAINER
from millpond.lifecycle.users import User
from millpond.settings import Settings

NO_ROOM: Manifest = {"requests": {"cpu": "0", "memory": "0"}}
"""It works in the room that the task has left when it ended; before that it waits, in a megabyte or two."""


def with_uploads(
    pod: Manifest, files: Sequence[OutputFile], directory: str, user: User, settings: Settings
) -> Manifest:
    """The Pod of a task with the sidecar that uploads its output files, if it has any.

    `directory` is the task's, below the node directory. Raises FilePatternError by a pattern that can mean no file.
    """
    if not files:
        return pod
    (task,) = pod["spec"]["containers"]
    for file in files:
        _check(file.file_pattern, task["env"], directory)
    inits = [*pod["spec"].get("initContainers", []), _sidecar(pod, files, directory, user, settings)]
    grace = settings.task_grace + LAUNCHER_MARGIN_SECONDS + settings.upload_limit
    spec = pod["spec"] | {"initContainers": inits, "terminationGracePeriodSeconds": grace}
    return with_secrets(pod | {"spec": spec}, upload_secrets(tuple(files)))


def _sidecar(pod: Manifest, files: Sequence[OutputFile], directory: str, user: User, settings: Settings) -> Manifest:
    (task,) = pod["spec"]["containers"]
    words = ["launcher", "defer", "--", "millpond", "agent", "upload", "--root", ROOT, "--directory", directory]
    words += ["--run", pod["metadata"]["name"], "--limit", str(settings.upload_limit), "--credentials", CREDENTIALS]
    named = frozenset[str]().union(*(variables_in(file.file_pattern) for file in files))
    return {
        "name": UPLOAD_CONTAINER,
        "image": settings.image,
        "imagePullPolicy": settings.image_pull_policy,
        "restartPolicy": "Always",
        "command": [literal(word) for word in words],
        "env": [
            *(variable for variable in task["env"] if variable["name"] in named),
            *(_described(number, file) for number, file in enumerate(files)),
        ],
        "resources": NO_ROOM,
        "volumeMounts": [node_mount(), *secret_mounts(upload_secrets(tuple(files)))],
        "securityContext": of_user(user) | {"readOnlyRootFilesystem": True},
    }


def _described(number: int, file: OutputFile) -> Variable:
    """One variable for each: all of them in one would be longer than a variable may be."""
    return {
        "name": f"{OUTPUT_FILE}{number}",
        "value": literal(json.dumps(file.as_document(), ensure_ascii=False)),
    }


def _check(pattern: str, variables: Sequence[Variable], directory: str) -> None:
    """Refuse a pattern before its task runs, which may take days; a value of a Secret is known on the node alone."""
    known = {variable["name"]: written(variable["value"]) for variable in variables if "value" in variable}
    secret = {variable["name"] for variable in variables} - known.keys()
    text = expanded(pattern, known | dict.fromkeys(secret, "x"))
    if not variables_in(pattern) & secret:
        parse_pattern(text, ROOT, (*directory.split("/"), "wd"))
