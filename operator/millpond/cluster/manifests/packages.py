"""The init container that installs application packages, of nodes and of tasks: only where there are some.

It is not the task's user who installs, since all tasks of a node share what is installed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from millpond.api.applications import ApplicationPackageReferences
from millpond.api.naming import DEFAULT_STORE
from millpond.api.nodetemplate import Storage
from millpond.cluster.manifests.credentials import CREDENTIALS, secret_mounts, with_secrets
from millpond.cluster.manifests.environment import Variable, literal
from millpond.cluster.manifests.layout import ROOT, Manifest, node_mount
from millpond.cluster.manifests.security import of_agent
from millpond.cluster.manifests.storage import packages_user
from millpond.lifecycle.packages import PACKAGES_CONTAINER, PACKAGES_VARIABLE, VARIABLE, package_variables
from millpond.settings import Settings

FOLLOW = ("--follow", VARIABLE)
"""Options by which the launcher puts installations in the place of the links that variables name."""


def installer(
    references: ApplicationPackageReferences, storage: Storage, settings: Settings, requests: Manifest
) -> list[Manifest]:
    """The container, if there are packages to install; it asks for no more than comes after it in its Pod."""
    if not references:
        return []
    user = packages_user(storage, settings)
    told = json.dumps([reference.as_document() for reference in references])
    return [
        {
            "name": PACKAGES_CONTAINER,
            "image": settings.image,
            "imagePullPolicy": settings.image_pull_policy,
            "command": ["millpond", "agent", "packages", "--root", ROOT, "--credentials", CREDENTIALS],
            "env": [{"name": PACKAGES_VARIABLE, "value": literal(told)}],
            "resources": {"requests": requests},
            "volumeMounts": [node_mount(), *secret_mounts([DEFAULT_STORE])],
            "securityContext": of_agent(user.uid, user.gid),
        }
    ]


def with_store(pod: Manifest, references: ApplicationPackageReferences) -> Manifest:
    """The Pod with the Secret of the store that packages come from, if there are some."""
    return with_secrets(pod, [DEFAULT_STORE]) if references else pod


def variables_of(references: Iterable[ApplicationPackageReferences]) -> list[Variable]:
    """The variables of packages, in a container whose launcher follows links."""
    every = [reference for group in references for reference in group]
    return [{"name": name, "value": literal(path)} for name, path in package_variables(ROOT, every).items()]


def joined(variables: list[Variable], packages: list[Variable]) -> list[Variable]:
    """All of them; a setting under the name of a package's variable has no effect."""
    names = {variable["name"] for variable in packages}
    return [variable for variable in variables if variable["name"] not in names] + packages
