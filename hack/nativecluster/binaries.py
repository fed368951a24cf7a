"""The cluster's programs, built from the pinned Go modules into the cache and shared by every checkout.

A program is found by the hash of everything that shapes it: module files, sources, Go version and flags.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from .layout import BINARIES_MODULE, cache_dir
from .progress import ClusterError, step
from .state import locked

PACKAGES = {
    "etcd": "./etcd",
    "pause": "./pause",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "kubelet": "k8s.io/kubernetes/cmd/kubelet",
    "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
    "helm": "helm.sh/helm/v4/cmd/helm",
}
CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
NODES = ("kubelet", "kube-proxy", "pause")
SIMULATED = ("kwok",)
_GO_AT_LEAST = (1, 26)


def kubernetes_version() -> str:
    """The pinned version, such as v1.36.3."""
    found = re.search(r"^\s*k8s\.io/kubernetes (v\S+)", (BINARIES_MODULE / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise ClusterError(f"{BINARIES_MODULE / 'go.mod'} does not require k8s.io/kubernetes")
    return found[1]


def link_flags(version: str) -> str:
    """The linker's flags: small programs that know their own version."""
    major, minor = version.removeprefix("v").split(".")[:2]
    values = {
        "gitVersion": version,
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
        "gitCommit": version,
        "buildDate": "2026-01-01T00:00:00Z",
    }
    flags = ["-s -w"]
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        flags += [f"-X {package}.{name}={value}" for name, value in values.items()]
    return " ".join(flags)


def _environment() -> dict[str, str]:
    return {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOWORK": "off"}


@cache
def go_version() -> str:
    """The version of Go that builds (a Go of 1.21 or later fetches the needed one by itself)."""
    advice = "Go 1.26 or later is needed to build the cluster's programs: install it from https://go.dev/dl"
    if shutil.which("go") is None:
        raise ClusterError(f"{advice}; there is no `go` in PATH")
    result = subprocess.run(
        ["go", "env", "GOVERSION"], cwd=BINARIES_MODULE, env=_environment(), capture_output=True, text=True, check=False
    )
    version = result.stdout.strip()
    numbers = re.match(r"go(\d+)\.(\d+)", version)
    if result.returncode or numbers is None or (int(numbers[1]), int(numbers[2])) < _GO_AT_LEAST:
        raise ClusterError(f"{advice}; found {version or result.stderr.strip()}")
    return version


@cache
def folder() -> Path:
    """The cache's folder for the pinned set, whether or not it is filled."""
    digest = hashlib.sha256()
    for path in sorted(BINARIES_MODULE.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(BINARIES_MODULE)}\0".encode() + path.read_bytes() + b"\0")
    digest.update(f"{go_version()} {link_flags(kubernetes_version())}".encode())
    return cache_dir() / "bin" / digest.hexdigest()[:16]


def path(name: str) -> Path:
    """One program, built now if it is not in the cache."""
    ensure([name])
    return folder() / name


def ensure(names: list[str] | tuple[str, ...]) -> Path:
    """Build those of `names` that the cache lacks; return the folder that holds them."""
    target = folder()
    if all((target / name).exists() for name in names):
        return target
    with locked(target.with_suffix(".lock"), "building the cluster's programs"):
        lacking = [name for name in names if not (target / name).exists()]
        if lacking:
            target.mkdir(parents=True, exist_ok=True)
            _build(lacking, target)
    return target


def _build(names: list[str], target: Path) -> None:
    packages = [PACKAGES[name] for name in names]
    total = _dependencies(packages)
    compiled: list[str] = []
    with tempfile.TemporaryDirectory(dir=target, prefix=".building-") as scratch:
        command = ["go", "build", "-v", "-trimpath", "-ldflags", link_flags(kubernetes_version()), "-o", f"{scratch}/"]
        what = ", ".join(names) if len(names) <= 3 else f"{len(names)} programs of Kubernetes"
        with step(f"building {what}", lambda: f"{len(compiled)} of at most {total} packages compiled"):
            process = subprocess.Popen(
                [*command, *packages], cwd=BINARIES_MODULE, env=_environment(), stderr=subprocess.PIPE, text=True
            )
            assert process.stderr is not None
            compiled.extend(line.strip() for line in process.stderr)
            if process.wait():
                raise ClusterError("go build failed:\n" + "\n".join(compiled[-10:]))
        for name in names:
            (Path(scratch) / name).replace(target / name)


def _dependencies(packages: list[str]) -> int:
    result = subprocess.run(
        ["go", "list", "-deps", *packages],
        cwd=BINARIES_MODULE,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise ClusterError(f"the pinned modules could not be read: {result.stderr.strip()[-800:]}")
    return len(result.stdout.split())
