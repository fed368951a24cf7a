"""The container of a task, and how images are pulled."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from millpond.api.schema import Document, ImageName, Name, keyed_by


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


class ContainerSettings(Document):
    """The image a task runs in, instead of the pool's."""

    image_name: Annotated[ImageName, Field(description="The image, as registry/name:tag")]
    working_directory: WorkingDirectory = WorkingDirectory.TASK_WORKING_DIRECTORY
