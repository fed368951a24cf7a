"""Where the programs are that tests run: kubectl, helm, etcd, kube-apiserver and their like."""

import os
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def folder() -> Path:
    """The folder named by MILLPOND_BINARIES, else the one that ``hack/cluster build`` fills and prints."""
    if named := os.environ.get("MILLPOND_BINARIES"):
        return Path(named)
    built = subprocess.run([ROOT / "hack" / "cluster", "build"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(built.stdout.strip().splitlines()[-1])


def path(name: str) -> Path:
    """One program; its absence is an error of the set-up, never a reason to skip a test."""
    program = folder() / name
    assert program.exists(), f"{program} is missing: run hack/cluster build {name}"
    return program
