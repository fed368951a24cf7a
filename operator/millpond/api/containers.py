"""The container of a task, and how images are pulled."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from millpond.api.schema import Document, ImageName, Name, keyed_by, rule, validations


class WorkingDirectory(StrEnum):
    """Where a task's command starts."""

    TASK_WORKING_DIRECTORY = "TaskWorkingDirectory"
    CONTAINER_IMAGE_DEFAULT = "ContainerImageDefault"


class ImagePullPolicy(StrEnum):
    """When the kubelet pulls an image."""

    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


class ImagePullSecret(Document):
    """A Secret in the same namespace that opens a registry."""

    name: Annotated[Name, Field(description="The Secret's name")]


ImagePullSecrets = Annotated[
    tuple[ImagePullSecret, ...],
    Field(max_length=16, json_schema_extra=keyed_by("name"), description="Secrets that open registries"),
]


class BindMountSource(StrEnum):
    """A part of the node directory."""

    SHARED = "Shared"
    STARTUP = "Startup"
    VFS_MOUNTS = "VfsMounts"
    TASK = "Task"
    JOB_PREP = "JobPrep"
    APPLICATIONS = "Applications"


class BindMount(Document):
    """A part of the node directory that the container sees, where it always is."""

    source: Annotated[
        BindMountSource,
        Field(
            description="Shared, Startup: the node's directories; VfsMounts: the pool's volumes; Task: the task's own; "
            "JobPrep: that of the job's preparation task, if tasks wait for it; Applications: installed packages"
        ),
    ]
    is_read_only: Annotated[bool, Field(description="Whether it may only be read")] = False


class ContainerSettings(Document):
    """The image a task runs in, instead of the pool's, and what its container sees."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "!has(self.containerHostBatchBindMounts) || self.workingDirectory != 'TaskWorkingDirectory' "
                "|| self.containerHostBatchBindMounts.exists(one, one.source == 'Task')",
                "the task's working directory is not mapped: add source Task to containerHostBatchBindMounts, "
                "or use workingDirectory ContainerImageDefault",
                at=".workingDirectory",
            )
        )
    )

    image_name: Annotated[ImageName, Field(description="The image, as registry/name:tag")]
    image_pull_secrets: ImagePullSecrets = ()
    working_directory: WorkingDirectory = WorkingDirectory.TASK_WORKING_DIRECTORY
    container_host_batch_bind_mounts: (
        Annotated[
            tuple[BindMount, ...],
            Field(
                max_length=len(BindMountSource),
                json_schema_extra=keyed_by("source"),
                description="What of the node directory the container sees; default: all of it, an empty list: nothing",
            ),
        ]
        | None
    ) = None
