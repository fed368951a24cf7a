"""The house rules, one check each: what hack/check runs, and what hack/fix can mend."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from checks import mirror, sizes
from checks.running import Check, Command, Result, found
from checks.sources import python_scripts, sources

GO_PLACES = ("/usr/local/go/bin", "/usr/lib/go/bin")


def tool(root: Path, name: str) -> str:
    """The path of a program of the Python environment."""
    return str(root / ".venv" / "bin" / name)


def go_path() -> str:
    """The PATH with the places where Go installs itself."""
    return os.pathsep.join((os.environ.get("PATH", ""), *GO_PLACES))


def go_tool(name: str) -> str:
    """The path of `go` or `gofmt`. Raises FileNotFoundError when Go is not installed."""
    path = shutil.which(name, path=go_path())
    if path is None:
        raise FileNotFoundError(f"{name} is not installed: install Go 1.26 or later")
    return path


def catalog(root: Path) -> list[Check]:
    """All checks of this checkout. Slow ones come first, since they are started in this order."""
    scripts = [str(path.relative_to(root)) for path in python_scripts(root)]
    packages = sorted({str(path.parent.relative_to(root)) for path in (root / "hack").glob("**/__init__.py")})
    types = {"MYPYPATH": "operator:hack:hack/bench:tests"}
    return [
        Check("types: millpond", Command((tool(root, "mypy"), "operator/millpond"), root, types)),
        Check(
            "types: hack",
            Command((tool(root, "mypy"), "--scripts-are-modules", *packages, *scripts), root, types),
        ),
        *_launcher(root),
        Check("layers", Command((tool(root, "lint-imports"),), root, {"PYTHONPATH": "operator"})),
        Check("lint", Command((tool(root, "ruff"), "check", ".", *scripts), root)),
        Check("format", Command((tool(root, "ruff"), "format", "--check", ".", *scripts), root)),
        Check("sizes and names", lambda: _sizes(root)),
        Check("tests mirror the package", lambda: _mirror(root)),
        *_rendered(root),
    ]


def _launcher(root: Path) -> Iterator[Check]:
    directory = root / "operator" / "launcher"
    if directory.exists():
        yield Check("launcher: vet", lambda: _go(directory, "go", "vet", "./..."))
        yield Check("launcher: format", lambda: _go(directory, "gofmt", "-l", "."))


def _go(directory: Path, name: str, *arguments: str) -> Result:
    # Looked for when it is run, so that a machine without Go still sees every other check.
    return Command((go_tool(name), *arguments), directory, silent=name == "gofmt")()


def _rendered(root: Path) -> Iterator[Check]:
    if (root / "hack" / "crds").exists():
        yield Check("CRDs rendered", Command((str(root / "hack" / "crds"), "--check"), root))


def _sizes(root: Path) -> Result:
    paths = sources(root, ".py", ".go")
    return found(
        (fault for path in paths for fault in sizes.faults(path, root)),
        (remark for path in paths for remark in sizes.remarks(path, root)),
    )


def _mirror(root: Path) -> Result:
    names = [path.relative_to(root) for path in sources(root, ".py")]
    modules = [name for name in names if name.is_relative_to(mirror.PACKAGE)]
    return found(mirror.faults(modules, set(names), mirror.EXCEPTIONS))


def mending(root: Path) -> list[Command]:
    """What mends by itself, in order."""
    scripts = [str(path.relative_to(root)) for path in python_scripts(root)]
    commands = [
        Command((tool(root, "ruff"), "check", "--fix", "--quiet", ".", *scripts), root),
        Command((tool(root, "ruff"), "format", ".", *scripts), root),
    ]
    if (root / "hack" / "crds").exists():
        commands.append(Command((str(root / "hack" / "crds"),), root))
    if (root / "operator" / "launcher").exists():
        commands.append(Command((go_tool("gofmt"), "-w", "."), root / "operator" / "launcher"))
    return commands
