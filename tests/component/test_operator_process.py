"""The operator as a process, on a real API server: how it begins, who leads, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from millpond.api import naming
from support.apiserver import ROOT, ApiServer

LEASE, RENEWAL, RETRY = 4.0, 2.5, 0.3
"""Seconds; short, so that tests are."""
PATIENCE = 60.0


class Operator:
    """One replica. Its log goes to a file."""

    def __init__(self, server: ApiServer, namespace: str, name: str, log: Path, **settings: str) -> None:
        self.name = name
        self.port = _free_port()
        self._log = log / f"{name}.log"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(log),
            "PYTHONPATH": str(ROOT / "operator"),
            "MILLPOND_KUBECONFIG": str(server.kubeconfig),
            "MILLPOND_NAMESPACE": namespace,
            "MILLPOND_WATCH_NAMESPACE": namespace,
            "MILLPOND_IDENTITY": name,
            "MILLPOND_LEASE_DURATION": str(LEASE),
            "MILLPOND_LEASE_RENEW_DEADLINE": str(RENEWAL),
            "MILLPOND_LEASE_RETRY": str(RETRY),
            "MILLPOND_METRICS_PORT": "0",
            "MILLPOND_PROBE_PORT": str(self.port),
        }
        command = [sys.executable, "-c", "from millpond.handlers.main import run; run()"]
        with self._log.open("wb") as out:
            self.process = subprocess.Popen(command, env=environment | settings, stdout=out, stderr=out)

    @property
    def state(self) -> str:
        """What the readiness probe answers: leading, following, or why not."""
        return self._asked("readyz")

    @property
    def health(self) -> str:
        return self._asked("healthz")

    def _asked(self, path: str) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=1) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return error.read().decode()
        except OSError as error:
            return f"no answer: {error}"

    def until(self, state: str, seconds: float = PATIENCE) -> float:
        """Wait for the state; the seconds it took."""
        return until(lambda: self.state == state, f"{self.name} is not {state}: {self.log}", seconds)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self, seconds: float = PATIENCE) -> int:
        """The exit code, once it has one."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} runs after {seconds:.0f} s: {self.log}") from None

    @property
    def log(self) -> str:
        return self._log.read_text()[-4000:]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> float:
    began = time.monotonic()
    while not condition():
        if time.monotonic() > began + seconds:
            raise AssertionError(f"after {seconds:.0f} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - began


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Place:
    """A namespace with replicas in it."""

    def __init__(self, server: ApiServer, namespace: str, directory: Path) -> None:
        self.server = server
        self.namespace = namespace
        self._directory = directory
        self.replicas: list[Operator] = []

    def start(self, name: str, **settings: str) -> Operator:
        self.replicas.append(Operator(self.server, self.namespace, name, self._directory, **settings))
        return self.replicas[-1]

    def holder(self) -> str:
        found = self.server.got("lease", "millpond", "-n", self.namespace)["spec"]
        return str(found.get("holderIdentity", ""))

    def apply(self, kind: str, name: str, spec: dict[str, Any]) -> None:
        document = {"apiVersion": "millpond.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
        self.server.done("apply", "-n", self.namespace, "-f", "-", document=document)

    def pool(self, nodes: int) -> None:
        self.apply("Pool", "farm", {"targetDedicatedNodes": nodes, "nodeTemplate": {"image": "debian:12"}})

    def nodes(self) -> int:
        return len(self.server.got("computenodes", "-n", self.namespace)["items"])

    def written(self) -> dict[str, str]:
        """The version of each object that an operator may write."""
        kinds = "pools,jobs,tasks,computenodes,pods,leases,events"
        return {
            f"{item['kind']}/{item['metadata']['name']}": item["metadata"]["resourceVersion"]
            for item in self.server.got(kinds, "-n", self.namespace)["items"]
        }


@pytest.fixture
def place(server: ApiServer, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    namespace = f"main-{naming.digest(request.node.name)}"
    server.done("create", "namespace", namespace)
    place = Place(server, namespace, tmp_path)
    yield place
    for replica in place.replicas:
        replica.close()


def test_a_leader_told_to_stop_gives_the_lease_up_and_ends_well(place: Place) -> None:
    leader = place.start("one")
    leader.until("leading")
    assert place.holder() == "one"
    assert leader.health == "ok"
    place.pool(1)
    until(lambda: place.nodes() == 1, "the pool has no node")
    leader.send(signal.SIGTERM)
    assert leader.ended(3.0) == 0
    assert place.holder() == ""


def test_a_follower_told_to_stop_ends_well(place: Place) -> None:
    place.start("one").until("leading")
    follower = place.start("two")
    follower.until("following")
    follower.send(signal.SIGTERM)
    assert follower.ended(3.0) == 0
    assert place.holder() == "one"


def test_the_next_leads_at_once_when_the_leader_goes_in_good_order(place: Place) -> None:
    leader = place.start("one")
    leader.until("leading")
    follower = place.start("two")
    follower.until("following")
    leader.send(signal.SIGTERM)
    assert follower.until("leading") < LEASE
    assert place.holder() == "two"


def test_the_next_leads_within_the_lease_when_the_leader_is_killed(place: Place) -> None:
    leader = place.start("one")
    leader.until("leading")
    place.pool(1)
    until(lambda: place.nodes() == 1, "the pool has no node")
    follower = place.start("two")
    follower.until("following")
    leader.send(signal.SIGKILL)
    leader.ended()
    place.pool(2)
    # The lease runs out, one more attempt takes it, and everything is listed.
    assert follower.until("leading") < LEASE + 2 * RETRY + 3.0
    until(lambda: place.nodes() == 2, f"the pool did not grow: {follower.log}")


def test_a_leader_that_lost_the_lease_ends_badly_so_that_it_is_started_again(place: Place) -> None:
    leader = place.start("one")
    leader.until("leading")
    theft = {"spec": {"holderIdentity": "thief", "leaseDurationSeconds": 60}}
    place.server.done("patch", "lease", "millpond", "-n", place.namespace, "--type=merge", "-p", json.dumps(theft))
    assert leader.ended(RENEWAL + 5.0) == 1
    assert place.holder() == "thief"
    assert "LeadershipLostError" in leader.log


def test_a_leader_that_slept_past_its_lease_writes_nothing_more(place: Place) -> None:
    old = place.start("one")
    old.until("leading")
    place.pool(1)
    until(lambda: place.nodes() == 1, "the pool has no node")
    old.send(signal.SIGSTOP)
    new = place.start("two")
    new.until("leading")
    time.sleep(LEASE)
    # Nobody but the old one could write from here on, and there is something to do.
    new.send(signal.SIGSTOP)
    place.pool(3)
    before = place.written()
    old.send(signal.SIGCONT)
    assert old.ended(10.0) == 1
    assert place.written() == before
    assert place.holder() == "two"


def test_a_setting_that_does_not_fit_ends_the_start_and_is_named(place: Place) -> None:
    wrong = place.start("one", MILLPOND_WATCH_SILENCE="soon")
    assert wrong.ended(30.0) == 1
    assert "MILLPOND_WATCH_SILENCE" in wrong.log
    assert "soon" in wrong.log
