"""How fast files reach a node, as a ratio to obstore alone with the same store, and what memory that takes.

The store is the faulty server without a fault, which makes up what it is asked for; it is the brake. Turn about, in one run.
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
from millpond.agent.fetch import AT_A_TIME, fetch
from millpond.agent.wanted import Wish
from millpond.lifecycle.fetching import FILE_VARIABLE
from millpond.storage.credentials import Credentials
from millpond.storage.reading import PIECE
from obstore.store import ObjectStore
from support.stores import ObjectStores

from measuring import OPERATOR
from measuring.figures import Figure

LARGE_BAR, SMALL_BAR, MEMORY_BAR = 0.8, 0.5, 60
MEBIBYTE = 1 << 20
SECRET = "store"
_PROGRAM = "import os, sys; from millpond.agent.fetch_command import run; sys.exit(run(os.environ, sys.argv[1]))"


def one_file(stores: ObjectStores, root: Path, mebibytes: int, rounds: int) -> Figure:
    """One large file."""
    name = f"{mebibytes * MEBIBYTE}.bin"
    url = stores.faulty("none")
    wish = {"storageContainerUrl": url, "httpUrl": f"{url}/{name}", "filePath": "large"}
    del wish["storageContainerUrl"]
    alone, ours = _turn_about(rounds, root, lambda to: _stream(stores.open(url), name, to), wish, stores)
    return Figure(
        f"a file of {mebibytes} MiB fetched from a store on this machine",
        f"{mebibytes / ours:.0f} MiB/s",
        f"{alone / ours:.2f} of obstore alone",
        f"{LARGE_BAR}",
        alone / ours >= LARGE_BAR,
    )


def many_files(stores: ObjectStores, root: Path, count: int, rounds: int) -> Figure:
    """A container of small ones."""
    url = stores.faulty(f"many-{count}")
    wish = {"storageContainerUrl": url}
    alone, ours = _turn_about(rounds, root, lambda _: asyncio.run(_all(stores.open(url))), wish, stores)
    return Figure(
        f"a container of {count} files listed and fetched from there",
        f"{count / ours:.0f} files/s",
        f"{alone / ours:.2f} of obstore alone, which keeps none",
        f"{SMALL_BAR}",
        alone / ours >= SMALL_BAR,
    )


def memory(stores: ObjectStores, root: Path, mebibytes: int, count: int) -> Figure:
    """The downloading process at its peak, with both at once."""
    secret = root / "secrets" / SECRET
    secret.mkdir(parents=True)
    for key, value in stores.azure_secret.items():
        (secret / key).write_text(value)
    large = {"httpUrl": f"{stores.faulty('none')}/{mebibytes * MEBIBYTE}.bin", "filePath": "large"}
    wishes = [large, {"storageContainerUrl": stores.faulty(f"many-{count}")}]
    environment = {
        f"{FILE_VARIABLE}{number}": json.dumps(wish | {"credentialsSecretName": SECRET})
        for number, wish in enumerate(wishes)
    }
    place = _empty(root / "memory")
    command = ["/usr/bin/env", sys.executable, "-c", _PROGRAM, str(root / "secrets")]
    process = subprocess.Popen(
        command, cwd=place, env=os.environ | environment | {"PYTHONPATH": str(OPERATOR)}, stdout=subprocess.DEVNULL
    )
    _, code, usage = os.wait4(process.pid, 0)
    if code:
        sys.exit(f"the download ended with {code}")
    shutil.rmtree(place)
    peak = usage.ru_maxrss / 1024
    return Figure(
        "peak memory of the download of both at once", f"{peak:.0f} MB", "", f"under {MEMORY_BAR} MB", peak < MEMORY_BAR
    )


def _turn_about(
    rounds: int, root: Path, alone: Callable[[Path], object], wish: dict[str, str], stores: ObjectStores
) -> tuple[float, float]:
    """Median seconds of obstore alone, and of the agent."""
    times: tuple[list[float], list[float]] = [], []
    for _ in range(rounds):
        for work, taken in ((alone, times[0]), (lambda to: _fetch(to, wish, stores), times[1])):
            place = _empty(root / "wd")
            begin = time.perf_counter()
            work(place)
            taken.append(time.perf_counter() - begin)
            shutil.rmtree(place)
    return statistics.median(times[0]), statistics.median(times[1])


def _empty(place: Path) -> Path:
    place.mkdir()
    return place


def _stream(store: ObjectStore, name: str, to: Path) -> None:
    with (to / "large").open("wb") as file:
        for piece in obstore.get(store, name).stream(min_chunk_size=PIECE):
            file.write(piece)


async def _all(store: ObjectStore) -> None:
    """Read all files, as many at a time as the agent does."""
    room = asyncio.Semaphore(AT_A_TIME)

    async def one(name: str) -> None:
        async with room:
            await (await obstore.get_async(store, name)).bytes_async()

    names = [entry["path"] for page in obstore.list(store) for entry in page]
    await asyncio.gather(*(one(name) for name in names))


def _fetch(place: Path, wish: dict[str, str], stores: ObjectStores) -> None:
    base = open_root(str(place))
    try:
        own = Credentials(account_key=stores.account_key)
        wanted = Wish(
            http_url=wish.get("httpUrl", ""),
            storage_container_url=wish.get("storageContainerUrl", ""),
            file_path=wish.get("filePath", ""),
            credentials_secret_name=SECRET,
        )
        fetch([wanted], base, lambda _: own, lambda _: None, room=Room(base, 1.0))
    finally:
        os.close(base)
