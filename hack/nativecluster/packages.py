"""What the machine must have besides Go's modules: Debian packages, found by the commands they bring."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from .progress import ClusterError, step

CONTROL_PLANE = {"openssl": "openssl"}
NODES = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "ip": "iproute2",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "socat": "socat",
    "ethtool": "ethtool",
    "mount": "mount",
    "nsenter": "util-linux",
    "unshare": "util-linux",
}
IMAGES = {"buildah": "buildah", "busybox": "busybox-static"}
DEBIAN_ROOT = {"mmdebstrap": "mmdebstrap"}
_SYSTEM_PATH = "/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def extend_path() -> None:
    """Let commands in the administrator's folders, and Go at its usual place, be found whatever PATH the shell gave."""
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:{_SYSTEM_PATH}"


def missing(commands: dict[str, str]) -> list[str]:
    """The packages whose commands are not there, sorted."""
    return sorted({package for command, package in commands.items() if shutil.which(command) is None})


def require(*sets: dict[str, str]) -> None:
    """Install what is missing as root on Debian; elsewhere raise ClusterError that names it."""
    wanted = missing({command: package for commands in sets for command, package in commands.items()})
    if not wanted:
        return
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists() or shutil.which("apt-get") is None:
        raise ClusterError(
            f"missing: {' '.join(wanted)} (names of Debian packages). Install them and run this again; "
            "as root on Debian this command installs them itself"
        )
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step(f"installing Debian packages {' '.join(wanted)}"):
        for command in (["update", "-q"], ["install", "-yq", "--no-install-recommends", *wanted]):
            result = subprocess.run(
                ["apt-get", *command], env=quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            if result.returncode:
                raise ClusterError(f"apt-get {command[0]} failed: {result.stderr.strip() or result.stdout[-500:]}")


def require_root() -> None:
    """Raise ClusterError unless this is root: links, namespaces and control groups need it."""
    if os.geteuid() != 0:
        raise ClusterError("real nodes need root (network links, namespaces, control groups): run this with sudo")
