"""The processes of one set of stores: what they are, where they listen, how they come up and go."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nativecluster import processes
from nativecluster.layout import cache_dir
from nativecluster.progress import ClusterError, wait_until

from . import azurite, moto

PARTS = ("azurite", "s3", "faults")
START_SECONDS = 60
FAULTS = Path(__file__).resolve().parent / "faultserver.py"


@dataclass(frozen=True)
class Stores:
    """The folder of one named set."""

    name: str
    root: Path

    @classmethod
    def named(cls, name: str) -> Stores:
        """The set called `name`, whether or not it exists."""
        return cls(name, cache_dir() / "stores" / name)

    @property
    def record(self) -> Path:
        """The file that says where each listens."""
        return self.root / "stores.json"

    @property
    def data(self) -> Path:
        """Azurite's blobs."""
        return self.root / "blobs"

    def process(self, part: str) -> Path:
        """The record of a part's process."""
        return self.root / f"{part}.process"

    def log(self, part: str) -> Path:
        """What a part says."""
        return self.root / f"{part}.log"


@dataclass(frozen=True)
class Addresses:
    """Where a set of stores listens."""

    address: str
    ports: dict[str, int]

    def facts(self) -> dict[str, Any]:
        """URLs, accounts and keys, as programs and people need them."""
        url = {part: f"http://{self.address}:{port}" for part, port in self.ports.items()}
        account = f"{url['azurite']}/{azurite.ACCOUNT}"
        return {
            "azure": {"url": account, "account": azurite.ACCOUNT, "accountKey": azurite.KEY},
            "s3": {"endpoint": url["s3"], "accessKeyId": moto.KEY_ID, "secretAccessKey": moto.SECRET},
            "faults": {"url": url["faults"]},
        }


def build() -> dict[str, Path]:
    """Install what is missing, side by side: where each program is."""
    with ThreadPoolExecutor() as threads:
        places = {"azurite": threads.submit(azurite.ensure), "s3": threads.submit(moto.ensure)}
        return {name: place.result() for name, place in places.items()}


def up(place: Stores, address: str) -> Addresses:
    """Start what does not run; a set that exists already keeps its addresses."""
    programs = build()
    place.data.mkdir(parents=True, exist_ok=True)
    addresses = _addresses(place, address)
    ports = addresses.ports
    commands = {
        "azurite": azurite.command(programs["azurite"], address, ports["azurite"], place.data),
        "s3": moto.command(programs["s3"], address, ports["s3"]),
        "faults": [sys.executable, str(FAULTS), address, str(ports["faults"])],
    }
    for part, command in commands.items():
        processes.start(place.process(part), place.log(part), command)
    for part in PARTS:
        _wait(place, part, addresses)
    return addresses


def down(place: Stores) -> bool:
    """Stop all and remove what they hold; False where there was nothing."""
    if not place.root.exists():
        return False
    for part in PARTS:
        processes.stop(place.process(part))
    shutil.rmtree(place.root)
    return True


def status(place: Stores) -> dict[str, int | None]:
    """Each part's process id, None for one that does not run; nothing where there is no such set."""
    return {part: processes.running(place.process(part)) for part in PARTS} if place.record.exists() else {}


def _addresses(place: Stores, address: str) -> Addresses:
    if place.record.exists():
        known = Addresses(**json.loads(place.record.read_text()))
        if known.address != address:
            raise ClusterError(f"the stores {place.name} listen at {known.address}: take them down first")
        return known
    addresses = Addresses(address, dict(zip(PARTS, _free_ports(address, len(PARTS)), strict=True)))
    place.record.write_text(json.dumps(asdict(addresses)))
    return addresses


def _free_ports(address: str, count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind((address, 0))
        return [one.getsockname()[1] for one in sockets]
    except OSError as error:
        raise ClusterError(f"{address} is no address of this machine: {error.strerror}") from error
    finally:
        for one in sockets:
            one.close()


def _wait(place: Stores, part: str, addresses: Addresses) -> None:
    def listens() -> bool:
        try:
            socket.create_connection((addresses.address, addresses.ports[part]), timeout=1).close()
        except OSError:
            return False
        return True

    def ended() -> str:
        return "" if processes.running(place.process(part)) else f"it ended: see {place.log(part)}"

    wait_until(listens, f"start of {part}", START_SECONDS, failed=ended, interval=0.05)
