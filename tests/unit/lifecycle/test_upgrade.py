"""Which nodes a changed pool reaches, and in which order."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.reasons import NodeState
from millpond.lifecycle.upgrade import Upgradable, next_upgrades, version_of
from support.builders import a_pool

START = {"commandLine": "start"}
IDLE, RUNNING, STARTING, FAILED = NodeState.IDLE, NodeState.RUNNING, NodeState.STARTING, NodeState.START_TASK_FAILED


def version(image: str = "debian", start: dict[str, Any] | None = None, **template: Any) -> str:
    return version_of(a_pool(nodeTemplate={"image": image, **template}, **({"startTask": start} if start else {})).spec)


CHANGES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    # before, after, is it news to nodes
    ({}, {}, False),
    ({}, {"start": START}, True),
    ({"start": START}, {"start": START | {"commandLine": "other"}}, True),
    ({"start": START}, {"start": START | {"waitForSuccess": False}}, True),
    ({"start": START}, {"start": START | {"maxTaskRetryCount": 0}}, False),
    ({}, {"image": "other"}, False),
    ({"start": START}, {"start": START, "image": "other"}, True),
    ({"start": START | {"image": "own"}}, {"start": START | {"image": "own"}, "image": "other"}, False),
    ({}, {"resources": {"cpu": "4"}}, True),
    ({}, {"storage": {"evictRetainedFiles": True}}, True),
    ({}, {"imagePullSecrets": [{"name": "registry"}]}, True),
    ({}, {"volumes": [{"relativeMountPath": "a", "csi": {"driver": "d"}}]}, True),
    ({}, {"hostSelector": {"matchLabels": {"a": "b"}}}, False),
    ({}, {"tolerations": [{"operator": "Exists"}]}, False),
]


@pytest.mark.parametrize(("before", "after", "news"), CHANGES)
def test_what_nodes_are_made_with(before: dict[str, Any], after: dict[str, Any], news: bool) -> None:
    assert (version(**before) != version(**after)) is news


def test_accounts_are_part_of_it() -> None:
    accounts = [{"name": "alice", "uid": 2001, "gid": 2001}]
    assert version_of(a_pool(userAccounts=accounts).spec) != version_of(a_pool().spec)


def test_certificates_are_part_of_it() -> None:
    assert version_of(a_pool(certificateReferences=[{"secretName": "a"}]).spec) != version_of(a_pool().spec)


def old(name: str, state: NodeState = IDLE, used: int = 0, **more: Any) -> Upgradable:
    return Upgradable(name, state, outdated=True, used_slots=used, **more)


def new(name: str, state: NodeState = IDLE, **more: Any) -> Upgradable:
    return Upgradable(name, state, outdated=False, **more)


def many(count: int, state: NodeState = IDLE) -> list[Upgradable]:
    return [old(f"n{number:02}", state) for number in range(count)]


CASES: list[tuple[str, list[Upgradable], tuple[str, ...]]] = [
    ("none", [], ()),
    ("none outdated", [new("a"), new("b")], ()),
    ("a single one", [old("a")], ("a",)),
    ("one at a time in a small pool", many(9), ("n00",)),
    ("a fifth in a larger one", many(10), ("n00", "n01")),
    ("free before busy", [old("a", RUNNING, 1), old("b"), old("c")], ("b",)),
    ("of busy ones those with the fewest slots in use", [old("a", RUNNING, 3), old("b", RUNNING, 1)], ("b",)),
    ("of no use before free", [old("a"), old("b", FAILED)], ("b",)),
    ("disabled before free", [old("a"), old("b", NodeState.OFFLINE)], ("b",)),
    ("managers last", [old("a", RUNNING, 1, manages=True), old("b", RUNNING, 3)], ("b",)),
    ("one is under way", [old("a", NodeState.UPGRADING_OS, under_way=True), old("b")], ()),
    ("one is being rebooted by a user", [new("a", NodeState.REBOOTING, under_way=True), old("b")], ()),
    ("one that was upgraded starts", [new("a", STARTING), old("b")], ()),
    ("one that was upgraded works", [new("a", RUNNING), old("b")], ("b",)),
    ("one that was upgraded is broken", [new("a", FAILED), *many(20)], ()),
    ("what cannot restart now waits", [old("a", STARTING), old("b", NodeState.UNKNOWN)], ()),
    ("one that was preempted holds nobody up", [new("a", NodeState.PREEMPTED), old("b")], ("b",)),
    ("one that was preempted waits", [old("a", NodeState.PREEMPTED)], ()),
    ("a silent one holds nobody up", [old("a", NodeState.UNKNOWN), old("b")], ("b",)),
]


@pytest.mark.parametrize(("nodes", "chosen"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_which_are_next(nodes: list[Upgradable], chosen: tuple[str, ...]) -> None:
    assert next_upgrades(nodes) == chosen
