"""What the nodes of a pool mount for their tasks: file systems (azure-batch-semantics §2.6), certificates (§2.22)."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from millpond.api.schema import ATOMIC, Document, Name, keyed_by, rule, said, validations

Host = Annotated[
    str,
    Field(
        min_length=1,
        max_length=253,
        pattern=r"^[A-Za-z0-9._:-]+$",
        json_schema_extra=said("not a host: write its name or its address"),
    ),
]
MountPath = Annotated[
    str,
    Field(
        min_length=1,
        max_length=128,
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*){0,7}$",
        json_schema_extra=said(
            "a mount lies below the mounts directory: use names of letters, digits, '.', '_' and '-', with '/' between"
        ),
    ),
]


class NfsVolume(Document):
    """An exported directory of an NFS server."""

    server: Annotated[Host, Field(description="Its name or address, as the hosts know it")]
    path: Annotated[
        str,
        Field(
            max_length=1024,
            pattern=r"^/[^\s]*$",
            json_schema_extra=said("an export's path is absolute: begin with /"),
            description="What it exports",
        ),
    ]


class ClaimVolume(Document):
    """A PersistentVolumeClaim that is there, and outlives nodes and tasks."""

    claim_name: Annotated[Name, Field(description="In the pool's namespace")]


class SecretReference(Document):
    """A Secret in the same namespace."""

    name: Annotated[Name, Field(description="The Secret's name")]


class CsiVolume(Document):
    """A volume that a CSI driver makes for each Pod, and that goes with it."""

    driver: Annotated[Name, Field(description="The driver's name; it must know ephemeral volumes")]
    fs_type: Annotated[str, Field(max_length=32)] | None = Field(default=None, description="Default: the driver's")
    volume_attributes: Annotated[
        dict[str, Annotated[str, Field(max_length=1024)]],
        Field(max_length=32, description="What the driver wants to know"),
    ] = Field(default_factory=dict)
    node_publish_secret_ref: SecretReference | None = Field(
        default=None, description="A Secret for the driver, which it reads on the host"
    )


class NodeVolume(Document):
    """A file system for the start task and all tasks."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "[has(self.nfs), has(self.persistentVolumeClaim), has(self.csi)].filter(one, one).size() == 1",
                "a volume is nfs, persistentVolumeClaim or csi: give exactly one of them",
                at=".nfs",
            )
        )
    )

    relative_mount_path: Annotated[MountPath, Field(description="Where it is below AZ_BATCH_NODE_MOUNTS_DIR")]
    read_only: Annotated[bool, Field(description="Whether tasks may only read")] = False
    nfs: NfsVolume | None = None
    persistent_volume_claim: ClaimVolume | None = None
    csi: CsiVolume | None = None


NodeVolumes = Annotated[
    tuple[NodeVolume, ...],
    Field(
        max_length=16,
        json_schema_extra=keyed_by("relativeMountPath"),
        description="File systems below AZ_BATCH_NODE_MOUNTS_DIR",
    ),
]


class CertificateVisibility(StrEnum):
    """Who finds a certificate in its AZ_BATCH_CERTIFICATES_DIR."""

    START_TASK = "StartTask"
    TASK = "Task"


class CertificateReference(Document):
    """A Secret whose keys are files for the pool's tasks."""

    secret_name: Annotated[Name, Field(description="In the pool's namespace; also the name of the files' directory")]
    visibility: Annotated[
        tuple[CertificateVisibility, ...],
        Field(
            min_length=1,
            max_length=2,
            json_schema_extra=ATOMIC,
            description="Who finds it. Task: also managers, preparation and release tasks",
        ),
    ] = (CertificateVisibility.START_TASK, CertificateVisibility.TASK)


CertificateReferences = Annotated[
    tuple[CertificateReference, ...],
    Field(
        max_length=16,
        json_schema_extra=keyed_by("secretName"),
        description="Secrets that are mounted read-only below AZ_BATCH_CERTIFICATES_DIR",
    ),
]
