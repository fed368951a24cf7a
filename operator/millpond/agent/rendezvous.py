"""Where the instances of multi-instance tasks meet: a port at which they report, in lines, and are told the phase.

One thread serves all meetings of the node's tasks. It keeps nothing: a meeting lasts while somebody is connected, and
is made again by those who call again. Callers that say nothing, too much or nonsense are sent away.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from millpond.agent.meeting import Meeting, RefusedReportError, read_report, refusal

PATIENCE = 10.0
"""Seconds within which a caller says who it is."""
MOST_CALLERS = 20_000
LONGEST_LINE = 8_192
MOST_UNSENT = 4 * 1024 * 1024
"""Bytes that a caller that reads nothing may leave behind."""
KEEPALIVE = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))
"""So a caller that is gone without a word is known to be so after 25 seconds."""


@dataclass(eq=False)
class _Caller:
    socket: socket.socket
    since: float
    heard: bytes = b""
    unsent: bytes = b""
    room: _Room | None = None
    told: bytes = b""
    leaving: bool = False
    """It goes once it has been told."""


@dataclass(eq=False)
class _Room:
    token: str
    meeting: Meeting
    callers: dict[int, _Caller] = field(default_factory=dict)
    """The newest caller of each instance: one that calls again takes its own place."""


def hold_meetings(listener: socket.socket) -> None:
    """Serve for as long as the process lives, in a thread of its own."""
    threading.Thread(target=_Hall(listener).serve, name="rendezvous", daemon=True).start()


class _Hall:
    def __init__(self, listener: socket.socket) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._rooms: dict[str, _Room] = {}
        self._strangers: dict[_Caller, None] = {}
        """Callers that have not said who they are, the first first."""
        self._count = 0

    def serve(self) -> None:
        while True:
            for key, events in self._selector.select(self._pause()):
                if key.data is None:
                    self._welcome()
                    continue
                if events & selectors.EVENT_READ:
                    self._listen(key.data)
                if events & selectors.EVENT_WRITE and key.data.socket.fileno() >= 0:
                    self._send(key.data)
            self._dismiss_silent()

    def _pause(self) -> float | None:
        first = next(iter(self._strangers), None)
        return max(0.0, first.since + PATIENCE - time.monotonic()) if first is not None else None

    def _dismiss_silent(self) -> None:
        while (first := next(iter(self._strangers), None)) is not None and time.monotonic() >= first.since + PATIENCE:
            self._dismiss(first)

    def _welcome(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if self._count >= MOST_CALLERS:
            connection.close()
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, seconds in KEEPALIVE:
            connection.setsockopt(socket.IPPROTO_TCP, option, seconds)
        caller = _Caller(connection, time.monotonic())
        self._count += 1
        self._strangers[caller] = None
        self._selector.register(connection, selectors.EVENT_READ, caller)

    def _listen(self, caller: _Caller) -> None:
        try:
            more = caller.socket.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        if not more:
            self._dismiss(caller)
            return
        *lines, caller.heard = (caller.heard + more).split(b"\n")
        for line in lines:
            if not caller.leaving:
                self._hear(caller, line)
        if len(caller.heard) > LONGEST_LINE:
            self._dismiss(caller)

    def _hear(self, caller: _Caller, line: bytes) -> None:
        try:
            report = read_report(line)
            room = self._rooms.get(report.token)
            if room is None:
                room = self._rooms[report.token] = _Room(report.token, Meeting(report.instances))
            if caller.room not in (None, room):
                raise RefusedReportError("one connection is for one instance")
            room.meeting.hear(report)
        except RefusedReportError as refused:
            self._leave_empty(caller)
            caller.leaving = True
            self._tell(caller, refusal(str(refused)))
            return
        self._strangers.pop(caller, None)
        former = room.callers.get(report.instance)
        caller.room, room.callers[report.instance] = room, caller
        if former is not None and former is not caller:
            former.room = None
            self._dismiss(former)
        answer = room.meeting.answer()
        for other in list(room.callers.values()):
            self._tell(other, answer)

    def _leave_empty(self, caller: _Caller) -> None:
        """No room stays that nobody is in."""
        for token in [token for token, room in self._rooms.items() if not room.callers]:
            del self._rooms[token]
        self._strangers.pop(caller, None)

    def _tell(self, caller: _Caller, answer: bytes) -> None:
        """Nothing is said twice in a row."""
        if answer == caller.told:
            return
        caller.told = answer
        caller.unsent += answer
        self._send(caller)

    def _send(self, caller: _Caller) -> None:
        try:
            sent = caller.socket.send(caller.unsent) if caller.unsent else 0
            caller.unsent = caller.unsent[sent:]
        except BlockingIOError:
            pass
        except OSError:
            self._dismiss(caller)
            return
        if len(caller.unsent) > MOST_UNSENT or (caller.leaving and not caller.unsent):
            self._dismiss(caller)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if caller.unsent else 0)
        self._selector.modify(caller.socket, wanted, caller)

    def _dismiss(self, caller: _Caller) -> None:
        if caller.socket.fileno() < 0:
            return
        self._selector.unregister(caller.socket)
        with suppress(OSError):
            caller.socket.close()
        self._count -= 1
        self._strangers.pop(caller, None)
        room = caller.room
        if room is None:
            return
        for instance in [instance for instance, other in room.callers.items() if other is caller]:
            del room.callers[instance]
        if not room.callers:
            self._rooms.pop(room.token, None)
