"""Who ended a Pod, by the kubelet's words; most of them stand in the failure table."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api import labels
from millpond.lifecycle.kubelet import (
    awaits_mounts,
    awaits_sandbox,
    lacked_room,
    sentence,
    told_by_kubelet,
    was_refused,
    was_stopped,
    why_stopped,
)
from support.builders import a_task_pod, ended, running, waiting
from support.failuretable import CASES

ROOM = [
    # phase and reason, whether others hold what the Pod asked for
    ({"phase": "Failed", "reason": "OutOfcpu"}, True),
    ({"phase": "Failed", "reason": "OutOfnvidia.com/gpu"}, True),
    ({"phase": "Running", "reason": "OutOfcpu"}, False),
    ({"phase": "Failed", "reason": "NodeAffinity"}, False),
    ({"phase": "Failed", "reason": "Evicted"}, False),
]


@pytest.mark.parametrize(("status", "lacked"), ROOM)
def test_a_node_that_lacks_room_says_so(status: dict[str, Any], lacked: bool) -> None:
    assert lacked_room(a_task_pod("frame", None, **status)) is lacked


def test_what_has_begun_was_not_refused() -> None:
    refused = {"phase": "Failed", "reason": "OutOfcpu"}
    assert was_refused(a_task_pod("frame", None, **refused))
    assert not was_refused(a_task_pod("frame", running(), **refused))
    assert not was_refused(a_task_pod("frame", None, deleted=True, **refused))


def test_nobody_is_blamed_for_an_end_of_its_own() -> None:
    pod = a_task_pod("frame", ended(1))
    assert not was_stopped(pod)
    assert why_stopped(pod) == ""


@pytest.mark.parametrize("case", [c for c in CASES if was_stopped(c.view)], ids=lambda case: case.name)
def test_whoever_stopped_a_pod_is_named(case: Any) -> None:
    assert why_stopped(case.view).endswith((".", ")"))


def test_a_disruption_that_is_not_true_is_none() -> None:
    told = {"type": "DisruptionTarget", "status": "False", "reason": "EvictionByEvictionAPI"}
    assert not was_stopped(a_task_pod("frame", ended(137), conditions=[told]))


@pytest.mark.parametrize(
    ("text", "said"), [("", ""), ("a\n b", "a b."), ("a.", "a."), ("why?", "why?"), ("x" * 900, "x" * 600 + ".")]
)
def test_words_of_others_become_one_sentence(text: str, said: str) -> None:
    assert sentence(text) == said


NOT_READIED = {"type": "PodReadyToStartContainers", "status": "False"}


@pytest.mark.parametrize(
    ("tags", "status", "begins"),
    [
        ({labels.MOUNTS: "true"}, {"phase": "Pending", "conditions": [NOT_READIED]}, False),
        ({labels.MOUNTS: "true"}, {"phase": "Pending", "conditions": [NOT_READIED | {"status": "True"}]}, True),
        ({labels.MOUNTS: "true"}, {"phase": "Pending"}, True),
        ({labels.MOUNTS: "true"}, {"phase": "Succeeded", "conditions": [NOT_READIED]}, True),
        ({}, {"phase": "Pending", "conditions": [NOT_READIED]}, False),
    ],
)
def test_mounts_are_awaited_where_there_are_any_and_nothing_has_begun(
    tags: dict[str, str], status: dict[str, Any], begins: bool
) -> None:
    pod = a_task_pod("frame", waiting("ContainerCreating"), **status)
    pod.metadata.labels.update(tags)
    assert awaits_sandbox(pod) is not begins
    assert awaits_mounts(pod) is (not begins and bool(tags))


def test_who_knows_what_the_kubelet_says_repeats_it_and_the_others_send_there() -> None:
    pod = a_task_pod("frame", waiting("ContainerCreating"))
    assert told_by_kubelet(pod, "FailedMount: no secret.") == "The kubelet says: FailedMount: no secret"
    assert "describe pod frame-1" in told_by_kubelet(pod, "")
