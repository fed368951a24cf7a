"""A node directory in which tasks have left directories: made, held as by a run, and looked at."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from millpond.agent.beneath import open_root
from millpond.lifecycle.retention import Moment


@dataclass
class Shelves:
    """`now` is the host's moment, which tests set forward."""

    root: Path
    now: Moment = field(default=Moment("boot", 1000.0, 1_800_000_000.0))

    def put(
        self,
        job: str,
        task: str,
        *,
        uid: str = "u",
        retention: object = 60,
        ended: bool = True,
        begun: bool = True,
        found: float | None = None,
    ) -> Path:
        """A task's directory, with a file in it. `found`: so many seconds ago its end was found."""
        path = self.root / "workitems" / job / "job-1" / task
        (path / "wd" / "deep").mkdir(parents=True)
        (path / "wd" / "deep" / "result").write_text("42")
        (path / "keep.json").write_text(json.dumps({"owner": task, "uid": uid, "retentionSeconds": retention}))
        if begun:
            (path / "stdout.txt").write_text("out")
        if ended:
            (path / "exit.json").write_text('{"cause": "Exited", "exitCode": 0}')
        if found is not None:
            since = Moment(self.now.boot, self.now.uptime - found, self.now.time - found)
            (path / "ended.json").write_text(json.dumps(since._asdict()))
        return path

    def pass_by(self, seconds: float, *, clock: float | None = None) -> Moment:
        """Later, on the same host; `clock` is how far its clock goes meanwhile."""
        ahead = seconds if clock is None else clock
        self.now = Moment(self.now.boot, self.now.uptime + seconds, self.now.time + ahead)
        return self.now

    def left(self) -> list[str]:
        """The tasks' directories that are there, as job/task."""
        found = sorted(self.root.glob("workitems/*/job-1/*"))
        return [f"{path.parent.parent.name}/{path.name}" for path in found]

    @contextmanager
    def opened(self) -> Iterator[int]:
        base = open_root(str(self.root))
        try:
            yield base
        finally:
            os.close(base)


@contextmanager
def running(path: Path) -> Iterator[None]:
    """As a launcher has it that runs there."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
