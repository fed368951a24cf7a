"""Unpacking what an agent sends: regular files only, inside the target directory only, whatever the archive says."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path
from typing import IO

from millpond.cli.errors import CliError


def extract(archive: IO[bytes], target: str, *, torn: bool = False) -> list[tuple[str, int]]:
    """Write the archive's files beneath `target`, and tell their names in the archive and sizes in bytes.

    Files that are there are replaced. Of a `torn` archive it is those that are whole. CliError for an entry that is no
    plain file, or that would lie elsewhere.
    """
    fetched: list[tuple[str, int]] = []
    try:
        with tarfile.open(fileobj=archive, mode="r|") as reader:
            for entry in reader:
                content = reader.extractfile(entry) if entry.isreg() else None
                if content is None:
                    raise CliError(f"The node sent {entry.name!r}, which is no plain file; nothing more was unpacked.")
                path = inside(target, entry.name)
                _write(path, content, executable=bool(entry.mode & 0o100))
                fetched.append((entry.name, entry.size))
    except tarfile.TarError as error:
        if torn:
            return fetched
        raise CliError(f"What the node sent is no whole archive ({error}).", "Fetch the files again.") from None
    except OSError as error:
        raise CliError(f"{error.filename or target} cannot be written: {error.strerror}.") from None
    return fetched


def inside(target: str, name: str) -> Path:
    """Where a file of that name is to be written, its directory made. CliError where that is not beneath `target`."""
    parts = name.split("/")
    if name.startswith("/") or any(part in ("", ".", "..") for part in parts) or "\0" in name or os.sep != "/":
        raise CliError(f"The node sent a file named {name!r}, which does not lie inside {target}; it was refused.")
    path = Path(target)
    for part in parts[:-1]:
        path /= part
        if path.is_symlink():
            raise CliError(f"{path} is a symbolic link, through which nothing is written.", "Choose another directory.")
        path.mkdir(parents=True, exist_ok=True)
    Path(target).mkdir(parents=True, exist_ok=True)
    return path / parts[-1]


def _write(path: Path, content: IO[bytes], *, executable: bool) -> None:
    """Replace the file whole; a link of that name is replaced, not followed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}"[:255])
    try:
        with temporary.open("xb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
        temporary.chmod(0o755 if executable else 0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
