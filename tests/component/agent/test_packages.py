"""Packages from real stores: once for all, current, whole or not at all, and a word for each thing that goes wrong."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from millpond.agent import packages
from millpond.agent.packages import Catalogue, PackageError
from millpond.api.reasons import FailureCode as Code
from millpond.packages.catalog import set_default
from millpond.storage.address import parse_container
from millpond.storage.credentials import Credentials
from millpond.storage.objects import put_text
from millpond.storage.store import open_store
from support import zips
from support.applications import Node, catalogue_at
from support.stores import HASTY, ObjectStores


@pytest.fixture
def node(tmp_path: Path, stores: ObjectStores) -> Node:
    return Node(tmp_path / "node", catalogue_at(stores, stores.bucket("packages")))


def test_a_version_and_the_default_one_are_one_installation(node: Node) -> None:
    node.push("blender", "4.2", zips.app(b"four"))
    set_default(node.catalogue.store, "blender", "4.2")
    node.install("blender", "4.2")
    node.install("blender")
    assert (node.path("blender", "4.2") / "a/b/data").read_bytes() == b"four"
    assert node.path("blender").resolve() == node.path("blender", "4.2").resolve()
    assert node.path("blender").resolve().name.startswith("4.2@")
    assert os.access(node.path("blender") / "bin/run", os.X_OK)
    assert node.names("blender") == {"4.2", ".default"}
    assert [line.split(" as ")[0] for line in node.said] == ["blender:4.2 installed", "blender is there"]


def test_another_archive_or_default_is_another_installation_and_the_first_stays(node: Node) -> None:
    node.push("moving", "1", zips.app(b"old"))
    set_default(node.catalogue.store, "moving", "1")
    node.install("moving")
    running = node.path("moving").resolve()
    node.push("moving", "1", zips.app(b"new"))
    node.install("moving", "1")
    assert (node.path("moving", "1") / "a/b/data").read_bytes() == b"new"
    node.push("moving", "2", zips.app(b"two"))
    set_default(node.catalogue.store, "moving", "2")
    node.install("moving")
    assert (node.path("moving") / "a/b/data").read_bytes() == b"two"
    assert (running / "a/b/data").read_bytes() == b"old"


def test_tasks_that_start_together_share_one_download(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.push("shared", "1", zips.app(b"x" * 100_000))
    read, reads = packages.read_object, []
    begun = threading.Barrier(4)
    monkeypatch.setattr(packages, "read_object", lambda *to: (reads.append(to), read(*to))[1])

    def task() -> None:
        begun.wait()
        node.install("shared", "1")

    threads = [threading.Thread(target=task) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reads) == 1
    assert (node.path("shared", "1") / "a/b/data").stat().st_size == 100_000


@pytest.mark.parametrize("at", ["unpack", "_point"])
def test_one_that_is_killed_is_begun_again(node: Node, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    node.push("killed", "1", zips.app())
    with monkeypatch.context() as patch:
        patch.setattr(packages, at, _killed)
        with pytest.raises(KeyboardInterrupt):
            node.install("killed", "1")
    assert not node.path("killed", "1").exists()
    node.install("killed", "1")
    assert (node.path("killed", "1") / "bin/run").exists()
    assert node.names("killed") == {"1"}


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def fails(node: Node, code: Code, *reference: str, **more: float) -> str:
    """What is said when it fails so; nothing of it has its final name."""
    with pytest.raises(PackageError) as failure:
        node.install(*reference, **more)
    assert failure.value.code is code
    assert failure.value.reference == ":".join(reference)
    assert "canary" not in failure.value.message
    assert not node.path(*reference).exists()
    assert node.names(reference[0]) == set()
    return failure.value.message


def test_what_is_not_in_the_store(node: Node) -> None:
    said = fails(node, Code.APPLICATION_PACKAGE_ERROR, "missing", "1")
    assert said.startswith("The application package missing:1 of s3://packages cannot be installed: its archive is not")
    assert "push it with `millpond app push`" in said
    said = fails(node, Code.APPLICATION_PACKAGE_ERROR, "missing")
    assert said.startswith("The application package missing of s3://packages cannot be installed")
    assert "has no default version: name a version, or choose one with `millpond app set-default missing" in said
    put_text(node.catalogue.store, "dangling/default", "9")
    assert "its archive is not there" in fails(node, Code.APPLICATION_PACKAGE_ERROR, "dangling")


BAD = ("text", "cut at its end", "parent", "symbolic link", "character device", "encrypted", "wrong checksum",
       "overlapping", "bomb that says so", "bomb that does not")  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_archive(node: Node, case: str) -> None:
    make, words = zips.BAD[case]
    node.push("bad", case.replace(" ", "_"), make())
    assert words in fails(node, Code.APPLICATION_PACKAGE_ERROR, "bad", case.replace(" ", "_"))


def test_a_full_disk(node: Node) -> None:
    node.push("large", "1", zips.app())
    assert "would fill the node's disk" in fails(node, Code.DISK_FULL, "large", "1", most_used=0.0)


FAULTS = {
    "status-403": "may not be accessed",
    "status-404": "is not there",
    "nocontainer": "is not there",
    "status-500": "could not be transferred (HTTP 500",
    "truncated": "ended early",
    "stall": "waited for too long",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_trouble_with_the_store(tmp_path: Path, stores: ObjectStores, fault: str) -> None:
    container = parse_container(f"{stores.faulty(fault)}?sv=2021-08-06&sig=canary")
    node = Node(tmp_path / "node", Catalogue(open_store(container, Credentials(), HASTY), container.text))
    said = fails(node, Code.APPLICATION_PACKAGE_ERROR, "tool", "1")
    assert FAULTS[fault] in said
    assert f"tool:1 of {stores.faulty(fault)} cannot" in said


def test_a_node_without_the_directory_says_so(node: Node) -> None:
    (node.root / "applications").rmdir()
    with pytest.raises(PackageError, match="reboot the node"):
        node.install("any", "1")
