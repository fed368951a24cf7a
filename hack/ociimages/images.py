"""The images themselves: what is in each, from which sources. `operator/Dockerfile` makes the same with an engine."""

from __future__ import annotations

import compileall
import hashlib
import os
import platform
import py_compile
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from nativecluster import packages
from nativecluster.binaries import go_version
from nativecluster.images import debian_root
from nativecluster.progress import ClusterError

from . import archive, layers

ROOT = Path(__file__).resolve().parents[2]
PYTHON = (3, 11)  # what Debian bookworm brings
HOME = "opt/millpond"
POVRAY_IMAGE = "millpond.dev/examples/povray:3.7"
MPI_IMAGE = "millpond.dev/examples/mpi:1"
MPI_USER = b"batch:*:65532:65532::/tmp:/bin/sh\n"
"""sshd and ssh ask for the name of whoever calls them."""
PERL = ("usr/share/perl", "usr/lib/x86_64-linux-gnu/perl", "var/lib/dpkg")
"""What Debian's MPI compilers need, and running programs do not."""
FFMPEG_IMAGE = "millpond.dev/examples/ffmpeg:5.1"
FFMPEG_PACKAGES = ("ffmpeg", "sound-theme-freedesktop")
"""FFmpeg, and the sounds that the example transcodes."""
_EPOCH = 0
_LABELS = {
    "org.opencontainers.image.title": "Millpond",
    "org.opencontainers.image.description": "The Azure Batch service model on any Kubernetes cluster",
    "org.opencontainers.image.licenses": "Apache-2.0",
}


def version() -> str:
    """The project's version, which is also its image's tag."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def operator_image() -> str:
    """The name of the image of operator, agent, command line and launcher."""
    return f"millpond.dev/millpond:{version()}"


def operator() -> Path:
    """The archive of the image that the operator runs from."""
    packages.require(packages.DEBIAN_ROOT)
    return archive.write(
        archive.Image(
            operator_image(),
            [_python_base(), _dependencies(), _launcher(), _code()],
            user="65532:65532",
            entrypoint=("millpond",),
            environment={"PYTHONPATH": f"/{HOME}:/{HOME}/packages", "PYTHONUNBUFFERED": "1"},
            labels={**_LABELS, "org.opencontainers.image.version": version()},
        )
    )


def povray() -> Path:
    """The archive of the example's image: Debian's POV-Ray with the scenes Debian ships."""
    packages.require(packages.DEBIAN_ROOT)
    root = debian_root(["povray", "povray-includes", "povray-examples"])
    base = layers.of_debian(
        "povray", root, keep=["usr/share/doc", "usr/share/doc/povray", "usr/share/doc/povray-examples"]
    )
    return archive.write(archive.Image(POVRAY_IMAGE, [base], user="65534:65534", command=("sh",)))


def mpi() -> Path:
    """The archive of another example's image: Debian's Open MPI and OpenSSH, the program, and a name for its user."""
    packages.require(packages.DEBIAN_ROOT)
    root = debian_root(["openmpi-bin", "openssh-client", "openssh-server", "python3-mpi4py"])
    source = ROOT / "examples" / "mpi"
    with tempfile.TemporaryDirectory() as scratch:
        users = Path(scratch) / "passwd"
        users.write_bytes(layers.read(root, "etc/passwd") + MPI_USER)
        files = [
            layers.File("etc/passwd", users),
            *(layers.File(f"opt/heat/{name}", source / name, 0o755) for name in ("heat.py", "coordinate.sh")),
        ]
        own = layers.of_files("mpi-own", files)
    base = layers.of_debian("mpi", root, leave=PERL)
    return archive.write(archive.Image(MPI_IMAGE, [base, own], user="65532:65532", command=("sh",)))


def ffmpeg() -> Path:
    """The archive of the example's image: Debian's FFmpeg."""
    packages.require(packages.DEBIAN_ROOT)
    libraries = f"usr/lib/{platform.machine()}-linux-gnu"
    # Drivers of graphics cards and what compiles for them: half of the image, and no use without such a card.
    drivers = [f"{libraries}/{name}" for name in ("dri", "mfx", "libmfxhw64.so.1.35", "libLLVM-15.so.1", "libz3.so.4")]
    base = layers.of_debian("ffmpeg", debian_root(FFMPEG_PACKAGES), leave=drivers)
    return archive.write(archive.Image(FFMPEG_IMAGE, [base], user="65534:65534", command=("sh",)))


IMAGES: Mapping[str, Callable[[], Path]] = {"operator": operator, "povray": povray, "ffmpeg": ffmpeg, "mpi": mpi}


def _python_base() -> Path:
    return layers.of_debian("python", debian_root(["python3", "ca-certificates"]))


def _dependencies() -> Path:
    """The Python packages of operator/requirements.lock, as wheels for the image's Python whatever Python runs this."""
    lock = ROOT / "operator" / "requirements.lock"

    def make(target: Path) -> None:
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            place = Path(scratch) / "packages"
            _pip_install(lock, place)
            for unneeded in (place / "bin", *place.rglob("__pycache__")):
                shutil.rmtree(unneeded, ignore_errors=True)
            _compile(place, f"{HOME}/packages")
            with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as layer:
                layer.add(place, f"{HOME}/packages", filter=_plain)

    return layers.cached("packages", hashlib.sha256(lock.read_bytes()).hexdigest() + _compiled_by() + "2", make)


