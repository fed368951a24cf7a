"""moto's server as S3, from PyPI: in a folder of its own, since some of what it needs excludes what Millpond needs."""

from __future__ import annotations

import sys
from pathlib import Path

from . import cached

LOCK = Path(__file__).resolve().parent / "moto" / "requirements.lock"
KEY_ID, SECRET = "millpond", "millpond-secret"
"""moto takes any key."""


def ensure() -> Path:
    """The folder of its packages."""
    return cached.ensure("moto", LOCK, _install)


def command(place: Path, address: str, port: int) -> list[str]:
    """What starts it."""
    program = f"import sys; sys.path.insert(0, {str(place)!r}); from moto.server import main; main()"
    return [sys.executable, "-c", program, "--host", address, "--port", str(port)]


def _install(place: Path) -> list[str]:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return [*pip, "--require-hashes", "--no-deps", "--requirement", str(LOCK), "--target", str(place)]
