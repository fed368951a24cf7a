"""The meeting of a multi-instance task's instances: what each has reported, and how far they may go (§4.10). Pure.

The gates are levels, not events. Each report says how far an instance is, each answer how far all may go, so an agent
that starts anew, and instances that call again, lose nothing: the first reports rebuild the meeting.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

MOST_INSTANCES = 10_000
LONGEST_TOKEN = 128
LONGEST_MESSAGE = 2_000


class State(StrEnum):
    """How far an instance is."""

    JOINED = "joined"
    READY = "ready"
    """Its coordination command has ended with exit code 0."""
    ENDED = "ended"
    """It is the primary, and its application command has ended, however that was."""
    FAILED = "failed"
    """It cannot go on, so none can."""


class Phase(StrEnum):
    """How far all may go."""

    GATHERING = "gathering"
    COORDINATING = "coordinating"
    """All are here: each runs its coordination command."""
    RUNNING = "running"
    """All are ready: the primary runs the application command."""
    OVER = "over"


class RefusedReportError(Exception):
    """A report that no meeting takes; the message is for the one who sent it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an instance says of itself. The token names the meeting; who does not know it finds an empty one."""

    token: str
    instance: int
    instances: int
    address: str
    cores: int
    state: State
    message: str = ""


def read_report(line: bytes) -> Report:
    """A report as it comes over the wire, one JSON object. RefusedReportError where it is none."""
    try:
        words: Any = json.loads(line)
        instances, instance = int(words["instances"]), int(words["instance"])
        token, message = str(words["token"]), str(words.get("message", ""))
        address, cores, state = str(ip_address(str(words["address"]))), int(words["cores"]), State(words["state"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RefusedReportError(f"no report of an instance: {type(error).__name__}") from None
    if not (0 <= instance < instances <= MOST_INSTANCES and 0 < len(token) <= LONGEST_TOKEN and cores > 0):
        raise RefusedReportError("no report of an instance: a number is out of its bounds")
    return Report(token, instance, instances, address, cores, state, message[:LONGEST_MESSAGE])


class Meeting:
    """One attempt of one task. `instances` is how many it waits for."""

    def __init__(self, instances: int) -> None:
        self.instances = instances
        self._reports: dict[int, Report] = {}
        self._ready: set[int] = set()
        self._told: tuple[Phase, bytes] | None = None
        self._over = False
        self._why = ""

    def hear(self, report: Report) -> None:
        """Note how far an instance is. RefusedReportError where it speaks of another number of instances."""
        if report.instances != self.instances:
            raise RefusedReportError(f"this group has {self.instances} instances, not {report.instances}")
        known = self._reports.get(report.instance)
        if known is not None and known.address != report.address and self.phase is not Phase.GATHERING:
            self._end(f"Instance {report.instance} came back as {report.address}, and was {known.address} before.")
        self._reports[report.instance] = report
        (self._ready.add if report.state is State.READY else self._ready.discard)(report.instance)
        if report.state is State.ENDED:
            self._end("")
        elif report.state is State.FAILED:
            self._end(report.message or f"Instance {report.instance} failed.")

    def _end(self, why: str) -> None:
        if not self._over:
            self._over, self._why = True, why

    @property
    def phase(self) -> Phase:
        if self._over:
            return Phase.OVER
        if len(self._reports) < self.instances:
            return Phase.GATHERING
        return Phase.RUNNING if len(self._ready) == self.instances else Phase.COORDINATING

    def answer(self) -> bytes:
        """What every instance is told: the phase, the hosts in the order of instances once all are here, and why."""
        phase = self.phase
        if self._told is None or self._told[0] is not phase:
            # Nothing that is told changes within a phase; the hosts of a large group are a long text.
            self._told = phase, self._line_of(phase)
        return self._told[1]

    def _line_of(self, phase: Phase) -> bytes:
        words: dict[str, object] = {"phase": phase.value}
        if phase is Phase.OVER:
            words["why"] = self._why
        elif phase is not Phase.GATHERING:
            hosts = [self._reports[number] for number in range(self.instances)]
            words["hosts"] = [{"address": host.address, "cores": host.cores} for host in hosts]
        return _line(words)


def refusal(why: str) -> bytes:
    """The answer to one that no meeting takes."""
    return _line({"phase": Phase.OVER.value, "why": why})


def _line(words: dict[str, object]) -> bytes:
    return json.dumps(words, separators=(",", ":")).encode() + b"\n"
