"""How fast files reach a node, as a ratio to obstore alone with the same store, and what memory that takes.

The store makes up what it is asked for, and is the brake. In one run and turn about; median of the rounds.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import obstore
from millpond.agent.arrive import Room
from millpond.agent.beneath import open_root
from millpond.agent.bring import AT_A_TIME
from millpond.agent.fetch import fetch
from millpond.agent.wanted import Wish
from millpond.lifecycle.fetching import FILE_VARIABLE
from millpond.storage.address import parse_container
from millpond.storage.credentials import Credentials
from millpond.storage.reading import PIECE
from millpond.storage.store import open_store
from obstore.store import ObjectStore

from measuring import OPERATOR
from measuring.figures import Figure

LARGE_BAR, SMALL_BAR, MEMORY_BAR = 0.8, 0.5, 60
MEBIBYTE = 1 << 20
OPENS = "store"
_PROGRAM = """
import os, sys
from millpond.agent.fetch_command import run
code = run(os.environ, sys.argv[1])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak.split()[1])
sys.exit(code)
"""


def one_file(stores: str, key: str, root: Path, mebibytes: int, rounds: int) -> Figure:
    """One large file. `stores` is the URL below which containers are called by what goes wrong in them."""
    name, url = f"{mebibytes * MEBIBYTE}.bin", f"{stores}/none"
    store = open_store(parse_container(url), Credentials(account_key=key))
    wish = Wish(http_url=f"{url}/{name}", file_path="large", credentials_secret_name=OPENS)
    alone, ours = _turn_about(rounds, root, lambda to: _stream(store, name, to), wish, key)
    return Figure(
        f"a file of {mebibytes} MiB fetched as a resource file from there",
        f"{mebibytes / ours:.0f} MiB/s",
        f"{alone / ours:.2f} of obstore alone",
        f"{LARGE_BAR}",
        alone / ours >= LARGE_BAR,
    )


def many_files(stores: str, key: str, root: Path, count: int, rounds: int) -> Figure:
    """A container of small ones."""
    url = f"{stores}/many-{count}"
    store = open_store(parse_container(url), Credentials(account_key=key))
    wish = Wish(storage_container_url=url, credentials_secret_name=OPENS)
    alone, ours = _turn_about(rounds, root, lambda to: asyncio.run(_all(store, to)), wish, key)
    return Figure(
        f"{count:,} files of 100 bytes in a container listed and fetched from there",
        f"{count / ours:.0f} a second",
        f"{alone / ours:.2f} of obstore alone",
        f"{SMALL_BAR}",
        alone / ours >= SMALL_BAR,
    )


def memory(stores: str, root: Path, mebibytes: int, count: int) -> Figure:
    """The downloading process at its peak, with both at once; its Secret is below `root`."""
    large = {"httpUrl": f"{stores}/none/{mebibytes * MEBIBYTE}.bin", "filePath": "large"}
    wishes = [large, {"storageContainerUrl": f"{stores}/many-{count}"}]
    environment = {
        f"{FILE_VARIABLE}{number}": json.dumps(wish | {"credentialsSecretName": OPENS})
        for number, wish in enumerate(wishes)
    }
    place = root / "memory"
    place.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(root / "secrets")],
        cwd=place,
        env=os.environ | environment | {"PYTHONPATH": str(OPERATOR)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    shutil.rmtree(place)
    peak = int(done.stdout.split()[-1]) / 1024
    return Figure(
        "peak memory of the download of both at once", f"{peak:.0f} MB", "", f"under {MEMORY_BAR} MB", peak < MEMORY_BAR
    )


def _turn_about(rounds: int, root: Path, alone: Callable[[Path], object], wish: Wish, key: str) -> tuple[float, float]:
    """Median seconds of obstore alone, and of the agent."""
    ways: tuple[Callable[[Path], object], ...] = (alone, lambda to: _fetch(to, wish, key))
    times: tuple[list[float], list[float]] = [], []
    for _ in range(rounds):
        for work, taken in zip(ways, times, strict=True):
            place = root / "wd"
            place.mkdir()
            begin = time.perf_counter()
            work(place)
            taken.append(time.perf_counter() - begin)
            shutil.rmtree(place)
    return statistics.median(times[0]), statistics.median(times[1])


def _stream(store: ObjectStore, name: str, to: Path) -> None:
    with (to / "large").open("wb") as file:
        for piece in obstore.get(store, name).stream(min_chunk_size=PIECE):
            file.write(piece)


async def _all(store: ObjectStore, to: Path) -> None:
    """Fetch all files, as many at a time as the agent does."""
    room = asyncio.Semaphore(AT_A_TIME)

    async def one(name: str) -> None:
        async with room:
            content = await (await obstore.get_async(store, name)).bytes_async()
        file = to / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    names = [entry["path"] for page in obstore.list(store) for entry in page]
    await asyncio.gather(*(one(name) for name in names))


def _fetch(place: Path, wish: Wish, key: str) -> None:
    base = open_root(str(place))
    try:
        fetch([wish], base, lambda _: Credentials(account_key=key), lambda _: None, room=Room(base, 1.0))
    finally:
        os.close(base)
