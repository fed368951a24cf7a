"""Azurite, Azure's own emulator of Blob Storage, from npm."""

from __future__ import annotations

import shutil
from pathlib import Path

from nativecluster import packages

from . import cached

LOCK = Path(__file__).resolve().parent / "azurite"
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's well-known account and key: no secret."""


def ensure() -> Path:
    """The folder of the program."""
    packages.require({"node": "nodejs", "npm": "npm"})
    return cached.ensure("azurite", LOCK / "package-lock.json", _install)


def command(place: Path, address: str, port: int, directory: Path) -> list[str]:
    """What starts it, with its data in a directory."""
    main = place / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    options = ["--blobHost", address, "--blobPort", str(port), "--location", str(directory)]
    quiet = ["--silent", "--disableTelemetry", "--disableProductStyleUrl", "--skipApiVersionCheck"]
    return [shutil.which("node") or "node", str(main), *options, *quiet]


def _install(place: Path) -> list[str]:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCK / name, place / name)
    return ["npm", "ci", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
