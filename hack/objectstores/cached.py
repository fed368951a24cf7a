"""Programs of others, installed once into the cache by a lock file with hashes."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from nativecluster.layout import cache_dir
from nativecluster.progress import ClusterError, step


def ensure(name: str, lock_file: Path, install: Callable[[Path], list[str]]) -> Path:
    """The folder in which the program is; `install` says by which command a new folder is filled, which runs in it."""
    place = cache_dir() / name / hashlib.sha256(lock_file.read_bytes()).hexdigest()[:12]
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            new = place.with_suffix(".new")
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            _run(name, install(new), new)
            new.rename(place)
    return place


def _run(name: str, command: list[str], directory: Path) -> None:
    with step(f"installing {name}"):
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"{name} could not be installed: {(done.stderr or done.stdout).strip()[-500:]}")
