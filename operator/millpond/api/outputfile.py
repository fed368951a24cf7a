"""Output files: what of a task's is uploaded where, after which ends of it (azure-batch-semantics §2.18, §7.4)."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from millpond.api.naming import DEFAULT_STORE
from millpond.api.resourcefile import PART, ContainerName, SecretName, StorageUrl
from millpond.api.schema import ATOMIC, Document, keyed_by, rule, said, validations

MOST = 64


class UploadCondition(StrEnum):
    """After which ends of a task its output file is uploaded."""

    TASK_SUCCESS = "TaskSuccess"
    TASK_FAILURE = "TaskFailure"
    TASK_COMPLETION = "TaskCompletion"


FilePattern = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1024,
        pattern=r"[^/]$",
        description="Relative to the task's working directory, or absolute and within the node directory. $NAME and "
        "${NAME} are variables of the task; *, ?, [a-c] and [!a] fit within a name, ** any directories",
        json_schema_extra=said(
            "a pattern that ends with '/' means no file: write dir/** for all that is in a directory"
        ),
    ),
]
BlobPath = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1024,
        pattern=rf"^{PART}(/{PART})*$",
        description="The blob's name where the pattern has no wildcard, else a virtual directory for all files; "
        "default: the container's root, under the files' own names",
        json_schema_extra=said("a path in a container has no empty parts, no '.' and no '..': leave them out"),
    ),
]
HeaderName = Annotated[
    str,
    Field(
        max_length=256,
        pattern=r"^((x-ms-blob-)?([Cc]ontent-([Tt]ype|[Ee]ncoding|[Ll]anguage|[Dd]isposition)|[Cc]ache-[Cc]ontrol)"
        r"|x-(ms|amz|goog)-meta-[A-Za-z_][A-Za-z0-9_-]*)$",
        description="Content-Type, -Encoding, -Language or -Disposition, Cache-Control, also after x-ms-blob-; "
        "x-ms-meta-NAME, x-amz-meta-NAME and x-goog-meta-NAME",
        json_schema_extra=said(
            "no header that stores keep: use Content-Type, Content-Encoding, Content-Language, Content-Disposition, "
            "Cache-Control, or x-ms-meta-NAME for a word of your own"
        ),
    ),
]


class UploadHeader(Document):
    """A header that the store keeps with each file."""

    name: HeaderName
    value: Annotated[
        str,
        Field(
            max_length=1024,
            pattern=r"^[ -~]*$",
            description="What the store keeps under that name",
            json_schema_extra=said("a header's value is plain ASCII: leave out other characters"),
        ),
    ]


class OutputFileDestination(Document):
    """Where files go: a container, by its URL or as one of the namespace's default store."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "has(self.containerUrl) != has(self.autoStorageContainerName)",
                "a destination is either containerUrl or autoStorageContainerName: give exactly one of them",
            ),
            rule(
                "!has(self.autoStorageContainerName) || !has(self.credentialsSecretName)",
                "credentialsSecretName is not for autoStorageContainerName: the default store's Secret opens it",
                at=".credentialsSecretName",
                reason="FieldValueForbidden",
            ),
        )
    )

    container_url: StorageUrl | None = None
    auto_storage_container_name: ContainerName | None = Field(
        default=None, description="A container of the namespace's default store"
    )
    path: BlobPath | None = None
    credentials_secret_name: SecretName | None = Field(
        default=None, description="Default: the URL's signature opens the store, or it is open to anybody"
    )
    upload_headers: Annotated[
        tuple[UploadHeader, ...],
        Field(max_length=16, description="Kept with each file by the store", json_schema_extra=keyed_by("name")),
    ] = ()


class OutputFile(Document):
    """Files of a task that are kept when its node is not."""

    file_pattern: FilePattern
    destination: OutputFileDestination
    upload_condition: UploadCondition = UploadCondition.TASK_COMPLETION


OutputFiles = Annotated[
    tuple[OutputFile, ...],
    Field(
        max_length=MOST,
        description="Uploaded when the command has ended; the task is completed after that",
        json_schema_extra=ATOMIC,
    ),
]


def upload_secrets(files: OutputFiles) -> tuple[str, ...]:
    """The Secrets that open the files' destinations, each once, in order."""
    places = [file.destination for file in files]
    names = {
        DEFAULT_STORE if at.auto_storage_container_name is not None else at.credentials_secret_name for at in places
    }
    return tuple(sorted(name for name in names if name is not None))
