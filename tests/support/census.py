"""What a native cluster could leave on a machine, counted: to be taken before and after, and compared.

Other clusters may come and go meanwhile: what bears the mark of one that is there at a census is not counted.
"""

import json
import os
import re
import subprocess
from pathlib import Path

FOLDERS = ("/run/containerd", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers", "/var/log/pods", "/run/netns")


IMAGES_IN_THE_MAKING = "/tmp/mmdebstrap."
"""Other tests may build images beside those of clusters."""


def census(cluster_tool: str) -> dict[str, set[str]]:
    """Everything of each kind that no present cluster accounts for."""
    listed = subprocess.run([cluster_tool, "list"], capture_output=True, text=True, check=True).stdout.splitlines()
    names = [line.split("\t")[0] for line in listed]
    octets = [re.search(r"//\d+\.(\d+)\.", line)[1] for line in listed]
    marks = [f"/{name}/" for name in names] + [f"/{name}\n" for name in names]
    marks += [f"-{name}\n" for name in names] + [f'cluster {name}"' for name in names]
    bridges = [rf"millpond{int(octet) - 200}(n\d+)?" for octet in octets]

    def foreign(item: str) -> bool:
        return any(mark in f"{item}\n" for mark in marks)

    found = {
        "processes": set(_processes()),
        "mounts": {place for place in _mounts() if not place.startswith(IMAGES_IN_THE_MAKING)},
        "links": {link for link in _links() if not any(re.fullmatch(bridge, link) for bridge in bridges)},
        "routes": {route for route in _routes() if not any(route.startswith(f"10.{octet}.") for octet in octets)},
        "cgroups": {str(folder) for folder in _folders_below(Path("/sys/fs/cgroup"))},
        "firewall": set(_firewall()),
        "memory": {str(path) for path in Path("/dev/shm").glob("millpond-0-*")},
        "state": {str(path) for path in Path("/var/lib/millpond/clusters").glob("[!.]*")},
    }
    result = {kind: {item for item in items if not foreign(item)} for kind, items in found.items()}
    if not names:
        result["folders"] = {path for path in (*FOLDERS, "/var/lib/millpond") if Path(path).exists()}
    return result


def more_than(before: dict[str, set[str]], after: dict[str, set[str]]) -> dict[str, list[str]]:
    """What the later census has in addition, by kind; kinds that only one of the two counted are left out."""
    added = {kind: sorted(after[kind] - before[kind]) for kind in before.keys() & after.keys()}
    return {kind: items for kind, items in added.items() if items}


def _mounts() -> list[str]:
    return [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]


def _processes() -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            groups = (entry / "cgroup").read_text()
        except OSError:
            continue  # ended meanwhile
        if command and ("/millpond/" in groups or "/var/lib/millpond/" in command):  # a zombie has no command line
            found.append(f"{entry.name} {command} {groups}")
    return found


def _links() -> list[str]:
    text = subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout
    return [link["ifname"] for link in json.loads(text)]


def _routes() -> list[str]:
    return subprocess.run(["ip", "route"], capture_output=True, text=True, check=True).stdout.splitlines()


def _folders_below(root: Path) -> list[Path]:
    return [Path(folder) for folder, _, _ in os.walk(root)]


def _firewall() -> list[str]:
    text = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True).stdout
    return [line for line in text.splitlines() if line.startswith("-A")]
