"""Container images without a registry: built by buildah from recipes, cached as OCI archives, imported into nodes.

How to add an image (see `busybox` below for a whole example):

    recipe = Recipe(
        "millpond.dev/operator:dev",            # full name with tag; pods name it with imagePullPolicy IfNotPresent
        base=debian_root(["python3"]),          # a tar of a root file system; None starts from nothing
        copies=((Path("operator"), "/app"),),   # (file or folder here, absolute place in the image)
        fill=lambda root: ...,                  # anything else, done to the mounted root file system
        key="2",                                # stands for what `fill` does: change it when `fill` changes
        config=("--entrypoint", '["python3"]', "--user", "65532"),   # options of `buildah config`
    )
    archive = build(recipe)                     # built once per content; later calls return the cached file
    load(instance, cluster, [archive])          # or: hack/cluster load-image FILE
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import binaries, packages
from .configuration import PAUSE_IMAGE
from .layout import Instance, cache_dir
from .progress import ClusterError, step
from .state import locked

BUSYBOX_IMAGE = "millpond.dev/test/busybox:1"
_REFERENCE = ("org.opencontainers.image.ref.name", "io.containerd.image.name")


@dataclass(frozen=True)
class Recipe:
    """How an image is made; the module's docstring explains the fields."""

    reference: str
    base: Path | None = None
    copies: tuple[tuple[Path, str], ...] = ()
    fill: Callable[[Path], None] | None = None
    key: str = ""
    config: tuple[str, ...] = ()


def _digest(recipe: Recipe) -> str:
    """The hash of all that shapes the image. A base is named by its content already, being in the cache."""
    digest = hashlib.sha256(
        repr((recipe.reference, recipe.key, recipe.config, recipe.base and recipe.base.name)).encode()
    )
    for source, place in recipe.copies:
        files = sorted(path for path in source.rglob("*") if _belongs(path)) if source.is_dir() else [source]
        for path in files:
            digest.update(f"{place}\0{path.relative_to(source)}\0{path.stat().st_mode & 0o777}\0".encode())
            digest.update(str(path.readlink()).encode() if path.is_symlink() else path.read_bytes())
    return digest.hexdigest()[:16]


def _belongs(path: Path) -> bool:
    return "__pycache__" not in path.parts and (path.is_symlink() or path.is_file())


def build(recipe: Recipe) -> Path:
    """Return the OCI archive of a recipe's image, made now if the cache lacks it. Needs root."""
    short = recipe.reference.rpartition("/")[2].replace(":", "-")
    archive = cache_dir() / "images" / f"{short}-{_digest(recipe)}.tar"
    if archive.exists():
        return archive
    packages.require(packages.IMAGES)
    packages.require_root()
    with locked(archive.with_suffix(".lock"), f"building image {recipe.reference}"):
        if not archive.exists():
            with step(f"building image {recipe.reference}"), tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
                _build(recipe, Path(scratch)).replace(archive)
        archive.with_suffix(".lock").unlink()
    return archive


def _build(recipe: Recipe, scratch: Path) -> Path:
    """Make the image in a storage of its own that goes with `scratch`."""
    storage = ["--storage-driver", "vfs", "--root", str(scratch / "root"), "--runroot", str(scratch / "run")]

    def buildah(*argv: str) -> str:
        result = subprocess.run(["buildah", *storage, *argv], capture_output=True, text=True, check=False)
        if result.returncode:
            raise ClusterError(f"buildah {argv[0]} for {recipe.reference} failed: {result.stderr.strip()}")
        return result.stdout.strip()

    container = buildah("from", "scratch")
    root = Path(buildah("mount", container))
    if recipe.base is not None:
        subprocess.run(["tar", "-xf", str(recipe.base), "-C", str(root), "--numeric-owner"], check=True)
    for source, place in recipe.copies:
        target = root / place.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, ignore=ignore)
        else:
            shutil.copy2(source, target)
    if recipe.fill is not None:
        recipe.fill(root)
    buildah("umount", container)
    if recipe.config:
        buildah("config", *recipe.config, container)
    buildah("commit", "--quiet", "--timestamp", "0", container, recipe.reference)
    archive = scratch / "image.tar"
    buildah("push", "--quiet", recipe.reference, f"oci-archive:{archive}:{recipe.reference}")
    buildah("rm", container)
    return archive


def debian_root(include: Sequence[str], suite: str = "bookworm") -> Path:
    """A tar of a minimal Debian with the packages `include`, made by mmdebstrap and kept in the cache. Needs root."""
    digest = hashlib.sha256(f"{suite} {sorted(include)} 1".encode()).hexdigest()[:16]
    archive = cache_dir() / "images" / f"debian-{suite}-{digest}.root.tar"
    if archive.exists():
        return archive
    packages.require(packages.DEBIAN_ROOT)
    with locked(archive.with_suffix(".lock"), "building a Debian root"):
        if not archive.exists():
            fresh = archive.with_suffix(".new.tar")
            command = [
                "mmdebstrap",
                "--quiet",
                "--variant=minbase",
                f"--include={','.join(include)}",
                suite,
                str(fresh),
            ]
            with step(f"building a Debian {suite} root with {', '.join(include)}"):
                result = subprocess.run(command, capture_output=True, text=True, check=False)
            if result.returncode:
                raise ClusterError(f"mmdebstrap failed: {result.stderr.strip()[-1000:]}")
            fresh.replace(archive)
        archive.with_suffix(".lock").unlink()
    return archive


