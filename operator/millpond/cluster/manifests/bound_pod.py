"""What a Pod that the operator binds to a host consists of, be it of a task or of a job's preparation or release."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from millpond.api import labels
from millpond.api.applications import ApplicationPackageReferences
from millpond.api.commandline import split_command_line
from millpond.api.containers import ContainerSettings, ImagePullSecrets, WorkingDirectory
from millpond.api.environment import EnvironmentSetting
from millpond.api.job import Job
from millpond.api.mounts import CertificateVisibility
from millpond.api.pool import Pool
from millpond.cluster.manifests.binds import TASK_HOME, data_mounts, is_bound
from millpond.cluster.manifests.environment import Variable, environment, literal
from millpond.cluster.manifests.identity import KEEP_HOST, SURVIVE_SILENCE
from millpond.cluster.manifests.layout import (
    LAUNCHER,
    ROOT,
    Manifest,
    launcher_mount,
    node_mount,
    task_directory,
)
from millpond.cluster.manifests.mounts import Mounts, certificates, certificates_directory, file_systems
from millpond.cluster.manifests.packages import FOLLOW, joined, variables_of
from millpond.cluster.manifests.security import of_pod, of_user
from millpond.cluster.manifests.storage import node_volume
from millpond.lifecycle.exits import PREPARE_CONTAINER, TASK_CONTAINER
from millpond.lifecycle.users import User
from millpond.lifecycle.variables import Facts, Scope, service_variables
from millpond.settings import Settings

READABLE = "--readable"
"""The launcher's option by which other users may read what the command leaves."""
LAUNCHER_MARGIN_SECONDS = 5
"""What the kubelet grants beyond the command's own grace, so that the launcher can write its record."""


@dataclass(frozen=True)
class Place:
    """Where a Pod runs: the node, and its host."""

    namespace: str
    pool: str
    node: str
    host: str
    dedicated: bool


@dataclass(frozen=True)
class Command:
    """What the launcher runs. `directory` is below the node directory; `options` are the launcher's own.

    `owner` is name and uid of the object to which the directory belongs; `retention` as the launcher has it.
    """

    line: str
    directory: str
    container: ContainerSettings | None
    user: User
    owner: tuple[str, str]
    retention: int
    options: tuple[str, ...] = ()
    preparation: str = ""
    """The directory of the job's preparation task, where that has ended before; below the node directory."""
    packages: ApplicationPackageReferences = ()

    @property
    def pull_secrets(self) -> ImagePullSecrets:
        """Secrets of its own that open registries."""
        return self.container.image_pull_secrets if self.container is not None else ()


def bound_pod(
    metadata: Manifest,
    place: Place,
    pool: Pool,
    container: Manifest,
    settings: Settings,
    inits: Sequence[Manifest] = (),
    pull_secrets: ImagePullSecrets = (),
) -> Manifest:
    """The manifest of a Pod on the place's host, kept by its evidence finalizer until its end is counted."""
    template, mounted = pool.spec.node_template, _mounted(pool)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "namespace": place.namespace,
            "finalizers": [labels.EVIDENCE_FINALIZER],
            **metadata,
            "labels": metadata["labels"] | mounted.labels,
            "annotations": KEEP_HOST | metadata.get("annotations", {}),
        },
        "spec": {
            "nodeName": place.host,
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": settings.task_grace + LAUNCHER_MARGIN_SECONDS,
            "tolerations": _tolerations(pool),
            "imagePullSecrets": [
                {"name": name} for name in dict.fromkeys(s.name for s in (*pull_secrets, *template.image_pull_secrets))
            ],
            "securityContext": of_pod(settings.task_gid),
            "volumes": [
                node_volume(template.storage, place.namespace, place.pool, place.node, settings),
                *mounted.volumes,
            ],
            **({"initContainers": list(inits)} if inits else {}),
            "containers": [container],
        },
    }


def _mounted(pool: Pool) -> Mounts:
    """What commands of jobs mount beside the node directory."""
    return file_systems(pool.spec) + certificates(pool.spec, CertificateVisibility.TASK)


