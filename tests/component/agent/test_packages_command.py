"""The container that installs packages: its exit codes, and its last word as the judgement reads it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from millpond.agent.packages_command import run
from millpond.api.views.meta import Meta
from millpond.api.views.pod import ContainerState, ContainerStatus, PodStatus, PodView, Terminated
from millpond.lifecycle.packages import PACKAGES_CONTAINER, PACKAGES_VARIABLE, package_failure
from support import zips
from support.applications import Node, catalogue_at
from support.stores import HASTY, ObjectStores


@pytest.fixture
def node(tmp_path: Path, stores: ObjectStores) -> Iterator[Node]:
    """Its namespace's default store is a bucket, in which the packages are below `applications`."""
    before = signal.getsignal(signal.SIGTERM)
    url = stores.bucket("default-store")
    secret = tmp_path / "secrets/millpond-store"
    secret.mkdir(parents=True)
    for key, value in {**stores.s3_secret, "url": url}.items():
        (secret / key).write_text(value)
    (tmp_path / "log").write_text("")
    yield Node(tmp_path / "node", catalogue_at(stores, f"{url}/applications"))
    signal.signal(signal.SIGTERM, before)


def installs(node: Node, *references: dict[str, str]) -> int:
    place = node.root.parent
    environment = {PACKAGES_VARIABLE: json.dumps(references)}
    log = str(place / "log")
    return run(environment, str(node.root), str(place / "secrets"), termination_log=log, patience=HASTY, wait=0)


def word(node: Node) -> tuple[str, str]:
    """Code and message of its last word."""
    ended = Terminated(1, message=(node.root.parent / "log").read_text())
    status = PodStatus(init_container_statuses=(ContainerStatus(PACKAGES_CONTAINER, ContainerState(terminated=ended)),))
    failure = package_failure(PodView(Meta("pod"), status=status))
    assert failure is not None
    return failure.code, failure.message


def test_all_are_installed(node: Node) -> None:
    node.push("tool", "1", zips.app())
    assert installs(node, {"applicationId": "tool", "version": "1"}) == 0
    assert (node.path("tool", "1") / "bin/run").exists()
    assert (node.root.parent / "log").read_text() == ""


def test_the_first_that_fails_is_told(node: Node) -> None:
    assert installs(node, {"applicationId": "nothing"}, {"applicationId": "tool", "version": "1"}) == 1
    code, message = word(node)
    assert code == "ApplicationPackageError"
    assert message.startswith("The application package nothing of s3://default-store/applications cannot be installed:")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("url", "", "has no key url"),
        ("url", "ftp://canary@host/x", "The application package tool:1 cannot be installed"),
        ("accessKeyId", "", "has not both keys"),
    ],
)
def test_a_default_store_that_is_none(node: Node, key: str, value: str, said: str) -> None:
    (node.root.parent / "secrets/millpond-store" / key).write_text(value)
    assert installs(node, {"applicationId": "tool", "version": "1"}) == 1
    code, message = word(node)
    assert code == "ApplicationPackageError"
    assert said in message
    assert "canary" not in message


def test_a_missing_secret_is_named(node: Node) -> None:
    (node.root.parent / "secrets").rename(node.root.parent / "elsewhere")
    assert installs(node, {"applicationId": "tool", "version": "1"}) == 1
    assert "millpond-store" in word(node)[1]


def test_it_is_a_command_of_the_agent(node: Node) -> None:
    code = "from millpond.agent.main import agent; agent()"
    arguments = ["packages", "--root", str(node.root), "--credentials", str(node.root.parent / "secrets")]
    environment = os.environ | {PACKAGES_VARIABLE: '[{"applicationId": "nothing", "version": "1"}]'}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The application package nothing:1 of s3://default-store/applications cannot")