def pause() -> Path:
    """The image that holds each pod's namespaces."""
    program = binaries.path("pause")
    return build(Recipe(PAUSE_IMAGE, copies=((program, "/pause"),), config=("--entrypoint", '["/pause"]')))


def busybox() -> Path:
    """A small image with a shell and the usual commands, for tests."""
    packages.require(packages.IMAGES)
    program = Path(shutil.which("busybox") or "/bin/busybox").resolve()
    if b"ld-linux" in program.read_bytes()[:8192]:
        raise ClusterError(f"{program} needs libraries: install the Debian package busybox-static in place of busybox")

    def fill(root: Path) -> None:
        applets = subprocess.run([str(program), "--list"], capture_output=True, text=True, check=True).stdout.split()
        for applet in applets:
            if not (root / "bin" / applet).exists():
                (root / "bin" / applet).symlink_to("busybox")
        (root / "etc").mkdir()
        (root / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n")
        (root / "etc" / "group").write_text("root:x:0:\nnobody:x:65534:\n")
        (root / "root").mkdir()
        (root / "tmp").mkdir()
        (root / "tmp").chmod(0o1777)

    config = ("--cmd", "sh", "--env", "PATH=/bin")
    return build(Recipe(BUSYBOX_IMAGE, copies=((program, "/bin/busybox"),), fill=fill, key="1", config=config))


def references_of(archive: Path) -> list[str]:
    """The image names in an OCI or Docker archive."""
    with tarfile.open(archive) as tar:
        names = {name.removeprefix("./"): name for name in tar.getnames()}

        def member(name: str) -> object:
            source = tar.extractfile(names[name])
            return json.load(source) if source else None

        if "manifest.json" in names:
            manifest = member("manifest.json")
            found = [tag for item in manifest or [] for tag in item.get("RepoTags") or []]  # type: ignore[attr-defined]
        elif "index.json" in names:
            index = member("index.json")
            manifests = index["manifests"]  # type: ignore[index]
            found = [item.get("annotations", {}).get(key) for item in manifests for key in _REFERENCE]
        else:
            raise ClusterError(f"{archive} is neither an OCI nor a Docker archive")
    references = sorted({name for name in found if name})
    if not references:
        raise ClusterError(f"{archive} names no image: push it with its name (oci-archive:FILE:NAME)")
    return references


def keep(instance: Instance, archive: Path) -> Path:
    """Keep an archive with the instance, for nodes that come later; it replaces one with the same names."""
    instance.images.mkdir(parents=True, exist_ok=True)
    names = hashlib.sha256(" ".join(references_of(archive)).encode()).hexdigest()[:16]
    kept = instance.images / f"{names}.tar"
    fresh = kept.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    try:
        os.link(archive, fresh)
    except OSError:
        shutil.copyfile(archive, fresh)
    fresh.replace(kept)
    return kept


def loaded(instance: Instance) -> list[Path]:
    """Every archive a node must have: the pause image and what was loaded so far."""
    kept = sorted(instance.images.glob("*.tar")) if instance.images.is_dir() else []
    return [pause(), *kept]


def digests_of(archive: Path) -> set[tuple[str, str]]:
    """Name and digest of each image in an OCI archive; nothing for one that does not tell, as Docker's."""
    with tarfile.open(archive) as tar:
        names = {name.removeprefix("./"): name for name in tar.getnames()}
        source = tar.extractfile(names["index.json"]) if "index.json" in names else None
        manifests = json.load(source)["manifests"] if source else []
    return {
        (item["annotations"][key], item["digest"])
        for item in manifests
        for key in _REFERENCE
        if item.get("annotations", {}).get(key)
    }


def import_into(socket: Path, archive: Path) -> None:
    """Import an archive into the containerd behind `socket`, where the kubelet finds it; nothing if it is there."""
    ctr = ["ctr", "--address", str(socket), "--namespace", "k8s.io", "images"]
    listed = subprocess.run([*ctr, "list"], capture_output=True, text=True, check=False).stdout.splitlines()
    present = {(words[0], words[2]) for words in map(str.split, listed) if len(words) > 2}
    if (wanted := digests_of(archive)) and wanted <= present:
        return
    result = subprocess.run(
        [*ctr, "import", str(archive)],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise ClusterError(f"{archive} could not be imported at {socket.parent.name}: {result.stderr.strip()}")


def load(instance: Instance, sockets: list[Path], archives: list[Path]) -> None:
    """Import archives into every node, and keep them for later nodes."""
    for archive in archives:
        kept = keep(instance, archive)
        with (
            step(f"loading {', '.join(references_of(archive))} into {len(sockets)} nodes"),
            ThreadPoolExecutor(4) as pool,
        ):
            list(pool.map(lambda socket, kept=kept: import_into(socket, kept), sockets))


def export(name: str, folder: Path) -> Path:
    """Write the image called `name`, from buildah's or Docker's store, to an archive in `folder`."""
    archive = folder / "image.tar"
    tries = [
        ["buildah", "--storage-driver", "vfs", "push", "--quiet", name, f"docker-archive:{archive}:{name}"],
        ["docker", "save", "--output", str(archive), name],
    ]
    reasons = []
    for command in tries:
        if shutil.which(command[0]) is None:
            continue
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode == 0:
            return archive
        reasons.append(f"{command[0]}: {result.stderr.strip().splitlines()[-1:]}")
        archive.unlink(missing_ok=True)
    raise ClusterError(f"{name} is neither a file nor an image that buildah or docker has ({'; '.join(reasons)})")
