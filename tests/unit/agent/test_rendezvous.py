"""The rendezvous as the agent's process holds it: gates, wrong tokens, lost and half-open connections, restarts."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from millpond.agent import rendezvous
from millpond.agent.report import listen

AGENT = [sys.executable, "-c", "from millpond.agent.main import agent; agent()"]
WAIT = 20.0


class Agent:
    """An agent process. Its port stays the same when it starts anew."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = 0
        self.callers: list[Caller] = []
        self.start()

    def start(self) -> None:
        words = [
            "run",
            "--root",
            str(self.root),
            "--port",
            "0",
            "--rendezvous",
            str(self.port),
            "--network",
            "/proc/net",
        ]
        self.process = subprocess.Popen([*AGENT, *words], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        self.port = int(said.rpartition(" ")[2])

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def leave(self) -> None:
        for caller in self.callers:
            caller.close()
        self.stop()


class Caller:
    """One instance's connection."""

    def __init__(self, agent: Agent, instance: int, token: str = "secret", instances: int = 2) -> None:
        self.words = {"token": token, "instance": instance, "instances": instances, "cores": 1}
        self.words["address"] = f"10.0.0.{instance}"
        self.socket = socket.create_connection(("127.0.0.1", agent.port), timeout=WAIT)
        self.lines = self.socket.makefile("rb")
        agent.callers.append(self)

    def say(self, state: str, **more: Any) -> Caller:
        self.socket.sendall(json.dumps(self.words | {"state": state} | more).encode() + b"\n")
        return self

    def hears(self) -> dict[str, Any]:
        line = self.lines.readline()
        return json.loads(line) if line else {}

    def phase(self) -> str:
        return self.hears().get("phase", "gone")

    def close(self) -> None:
        self.lines.close()
        self.socket.close()


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    started = Agent(tmp_path)
    yield started
    started.leave()


def test_the_gates_open_when_all_have_come(agent: Agent) -> None:
    first, second = Caller(agent, 0).say("joined"), Caller(agent, 1)
    assert first.phase() == "gathering"
    second.say("joined")
    assert (first.phase(), second.phase()) == ("coordinating", "coordinating")
    first.say("ready")
    second.say("ready")
    assert (first.phase(), second.phase()) == ("running", "running")
    first.say("ended")
    assert second.hears() == {"phase": "over", "why": ""}


def test_who_has_another_token_is_alone(agent: Agent) -> None:
    first, stranger = Caller(agent, 0).say("joined"), Caller(agent, 1, token="guessed").say("ready")
    assert (first.phase(), stranger.phase()) == ("gathering", "gathering")
    stranger.say("failed", message="I say so.")
    assert stranger.phase() == "over"
    second = Caller(agent, 1).say("joined")
    assert (first.phase(), second.phase()) == ("coordinating", "coordinating")


def test_who_calls_again_takes_its_own_place(agent: Agent) -> None:
    first, second = Caller(agent, 0).say("joined"), Caller(agent, 1).say("joined")
    assert (first.phase(), first.phase(), second.phase()) == ("gathering", "coordinating", "coordinating")
    again = Caller(agent, 1).say("ready")
    assert again.phase() == "coordinating"
    assert second.phase() == "gone", "the connection that it had before is of no use any more"
    first.say("ready")
    assert (first.phase(), again.phase()) == ("running", "running")


def test_a_lost_connection_undoes_nothing(agent: Agent) -> None:
    first, second = Caller(agent, 0).say("joined"), Caller(agent, 1).say("ready")
    assert (first.phase(), first.phase(), second.phase()) == ("gathering", "coordinating", "coordinating")
    second.close()
    first.say("ready")
    assert first.phase() == "running"


def test_an_agent_that_starts_anew_hears_it_all_again(agent: Agent) -> None:
    first, second = Caller(agent, 0).say("ready"), Caller(agent, 1).say("joined")
    assert (first.phase(), first.phase(), second.phase()) == ("gathering", "coordinating", "coordinating")
    agent.stop()
    assert (first.phase(), second.phase()) == ("gone", "gone")
    agent.start()
    first, second = Caller(agent, 0).say("ready"), Caller(agent, 1).say("ready")
    assert (first.phase(), first.phase(), second.phase()) == ("gathering", "running", "running")


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", b"{}\n", b"x" * 10_000])
def test_nonsense_is_sent_away_and_others_are_served(agent: Agent, said: bytes) -> None:
    stranger = Caller(agent, 0)
    stranger.socket.sendall(said)
    assert stranger.phase() in ("over", "gone")
    assert Caller(agent, 0, instances=1).say("joined").phase() == "coordinating"


def test_another_size_of_the_group_is_told_so(agent: Agent) -> None:
    assert Caller(agent, 0).say("joined").phase() == "gathering"
    assert "2 instances, not 3" in Caller(agent, 2, instances=3).say("joined").hears()["why"]


def test_one_connection_is_for_one_instance(agent: Agent) -> None:
    caller = Caller(agent, 0).say("joined")
    assert caller.phase() == "gathering"
    assert "one connection" in caller.say("joined", token="other").hears()["why"]


def test_who_says_nothing_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendezvous, "PATIENCE", 0.05)
    listener = listen(0)
    rendezvous.hold_meetings(listener)
    with socket.create_connection(("127.0.0.1", listener.getsockname()[1]), timeout=WAIT) as silent:
        assert silent.recv(1) == b""


def test_who_reads_nothing_is_sent_away_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendezvous, "MOST_UNSENT", 1000)
    listener = listen(0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    rendezvous.hold_meetings(listener)
    words = {"token": "t", "instance": 0, "instances": 1, "cores": 1, "address": "10.0.0.1"}
    with socket.socket() as deaf:
        deaf.settimeout(WAIT)
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", listener.getsockname()[1]))
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            # Each turn is news, since the state changes.
            _say_for_ever(deaf, [json.dumps(words | {"state": state}).encode() for state in ("joined", "ready")])


def _say_for_ever(caller: socket.socket, lines: list[bytes]) -> None:
    while True:
        for line in lines:
            caller.sendall(line + b"\n")
