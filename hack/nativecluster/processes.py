"""Processes that outlive the command: starting them, knowing them again, ending them.

A process is known by its id, its start time and the machine's boot, so that a later one with the same id is never
taken for it. It writes its own record, and enters its control group, before it becomes the program: there is no moment
at which killing this command leaves a process that nobody knows.
"""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .progress import ClusterError, wait_until

_LAUNCH = """
record=$1 group=$2; shift 2
if [ -n "$group" ]; then echo $$ >"$group/cgroup.procs" || exit 1; fi
read -r boot </proc/sys/kernel/random/boot_id
read -r stat </proc/$$/stat
set -f; fields=${stat##*) }
start=$(set -- $fields; echo "${20}")
echo "$$ $start $boot" >"$record.new" && mv "$record.new" "$record" || exit 1
exec "$@"
"""

_children: list[subprocess.Popen[bytes]] = []  # they outlive this command on purpose


@dataclass(frozen=True)
class Identity:
    """One process of one boot of this machine."""

    pid: int
    start: int
    boot: str

    @classmethod
    def parse(cls, text: str) -> Identity | None:
        """Read a record; None if it is not one (a file cut short by a crash)."""
        fields = text.split()
        if len(fields) != 3 or not fields[0].isdigit() or not fields[1].isdigit():
            return None
        return cls(int(fields[0]), int(fields[1]), fields[2])


def start_time(stat: str) -> int:
    """The start time in clock ticks since boot, from the text of /proc/PID/stat (the program's name holds anything)."""
    return int(stat.rpartition(")")[2].split()[19])


def is_alive(identity: Identity) -> bool:
    """Whether that very process still runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{identity.pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return False
    state = stat.rpartition(")")[2].split()[0]
    return state not in {"Z", "X"} and start_time(stat) == identity.start and boot == identity.boot


def recorded(record: Path) -> Identity | None:
    """The process of a record, alive or not."""
    try:
        return Identity.parse(record.read_text())
    except OSError:
        return None


def running(record: Path) -> int | None:
    """The id of the recorded process while it runs, else None."""
    _reap()
    identity = recorded(record)
    return identity.pid if identity and is_alive(identity) else None


def _reap() -> None:
    """Forget those children of this command that have ended."""
    _children[:] = [child for child in _children if child.poll() is None]


def start(
    record: Path, log: Path, argv: list[str], *, group: Path | None = None, env: dict[str, str] | None = None
) -> int:
    """Start a process in a session of its own unless the recorded one runs; return its id."""
    if (pid := running(record)) is not None:
        return pid
    record.parent.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    record.unlink(missing_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            ["/bin/sh", "-c", _LAUNCH, "launch", str(record), str(group or ""), *argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, **(env or {})},
            cwd="/",
        )
    _children.append(child)
    wait_until(
        lambda: recorded(record) is not None or child.poll() is not None, f"start of {argv[0]}", 20, interval=0.005
    )
    if child.poll() is not None and recorded(record) is None:
        raise ClusterError(f"{argv[0]} could not be started: see {log}")
    return child.pid


def stop(record: Path, grace: float = 5.0) -> None:
    """End the recorded process if it still is that process: politely, and after `grace` seconds at once."""
    identity = recorded(record)
    if identity and is_alive(identity):
        _signal(identity, signal.SIGTERM)
        try:
            wait_until(lambda: not is_alive(identity), f"end of process {identity.pid}", grace, interval=0.02)
        except ClusterError:
            _signal(identity, signal.SIGKILL)
            wait_until(lambda: not is_alive(identity), f"end of process {identity.pid}", 10, interval=0.02)
    _reap()
    record.unlink(missing_ok=True)


def _signal(identity: Identity, number: int) -> None:
    try:
        handle = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return
    try:
        if is_alive(identity):  # checked through a handle that cannot come to mean another process
            signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return
    finally:
        os.close(handle)


def last_lines(log: Path, count: int = 8) -> str:
    """The end of a log, for a message about what went wrong."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return "(no log)"