def _tolerations(pool: Pool) -> list[Manifest]:
    """All that kube-scheduler would mind, since the operator has chosen the host; NoExecute where its nodes bear it."""
    of_node = [t.model_dump(mode="json", by_alias=True, exclude_none=True) for t in pool.spec.node_template.tolerations]
    return [*of_node, *SURVIVE_SILENCE, {"operator": "Exists", "effect": "NoSchedule"}]


def job_environment(
    scope: Scope,
    place: Place,
    job: Job,
    pool: Pool,
    task_id: str,
    settings: Iterable[EnvironmentSetting],
    token: str = "",
    directory: str = "",
) -> list[Variable]:
    """The variables of something that a job runs on a node: the job's settings, its own, and the service's.

    `directory`, below the node directory, is its own where that is not the one of its id.
    """
    name, preparation = job.metadata.name, job.spec.job_preparation_task
    facts = Facts(
        place.namespace,
        place.pool,
        place.node,
        ROOT,
        directory or task_directory(name, task_id),
        dedicated=place.dedicated,
        job=name,
        id=task_id,
        preparation=task_directory(name, preparation.id) if preparation is not None else "",
        token=token,
        shared=task_directory(name, task_id),
        certificates=certificates_directory(certificates(pool.spec, CertificateVisibility.TASK)),
    )
    return environment((job.spec.common_environment_settings, settings), service_variables(scope, facts))


def run_container(
    command: Command, variables: list[Variable], resources: Manifest, pool: Pool, settings: Settings
) -> Manifest:
    """The container that runs the command. Raises CommandLineError when the command line cannot be split."""
    directory = f"{ROOT}/{command.directory}"
    container = command.container
    in_image = container is not None and container.working_directory is WorkingDirectory.CONTAINER_IMAGE_DEFAULT
    packages = variables_of((pool.spec.application_package_references, command.packages))
    words = ["run", "--directory", TASK_HOME if is_bound(container) else directory]
    words += ["--working-directory", "." if in_image else f"{directory}/wd", *keeping(command)]
    words += [*command.options, *(FOLLOW if packages else ()), "--grace", str(settings.task_grace)]
    words += ["--", *split_command_line(command.line)]
    mounts = [
        *data_mounts(container, command.directory, command.preparation, pool),
        launcher_mount(),
        *certificates(pool.spec, CertificateVisibility.TASK).places,
    ]
    made = launched(TASK_CONTAINER, words, command, pool)
    return made | {"env": joined(variables, packages), "resources": resources, "volumeMounts": mounts}


def ahead(command: Command, pool: Pool) -> list[Manifest]:
    """What makes the task's directory where the command's container sees parts of the node directory only.

    The kubelet would make what it mounts and does not find, but as root's.
    """
    if not is_bound(command.container):
        return []
    directory = f"{ROOT}/{command.directory}"
    words = ["prepare", "--directory", directory, "--working-directory", f"{directory}/wd", *keeping(command)]
    words += [option for option in command.options if option == READABLE]
    # What goes wrong is found, and told, by the command's own launcher.
    words += ["--report-only", "--", LAUNCHER, "version"]
    return [launched(PREPARE_CONTAINER, words, command, pool)]


def keeping(command: Command) -> list[str]:
    """The launcher's options that say whose the command's directory is."""
    return ["--owner", "/".join(command.owner), "--retention", str(command.retention)]


def launched(name: str, words: Sequence[str], command: Command, pool: Pool) -> Manifest:
    """A container that starts with the launcher, in the command's image and as its user."""
    container = command.container
    template = pool.spec.node_template
    return {
        "name": name,
        "image": container.image_name if container else template.image,
        "imagePullPolicy": template.image_pull_policy.value,
        "command": [literal(word) for word in (LAUNCHER, *words)],
        "volumeMounts": [node_mount(), launcher_mount()],
        "securityContext": of_user(command.user),
    }
