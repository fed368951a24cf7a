"""Which files of the checkout are ours to check: tracked or new, never ignored ones."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def sources(root: Path, *suffixes: str) -> list[Path]:
    """Files below `root` that git knows or would add, with one of the suffixes ("" = scripts without one), in order."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = [root / name for name in listed.split("\0") if name]
    return sorted(path for path in paths if path.suffix in suffixes and path.is_file())


def python_scripts(root: Path) -> list[Path]:
    """Programs in hack/ that are Python by their first line."""
    return [path for path in sources(root, "") if path.parts[len(root.parts)] == "hack" and _is_python(path)]


def _is_python(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.readline()
    return first.startswith(b"#!") and b"python" in first
