"""Resource files: what is downloaded for a task before its command starts (azure-batch-semantics §2.18, §7.3)."""

from typing import Annotated

from pydantic import ConfigDict, Field

from millpond.api.naming import DEFAULT_STORE
from millpond.api.schema import ATOMIC, Document, Name, rule, said, validations

PART = r"([^/.\x00-\x1f\x7f][^/\x00-\x1f\x7f]*|\.[^/.\x00-\x1f\x7f][^/\x00-\x1f\x7f]*|\.\.[^/\x00-\x1f\x7f]+)"
"""A part of a path: anything but '.' and '..'."""

WebUrl = Annotated[
    str,
    Field(
        min_length=10,
        max_length=4096,
        pattern=r"^https?://[!-~]+$",
        description="May carry a shared access signature",
        json_schema_extra=said("not a URL of a file: write http:// or https://, and no blanks"),
    ),
]
StorageUrl = Annotated[
    str,
    Field(
        min_length=6,
        max_length=4096,
        pattern=r"^(https?|s3|gs)://[!-~]+$",
        description="https://ACCOUNT.blob.core.windows.net/CONTAINER (may carry a shared access signature), "
        "s3://BUCKET/PREFIX or gs://BUCKET/PREFIX",
        json_schema_extra=said("not a container's URL: write https://, http://, s3:// or gs://, and no blanks"),
    ),
]
ContainerName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=63,
        pattern=r"^[a-z0-9](-?[a-z0-9])*$",
        json_schema_extra=said("not a container's name: use lower-case letters, digits and single '-' between them"),
    ),
]
FilePath = Annotated[
    str,
    Field(
        min_length=1,
        max_length=512,
        pattern=rf"^{PART}(/{PART})*$",
        json_schema_extra=said(
            "not a path inside the working directory: write it without a '/' at either end, '.' or '..'"
        ),
    ),
]
FileMode = Annotated[
    str,
    Field(
        min_length=3,
        max_length=4,
        pattern=r"^0?[0-7]{3}$",
        json_schema_extra=said("a file's mode is three octal digits, perhaps after a 0: write it as 0755"),
    ),
]
SecretName = Annotated[Name, Field(description="A Secret whose keys open the store")]

_SOURCES = ("httpUrl", "storageContainerUrl", "autoStorageContainerName")


class ResourceFile(Document):
    """A file, or all files of a container, downloaded into the working directory before the command starts."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                " + ".join(f"(has(self.{source}) ? 1 : 0)" for source in _SOURCES) + " == 1",
                f"a resource file is of one of {', '.join(_SOURCES)}: give exactly one of them",
            ),
            rule(
                "!has(self.httpUrl) || has(self.filePath)",
                "filePath is missing: say under which name the file of httpUrl is to be found",
                at=".filePath",
                reason="FieldValueRequired",
            ),
            rule(
                "!has(self.httpUrl) || !has(self.blobPrefix)",
                "blobPrefix is for containers: httpUrl is one file",
                at=".blobPrefix",
                reason="FieldValueForbidden",
            ),
            rule(
                "!has(self.autoStorageContainerName) || !has(self.credentialsSecretName)",
                "credentialsSecretName is for other stores: the default store's Secret opens autoStorageContainerName",
                at=".credentialsSecretName",
                reason="FieldValueForbidden",
            ),
        )
    )

    http_url: WebUrl | None = Field(default=None, description="One file")
    storage_container_url: StorageUrl | None = Field(default=None, description="All files of a container")
    auto_storage_container_name: ContainerName | None = Field(
        default=None, description="All files of a container of the namespace's default store"
    )
    blob_prefix: Annotated[str, Field(min_length=1, max_length=1024)] | None = Field(
        default=None, description="Of a container, only files whose names start so"
    )
    file_path: FilePath | None = Field(
        default=None,
        description="Below the working directory: of httpUrl the file, of a container the directory for its files",
    )
    file_mode: Annotated[FileMode, Field(description="In octal digits")] = "0770"
    credentials_secret_name: SecretName | None = Field(
        default=None, description="Default: the store is read as anybody may, or by the URL's signature"
    )


ResourceFiles = Annotated[
    tuple[ResourceFile, ...],
    Field(
        max_length=256,
        json_schema_extra=ATOMIC,
        description="Downloaded before its command starts; all must be had, else it fails without a retry",
    ),
]


def secrets_of(files: ResourceFiles) -> tuple[str, ...]:
    """The Secrets that open the files' stores, each once, in order."""
    names = {
        DEFAULT_STORE if file.auto_storage_container_name is not None else file.credentials_secret_name
        for file in files
    }
    return tuple(sorted(name for name in names if name is not None))