def _pip_install(lock: Path, place: Path) -> None:
    machine = platform.machine()
    systems = [f"manylinux_2_{minor}_{machine}" for minor in (34, 28, 26, 24, 17)] + [f"manylinux2014_{machine}"]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    command += ["--no-deps", "--only-binary=:all:", "--no-compile", "--target", str(place), "--requirement", str(lock)]
    command += ["--implementation", "cp", "--python-version", ".".join(map(str, PYTHON))]
    command += [f"--platform={system}" for system in systems]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise ClusterError(
            f"pip could not fetch the packages of {lock.relative_to(ROOT)}: {result.stderr.strip()[-1500:]}"
        )


def _compiled_by() -> str:
    """Byte code fits one Python version: it is made where this Python is of the image's, and left out elsewhere."""
    return " compiled" if sys.version_info[:2] == PYTHON else ""


def _compile(place: Path, home: str) -> None:
    if _compiled_by():
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(place, quiet=2, stripdir=str(place), prependdir=f"/{home}", invalidation_mode=mode)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = _EPOCH
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return member


def _launcher() -> Path:
    """The static program that starts a task's command, compiled from operator/launcher."""
    source = ROOT / "operator" / "launcher"
    go_version()
    with tempfile.TemporaryDirectory() as scratch:
        program = Path(scratch) / "launcher"
        result = subprocess.run(
            ["go", "build", "-trimpath", "-ldflags", "-s -w -buildid=", "-o", str(program), "."],
            cwd=source,
            env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOWORK": "off"},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise ClusterError(f"go build of operator/launcher failed: {result.stderr.strip()[-1500:]}")
        return layers.of_files("launcher", [layers.File("usr/local/bin/launcher", program, 0o755)])


def _code() -> Path:
    """The package `millpond`, its metadata, and the command."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        shutil.copytree(
            ROOT / "operator" / "millpond", place / "millpond", ignore=shutil.ignore_patterns("__pycache__")
        )
        _compile(place, HOME)
        metadata = place / f"millpond-{version()}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.3\nName: millpond\nVersion: {version()}\n")
        command = place / "command"
        command.write_text("#!/usr/bin/python3\nimport sys\nfrom millpond.cli.main import main\nsys.exit(main())\n")
        files = [
            layers.File(f"{HOME}/{path.relative_to(place).as_posix()}", path)
            for path in sorted(place.rglob("*"))
            if path.is_file() and path != command
        ]
        return layers.of_files("code", [*files, layers.File("usr/local/bin/millpond", command, 0o755)])
