"""Layers: reproducible tar files in the cache, named by what shapes them. Knows nothing of whole images."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nativecluster.layout import cache_dir
from nativecluster.progress import step
from nativecluster.state import locked

# Left out of a base: what a container never reads. Device nodes come from the container runtime.
_NEVER_READ = (
    "dev",
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/doc",
)


@dataclass(frozen=True)
class File:
    """One file of a layer: where it comes from, where it goes, and its mode."""

    place: str
    source: Path
    mode: int = 0o644

    def content(self) -> bytes:
        return self.source.read_bytes()


def folder() -> Path:
    """Where layers are kept."""
    return cache_dir() / "images" / "layers"


def cached(name: str, key: str, make: Callable[[Path], None]) -> Path:
    """The layer called `name` for `key`: from the cache, else written by `make` to the path it is given."""
    layer = folder() / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.tar"
    if layer.exists():
        return layer
    with locked(layer.with_suffix(".lock"), f"layer {name}"):
        if not layer.exists():
            fresh = layer.with_suffix(".new")
            with step(f"layer {name}"):
                make(fresh)
            fresh.replace(layer)
    layer.with_suffix(".lock").unlink(missing_ok=True)
    return layer


def of_debian(name: str, root: Path, keep: Iterable[str] = (), leave: Iterable[str] = ()) -> Path:
    """A base layer from the tar of a Debian root, less what is never read and the places `leave`, but with `keep`."""
    kept, left = tuple(keep), tuple(leave)

    def wanted(member: tarfile.TarInfo) -> bool:
        path = PurePosixPath(member.name)
        if any(path.is_relative_to(place) for place in left):
            return False
        return any(path.is_relative_to(place) for place in kept) or not any(
            path.is_relative_to(place) and str(path) != place for place in _NEVER_READ
        )

    def make(target: Path) -> None:
        with tarfile.open(root) as source, tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as layer:
            for member in source:
                if wanted(member):
                    layer.addfile(member, source.extractfile(member) if member.isreg() else None)

    return cached(name, f"{root.name} {kept} {_NEVER_READ} {left} 1", make)


def of_files(name: str, files: Iterable[File]) -> Path:
    """A layer of single files, owned by root, with one and the same time, so that equal content is an equal layer."""
    ordered = sorted(files, key=lambda file: file.place)
    digest = hashlib.sha256()
    for file in ordered:
        digest.update(f"{file.place}\0{file.mode:o}\0{len(file.content())}\0".encode() + file.content())

    def make(target: Path) -> None:
        with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as layer:
            for parent in _parents(ordered):
                entry = tarfile.TarInfo(parent)
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                layer.addfile(entry)
            for file in ordered:
                entry = tarfile.TarInfo(file.place)
                content = file.content()
                entry.size, entry.mode = len(content), file.mode
                layer.addfile(entry, io.BytesIO(content))

    return cached(name, digest.hexdigest(), make)


def tree(source: Path, place: str) -> list[File]:
    """The files below `source` as files below `place`; compiled leftovers of other Pythons stay out."""
    return [
        File(f"{place}/{path.relative_to(source).as_posix()}", path, 0o755 if path.stat().st_mode & 0o111 else 0o644)
        for path in sorted(source.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    ]


def _parents(files: Iterable[File]) -> list[str]:
    """Every folder above the files. The usual ones of a Debian root are links there, and are not repeated."""
    found = {str(parent) for file in files for parent in PurePosixPath(file.place).parents}
    return sorted(found - {".", "usr", "usr/local", "usr/local/bin"})
