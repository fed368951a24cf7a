"""An OCI archive from layers, as the OCI image specification has it. Knows nothing of what the layers contain."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nativecluster.layout import cache_dir
from nativecluster.progress import step
from nativecluster.state import locked

_EPOCH = "1970-01-01T00:00:00Z"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_KEPT = 3


@dataclass(frozen=True)
class Image:
    """A name with its tag, layers from the bottom up, and how a container of it starts."""

    reference: str
    layers: Sequence[Path]
    user: str = ""
    working_dir: str = "/"
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """The last part of the name, without the tag."""
        return self.reference.rpartition("/")[2].partition(":")[0]

    def settings(self) -> dict[str, Any]:
        """The `config` of the OCI image configuration."""
        path = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        settings = {
            "User": self.user,
            "WorkingDir": self.working_dir,
            "Entrypoint": list(self.entrypoint),
            "Cmd": list(self.command),
            "Env": [f"{name}={value}" for name, value in {**path, **self.environment}.items()],
            "Labels": dict(self.labels),
        }
        return {name: value for name, value in settings.items() if value}


def write(image: Image) -> Path:
    """The image's archive, from the cache or written now. Older archives of the image are dropped, but for a few."""
    key = json.dumps([image.reference, image.settings(), [layer.name for layer in image.layers], 1])
    folder = cache_dir() / "images"
    archive = folder / f"{image.short}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.oci.tar"
    if archive.exists():
        return archive
    with locked(archive.with_suffix(".lock"), f"image {image.reference}"):
        if not archive.exists():
            fresh = archive.with_suffix(".new")
            with step(f"image {image.reference}"):
                _write(image, fresh)
            fresh.replace(archive)
    archive.with_suffix(".lock").unlink(missing_ok=True)
    known = sorted(folder.glob(f"{image.short}-*.oci.tar"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in known[_KEPT:]:
        old.unlink(missing_ok=True)
    return archive


def _write(image: Image, target: Path) -> None:
    digests = [_digest(layer) for layer in image.layers]
    config = _document(
        {
            "created": _EPOCH,
            "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
            "os": "linux",
            "config": image.settings(),
            "rootfs": {"type": "layers", "diff_ids": digests},
            "history": [{"created": _EPOCH, "created_by": layer.name} for layer in image.layers],
        }
    )
    manifest = _document(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": _descriptor("application/vnd.oci.image.config.v1+json", config),
            "layers": [
                {
                    "mediaType": "application/vnd.oci.image.layer.v1.tar",
                    "digest": digest,
                    "size": layer.stat().st_size,
                }
                for digest, layer in zip(digests, image.layers, strict=True)
            ],
        }
    )
    entry = _descriptor("application/vnd.oci.image.manifest.v1+json", manifest)
    names = {"io.containerd.image.name": image.reference, "org.opencontainers.image.ref.name": image.reference}
    index = _document({"schemaVersion": 2, "manifests": [{**entry, "annotations": names}]})
    with tarfile.open(target, "w") as archive:
        _add(archive, "oci-layout", _document({"imageLayoutVersion": "1.0.0"}))
        _add(archive, "index.json", index)
        for blob in (manifest, config):
            _add(archive, f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}", blob)
        for digest, layer in zip(digests, image.layers, strict=True):
            entry_of_layer = tarfile.TarInfo(f"blobs/sha256/{digest.removeprefix('sha256:')}")
            entry_of_layer.size = layer.stat().st_size
            with layer.open("rb") as content:
                archive.addfile(entry_of_layer, content)


def _document(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode()


def _descriptor(media_type: str, blob: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{hashlib.sha256(blob).hexdigest()}", "size": len(blob)}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
