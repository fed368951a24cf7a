"""Which cluster the demonstration runs on, and how the two images get there. Knows nothing of the farm.

In this order: the cluster that MILLPOND_KUBECONFIG names; kind, where a Docker engine answers; the native cluster.
The way to kind is tested by its command lines alone: where the tests run, kind's privileged containers do not start.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nativecluster import binaries, operations, packages
from nativecluster.layout import Instance
from nativecluster.operations import NodeWish
from nativecluster.progress import ClusterError, say, step
from ociimages.images import POVRAY_IMAGE, ROOT, operator, operator_image, povray

from .commands import Commands

NAME = "millpond"
NODES = 3
_KIND_CONFIG = "\n".join(
    [
        "kind: Cluster",
        "apiVersion: kind.x-k8s.io/v1alpha4",
        "nodes:",
        "- role: control-plane",
        *["- role: worker"] * NODES,
    ]
)


@dataclass(frozen=True)
class Ready:
    """A cluster that runs and has the images."""

    kubeconfig: Path
    kubectl: str
    helm: str
    millpond_image: str
    povray_image: str
    build: str = ""
    """Names the content of the operator's image, so that new content under the same tag is rolled out."""


class Cluster(Protocol):
    """A way to a cluster."""

    @property
    def title(self) -> str:
        """What it is, for people."""

    def prepare(self, commands: Commands) -> Ready:
        """Make it run, and bring the images there."""


@dataclass(frozen=True)
class Named:
    """Somebody's cluster. Its nodes have the images already, or pull them from the registry that is named."""

    kubeconfig: Path
    registry: str = ""

    @property
    def title(self) -> str:
        return f"the cluster of {self.kubeconfig}"

    def prepare(self, commands: Commands) -> Ready:
        del commands
        if not self.kubeconfig.is_file():
            raise ClusterError(f"MILLPOND_KUBECONFIG names {self.kubeconfig}, which is no file")
        _need("kubectl", "helm")
        millpond, povray_image = operator_image(), POVRAY_IMAGE
        if self.registry:
            millpond, povray_image = (f"{self.registry}/{name.rpartition('/')[2]}" for name in (millpond, povray_image))
        else:
            say(
                f"expecting {millpond} and {povray_image} on its nodes; MILLPOND_REGISTRY names a registry to pull from"
            )
        return Ready(self.kubeconfig, "kubectl", "helm", millpond, povray_image)


@dataclass(frozen=True)
class Kind:
    """Kubernetes in Docker: images by Docker, from the Dockerfiles."""

    folder: Path = ROOT / "out"

    @property
    def title(self) -> str:
        return f"kind cluster {NAME}"

    def prepare(self, commands: Commands) -> Ready:
        _need("kind", "kubectl", "helm")
        millpond = operator_image()
        with step(f"docker builds {millpond} and {POVRAY_IMAGE}"):
            build = ("docker", "build", "--quiet", "--file")
            commands.run(*build, str(ROOT / "operator/Dockerfile"), "--tag", millpond, str(ROOT))
            commands.run(
                *build, str(ROOT / "examples/render/Dockerfile"), "--tag", POVRAY_IMAGE, str(ROOT / "examples/render")
            )
        if NAME not in commands.run("kind", "get", "clusters").split():
            with step(f"creating the kind cluster {NAME}"):
                commands.run(
                    "kind", "create", "cluster", "--name", NAME, "--config", "-", "--wait", "180s", text=_KIND_CONFIG
                )
        kubeconfig = self.folder / "kind.kubeconfig"
        kubeconfig.parent.mkdir(parents=True, exist_ok=True)
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_text(commands.run("kind", "get", "kubeconfig", "--name", NAME))
        with step("loading the images into the nodes"):
            commands.run("kind", "load", "docker-image", "--name", NAME, millpond, POVRAY_IMAGE)
        content = commands.run("docker", "image", "inspect", "--format", "{{.Id}}", millpond).strip()
        return Ready(kubeconfig, "kubectl", "helm", millpond, POVRAY_IMAGE, content)


@dataclass(frozen=True)
class Native:
    """Kubernetes as processes of this machine, by hack/cluster: programs, images and nodes are made side by side."""

    name: str = NAME

    @property
    def title(self) -> str:
        return f"native cluster {self.name} (hack/cluster)"

    def prepare(self, commands: Commands) -> Ready:
        del commands
        packages.extend_path()
        packages.require_root()
        packages.require(packages.CONTROL_PLANE, packages.NODES, packages.IMAGES, packages.DEBIAN_ROOT)
        instance = Instance.named(self.name)
        with ThreadPoolExecutor(2) as side_by_side:
            archives = side_by_side.submit(_both, operator, povray)
            folder = binaries.ensure((*binaries.CONTROL_PLANE, *binaries.NODES, "helm"))
            operations.up(instance, NODES, kubelets=True, wish=NodeWish())
            made = archives.result()
            _load(instance, made)
        kubectl, helm = str(folder / "kubectl"), str(folder / "helm")
        return Ready(instance.kubeconfig, kubectl, helm, operator_image(), POVRAY_IMAGE, made[0].name)


def find(commands: Commands) -> Cluster:
    """The cluster to use, by what there is."""
    if named := os.environ.get("MILLPOND_KUBECONFIG"):
        return Named(Path(named), os.environ.get("MILLPOND_REGISTRY", "").rstrip("/"))
    if commands.succeeds("docker", "info"):
        return Kind()
    return Native(os.environ.get("MILLPOND_CLUSTER", NAME))


def _both(*makers: Callable[[], Path]) -> list[Path]:
    return [make() for make in makers]


def _load(instance: Instance, archives: Sequence[Path]) -> None:
    """Load what the cluster has not kept already: the cluster brings what it kept to every node by itself."""
    kept = list(instance.images.glob("*.tar")) if instance.images.is_dir() else []
    fresh = [str(archive) for archive in archives if not any(archive.samefile(one) for one in kept)]
    if fresh:
        operations.load_images(instance, fresh)


def _need(*programs: str) -> None:
    if missing := [program for program in programs if shutil.which(program) is None]:
        raise ClusterError(f"missing in PATH: {', '.join(missing)}; install them and run this again")
