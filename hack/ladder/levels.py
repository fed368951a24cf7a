"""The levels of the test ladder: what each runs, and whether it needs the cluster's programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from checks.catalog import go_path

LAWS = "tests/unit/control/test_laws.py"
LAW_STEPS = 20_000


@dataclass(frozen=True)
class Step:
    """A command at a place, with environment variables of its own."""

    arguments: tuple[str, ...]
    directory: Path
    environment: dict[str, str] = field(default_factory=dict)


class Track(Enum):
    """Levels of one track are climbed one after the other, the tracks side by side.

    Beside its name: by how much a track gives way to others. Kubelets are waited for more than they work, and take the
    longest, so they come first.
    """

    CODE = "code", 10
    SERVERS = "servers", 5
    KUBELETS = "kubelets", 0

    @property
    def yielding(self) -> int:
        """By how much it gives way: niceness."""
        return self.value[1]


@dataclass(frozen=True)
class Level:
    """A level's name, what it is, and its steps in order. One that does not exist yet has none."""

    name: str
    about: str
    steps: tuple[Step, ...]
    needs_binaries: bool = False
    track: Track = Track.CODE


def levels(root: Path, law_steps: int = LAW_STEPS) -> list[Level]:
    """The whole ladder, lowest level first."""
    laws = {"MILLPOND_LAW_STEPS": str(law_steps)}
    unit = (*_pytest(root, "tests/unit", "--ignore", LAWS), *_launcher(root))
    return [
        Level("check", "format, lint, types, layers, sizes", (Step((str(root / "hack" / "check"),), root),)),
        Level("unit", "every module by itself, the launcher, the tools", unit),
        Level("laws", f"laws on random histories, {law_steps} steps", _pytest(root, LAWS, environment=laws)),
        Level(
            "component",
            "operator and API servers, model and real",
            _pytest(root, "tests/component"),
            True,
            Track.SERVERS,
        ),
        Level("clusters", "the native cluster itself, up, down and killed", _pytest(root, "tests/clusters"), True),
        Level("e2e", "real kubelets and containers", _pytest(root, "tests/e2e"), True, Track.KUBELETS),
    ]


def build(root: Path) -> Step | None:
    """What builds the cluster's programs and installs the object stores, where this checkout has them; else None."""
    programs = [root / "hack" / name for name in ("cluster", "stores")]
    commands = " && ".join(f"{program} build" for program in programs if program.is_file())
    return Step(("/bin/sh", "-ec", commands), root) if commands else None


def _pytest(root: Path, path: str, *options: str, environment: dict[str, str] | None = None) -> tuple[Step, ...]:
    if not (root / path).exists():
        return ()
    python = str(root / ".venv" / "bin" / "python")
    # The checkout's own package comes first, whatever checkout the environment was installed for.
    # A fixed order of sets makes a failure of the seeded storms one that can be repeated.
    settings = {"PYTHONPATH": f"{root / 'operator'}:{root / 'tests'}", "PYTHONHASHSEED": "0", **(environment or {})}
    return (Step((python, "-m", "pytest", "-q", "--durations=5", path, *options), root, settings),)


def _launcher(root: Path) -> tuple[Step, ...]:
    directory = root / "operator" / "launcher"
    return (Step(("go", "test", "./..."), directory, {"PATH": go_path()}),) if directory.exists() else ()
