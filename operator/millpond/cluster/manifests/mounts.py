"""What Pods on a node mount beside the node directory: the pool's file systems, and certificates by visibility."""

from __future__ import annotations

from dataclasses import dataclass

from millpond.api import labels
from millpond.api.mounts import CertificateVisibility, NodeVolume
from millpond.api.pool import PoolSpec
from millpond.cluster.manifests.layout import ROOT, Manifest

MOUNTS = f"{ROOT}/fsmounts"
CERTIFICATES = "/mnt/batch/certificates"
"""Beside the node directory, since nothing of a Secret is ever to lie in it."""
READABLE = 0o444
"""A command is not always the user that owns what the kubelet writes; nobody else is in its container."""


@dataclass(frozen=True)
class Mounts:
    """Volumes of a Pod, and where its container sees them."""

    volumes: tuple[Manifest, ...] = ()
    places: tuple[Manifest, ...] = ()

    def __add__(self, other: Mounts) -> Mounts:
        return Mounts(self.volumes + other.volumes, self.places + other.places)

    @property
    def read_only(self) -> tuple[Manifest, ...]:
        """The same places for a container that never writes."""
        return tuple({**place, "readOnly": True} for place in self.places)

    @property
    def labels(self) -> dict[str, str]:
        """The mark of a Pod that may fail to start since something that users named cannot be mounted."""
        return {labels.MOUNTS: "true"} if self.volumes else {}


def file_systems(spec: PoolSpec) -> Mounts:
    """The pool's own volumes."""
    found = spec.node_template.volumes
    names = [f"mount-{number}" for number in range(len(found))]
    return Mounts(
        tuple({"name": name} | _source(one) for name, one in zip(names, found, strict=True)),
        tuple(
            {"name": name, "mountPath": f"{MOUNTS}/{one.relative_mount_path}", "readOnly": one.read_only}
            for name, one in zip(names, found, strict=True)
        ),
    )


def certificates(spec: PoolSpec, visibility: CertificateVisibility) -> Mounts:
    """The Secrets that such a command sees, each in a directory of its name."""
    found = [one.secret_name for one in spec.certificate_references if visibility in one.visibility]
    names = [f"certificate-{number}" for number in range(len(found))]
    return Mounts(
        tuple(
            {"name": name, "secret": {"secretName": secret, "defaultMode": READABLE}}
            for name, secret in zip(names, found, strict=True)
        ),
        tuple(
            {"name": name, "mountPath": f"{CERTIFICATES}/{secret}", "readOnly": True}
            for name, secret in zip(names, found, strict=True)
        ),
    )


def certificates_directory(mounted: Mounts) -> str:
    """The value of AZ_BATCH_CERTIFICATES_DIR: "" where nothing is visible."""
    return CERTIFICATES if mounted.volumes else ""


def _source(volume: NodeVolume) -> Manifest:
    if volume.nfs is not None:
        return {"nfs": volume.nfs.as_document() | {"readOnly": volume.read_only}}
    if volume.persistent_volume_claim is not None:
        return {"persistentVolumeClaim": volume.persistent_volume_claim.as_document() | {"readOnly": volume.read_only}}
    assert volume.csi is not None
    return {"csi": volume.csi.as_document() | {"readOnly": volume.read_only}}
