"""Copying files from a node: small ones as one stream, large ones each by itself, from where a broken stream ended.

A file gets its name when it is whole. What a call has begun of a large one, the next call goes on with.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from millpond.cli.access import Cluster
from millpond.cli.agents import AgentRefusalError, Place, ask
from millpond.cli.errors import CliError
from millpond.cli.extract import extract, inside
from millpond.cluster.errors import UnavailableError
from millpond.lifecycle.fileaccess import NO_SUCH_RANGE

LARGE = 8 * 1024 * 1024
"""Bytes from which on a file is fetched by itself."""
TRIES = 5
"""How often in a row a stream may break without anything having come."""

Entry = dict[str, Any]


class Fetch:
    """Copies from one place into the directory `target`; `progress` hears how many bytes have come."""

    def __init__(self, cluster: Cluster, place: Place, target: str, progress: Callable[[int], None]) -> None:
        self._cluster = cluster
        self._place = place
        self._target = target
        self._progress = progress

    async def fetch(self, entries: list[Entry], patterns: tuple[str, ...]) -> list[tuple[str, int]]:
        """Copy the files among the entries, which are what the patterns mean. Their paths and sizes, in order."""
        files = [entry for entry in entries if not entry["isDirectory"]]
        fetched: list[tuple[str, int]] = []
        if any(entry["size"] < LARGE for entry in files):
            fetched += await self._small(patterns)
        for entry in files:
            if entry["size"] >= LARGE:
                fetched.append(await self._large(entry))
        return sorted(fetched, key=lambda one: one[0].split("/"))

    async def _small(self, patterns: tuple[str, ...]) -> list[tuple[str, int]]:
        fetched: list[tuple[str, int]] = []
        tries = 0
        while True:
            after = ("--after", fetched[-1][0]) if fetched else ()
            with tempfile.TemporaryFile() as archive:
                broken = await self._receive("tar", patterns, (*after, "--below", str(LARGE)), archive.write)
                archive.seek(0)
                came = extract(archive, self._target, torn=broken is not None)
            fetched += came
            tries = 0 if came else tries + 1
            if broken is None:
                return fetched
            if tries == TRIES:
                raise broken

    async def _large(self, entry: Entry) -> tuple[str, int]:
        path = inside(self._target, entry["path"])
        part = _part_of(path, entry)
        try:
            await self._append(entry["path"], part)
            size = part.stat().st_size
            part.chmod(0o755 if int(entry["mode"], 8) & stat.S_IXUSR else 0o644)
            part.replace(path)
        except OSError as error:
            raise CliError(f"{error.filename or path} cannot be written: {error.strerror}.") from None
        return entry["path"], size

    async def _append(self, name: str, part: Path) -> None:
        """Have the part hold all of the file, from its end on. A file that has become shorter is fetched anew."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(part, flags, 0o600), "ab") as file:
            tries = 0
            self._progress(file.tell())
            while True:
                offset = file.tell()
                try:
                    broken = await self._receive("cat", (name,), ("--offset", str(offset)), file.write)
                except AgentRefusalError as refusal:
                    if refusal.code != NO_SUCH_RANGE or offset == 0:
                        raise
                    file.truncate(0)
                    file.seek(0)
                    continue
                file.flush()
                if broken is None:
                    return
                tries = 0 if file.tell() > offset else tries + 1
                if tries == TRIES:
                    raise broken

    async def _receive(
        self, what: str, arguments: tuple[str, ...], options: tuple[str, ...], write: Callable[[bytes], object]
    ) -> UnavailableError | None:
        """Ask, and write what comes; why the stream broke, if it did."""

        async def receive(chunk: bytes) -> None:
            write(chunk)
            self._progress(len(chunk))

        try:
            await ask(self._cluster, self._place, what, *arguments, options=options, receive=receive)
        except UnavailableError as error:
            return error
        return None


def _part_of(path: Path, entry: Entry) -> Path:
    """Where the file is gathered: another one for each version of it, and of other versions nothing is left."""
    version = f"{int(entry['mtime'] * 1000):x}-{entry['size']:x}"
    name = f".{path.name[:180]}"
    mine = path.with_name(f"{name}.{version}.part")
    for other in path.parent.iterdir():
        if other != mine and other.name.startswith(f"{name}.") and other.name.endswith(".part"):
            with suppress(OSError):
                other.unlink()
    return mine
