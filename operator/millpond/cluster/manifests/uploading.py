"""The sidecar that uploads output files: only where a task has some, as its user, idle until its command has ended."""

from __future__ import annotations

import json
from collections.abc import Sequence

from millpond.api import labels
from millpond.api.filepattern import FilePatternError, expanded, parse_pattern, variables_in
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
"""It works in the room that the task has left when it ended; before that it waits, in three megabytes."""


def with_uploads(
    pod: Manifest, files: Sequence[OutputFile], directory: str, user: User, settings: Settings
) -> Manifest:
    """The Pod of a task with the sidecar that uploads its output files, if it has any.

    A Secret that is missing stops the task before its command, and not after hours of it. `directory` is the task's,
    below the node directory. Raises FilePatternError by a pattern that can mean no file.
    """
    if not files:
        return pod
    variables = pod["spec"]["containers"][0]["env"]
    told = [_told(file, variables, directory) for file in files]
    secrets = upload_secrets(tuple(files))
    sidecar = _sidecar(pod["metadata"]["name"], told, directory, user, settings)
    sidecar |= {"volumeMounts": [node_mount(), *secret_mounts(secrets)]}
    grace = settings.task_grace + LAUNCHER_MARGIN_SECONDS + settings.upload_limit
    inits = [*pod["spec"].get("initContainers", []), sidecar]
    spec = pod["spec"] | {"initContainers": inits, "terminationGracePeriodSeconds": grace}
    made = with_secrets(pod | {"spec": spec}, secrets, required=True)
    if not secrets:
        return made
    metadata = pod["metadata"]
    return made | {"metadata": metadata | {"labels": metadata["labels"] | {labels.MOUNTS: "true"}}}


def _told(file: OutputFile, variables: Sequence[Variable], directory: str) -> Manifest:
    """What the sidecar is told of an output file: its pattern with values for variables, and known to mean something.

    A pattern is refused here and now, before its task runs, which may take days.
    """
    known = {variable["name"]: written(variable["value"]) for variable in variables if "value" in variable}
    hidden = {variable["name"] for variable in variables} - known.keys()
    if named := sorted(variables_in(file.file_pattern) & hidden):
        raise FilePatternError(
            f"the pattern {file.file_pattern!r} names the variable {named[0]!r}, whose value, as that of a Secret, is "
            "known on the node alone: use a variable that has its value in the task"
        )
    text = expanded(file.file_pattern, known)
    parse_pattern(text, ROOT, (*directory.split("/"), "wd"))
    return file.as_document() | {"filePattern": text}


def _sidecar(run: str, told: Sequence[Manifest], directory: str, user: User, settings: Settings) -> Manifest:
    words = ["launcher", "defer", "--", "millpond", "agent", "upload", "--root", ROOT, "--directory", directory]
    words += ["--run", run, "--limit", str(settings.upload_limit), "--credentials", CREDENTIALS]
    return {
        "name": UPLOAD_CONTAINER,
        "image": settings.image,
        "imagePullPolicy": settings.image_pull_policy,
        "restartPolicy": "Always",
        "command": [literal(word) for word in words],
        "env": [_described(number, document) for number, document in enumerate(told)],
        "resources": NO_ROOM,
        "securityContext": of_user(user) | {"readOnlyRootFilesystem": True},
    }


def _described(number: int, document: Manifest) -> Variable:
    """One variable for each: all of them in one would be longer than a variable may be."""
    return {"name": f"{OUTPUT_FILE}{number}", "value": literal(json.dumps(document, ensure_ascii=False))}
