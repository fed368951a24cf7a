"""Control groups of an instance: made under every hierarchy, emptied by ending their processes, removed.

They are also the surest mark of what belongs to an instance: everything it starts stays in its groups. Works with one
unified hierarchy (version 2) and with one hierarchy per controller (version 1). Without root there are none.
"""

from __future__ import annotations

import os
import signal
from functools import cache
from pathlib import Path

from .progress import ClusterError, wait_until

ROOT = Path("/sys/fs/cgroup")


def hierarchies_of(mountinfo: str) -> tuple[bool, list[Path]]:
    """From the text of /proc/self/mountinfo: whether version 2 is in charge, and the hierarchies' roots."""
    one: list[Path] = []
    two: list[Path] = []
    for line in mountinfo.splitlines():
        fields, _, kind = line.partition(" - ")
        mount = Path(fields.split()[4])
        if not mount.is_relative_to(ROOT):
            continue
        if kind.startswith("cgroup "):
            one.append(mount)
        elif kind.startswith("cgroup2 "):
            two.append(mount)
    unified = ROOT in two
    return unified, [ROOT] if unified else sorted(
        {*one, *two}
    )  # beside version 1 there may be a version 2 for tracking


@cache
def _hierarchies() -> tuple[bool, list[Path]]:
    unified, roots = hierarchies_of(Path("/proc/self/mountinfo").read_text())
    if not roots:
        raise ClusterError(
            f"no control groups are mounted under {ROOT}: real nodes cannot run here (try --no-kubelets)"
        )
    return unified, roots


def is_unified() -> bool:
    """Whether this machine has control groups of version 2."""
    return _hierarchies()[0]


def available() -> bool:
    """Whether groups can be made here."""
    return os.geteuid() == 0 and os.access(ROOT, os.W_OK)


def _tracking() -> Path:
    """The hierarchy whose groups say which process belongs to which instance."""
    unified, roots = _hierarchies()
    if unified:
        return ROOT
    by_name = {root.name: root for root in roots}
    return next((by_name[name] for name in ("pids", "freezer", "memory") if name in by_name), roots[0])


def make(group: str) -> Path:
    """Make `group` under every hierarchy, with the controllers its parents have; return where processes are put."""
    unified, roots = _hierarchies()
    for root in roots:
        folder = root
        for part in Path(group).parts:
            if unified:
                _delegate(folder)
            folder /= part
            folder.mkdir(exist_ok=True)
            if (folder / "cpuset.cpus").exists() and not unified:
                for name in ("cpuset.cpus", "cpuset.mems"):  # a version 1 group starts with none and can run nothing
                    if not (folder / name).read_text().strip():
                        (folder / name).write_text((folder.parent / name).read_text())
    return _tracking() / group


def _delegate(folder: Path) -> None:
    wanted = set((folder / "cgroup.controllers").read_text().split())
    enabled = set((folder / "cgroup.subtree_control").read_text().split())
    for controller in sorted(wanted - enabled):
        try:
            (folder / "cgroup.subtree_control").write_text(f"+{controller}")
        except OSError:
            continue  # one the machine keeps to itself; the kubelet names it if it needs it


def processes(group: str) -> set[int]:
    """The ids of all processes in `group` and below."""
    found: set[int] = set()
    for root in _hierarchies()[1]:
        for folder, _, files in os.walk(root / group):
            if "cgroup.procs" in files:
                try:
                    found.update(int(line) for line in (Path(folder) / "cgroup.procs").read_text().split())
                except OSError:
                    continue  # the group was removed between being listed and being read
    return found - {0}


def end(group: str) -> None:
    """Kill every process in `group` and below, and remove it under every hierarchy."""
    if not available():
        return

    def emptied() -> bool:
        left = processes(group)
        for pid in left:
            try:
                handle = os.pidfd_open(pid)
            except ProcessLookupError:
                continue
            try:
                if pid in processes(group):  # the handle is held: it cannot have become another process
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
            except ProcessLookupError:
                pass
            finally:
                os.close(handle)
        return not left

    wait_until(emptied, f"end of the processes in control group {group}", 60, interval=0.05)
    wait_until(lambda: _removed(group), f"removal of control group {group}", 20, interval=0.05)


def _removed(group: str) -> bool:
    gone = True
    for root in _hierarchies()[1]:
        for folder, _, _ in os.walk(root / group, topdown=False):
            try:
                os.rmdir(folder)
            except FileNotFoundError:
                continue
            except OSError:
                gone = False
    return gone


def remove_if_empty(group: str) -> None:
    """Remove `group` under every hierarchy where nothing is below it any more."""
    for root in _hierarchies()[1]:
        try:
            (root / group).rmdir()
        except OSError:
            continue
