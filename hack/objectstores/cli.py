"""The command line of `hack/stores`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from nativecluster import packages
from nativecluster.layout import checked_name
from nativecluster.progress import ClusterError, say

from . import stores
from .stores import Stores


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 if all is well, 1 if not, 2 for a command line that makes no sense."""
    parser = argparse.ArgumentParser(
        prog="hack/stores", description="Azurite, an S3 server and a faulty HTTP server as plain processes."
    )
    parser.add_argument(
        "command", choices=("up", "down", "status", "build"), help="build: install the programs into the cache"
    )
    parser.add_argument(
        "--name", default=os.environ.get("MILLPOND_STORES", "millpond"), help="which stores (%(default)s)"
    )
    parser.add_argument("--address", default="127.0.0.1", help="where they listen when they are new (%(default)s)")
    options = parser.parse_args(argv)
    packages.extend_path()
    try:
        return _run(options.command, Stores.named(checked_name(options.name)), options.address)
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _run(command: str, place: Stores, address: str) -> int:
    match command:
        case "build":
            print("\n".join(f"{name}\t{place}" for name, place in stores.build().items()))
        case "up":
            print(json.dumps(stores.up(place, address).facts(), indent=2))
        case "down":
            if not stores.down(place):
                say(f"there are no stores {place.name}: nothing to do")
        case _:
            running = stores.status(place)
            for name, pid in running.items():
                print(f"{name}\t{'process ' + str(pid) if pid else 'not running'}")
            return 0 if running and all(running.values()) else 1
    return 0
