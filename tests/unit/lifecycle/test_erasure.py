"""When a host is as it was, and what is said where it is not."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.lifecycle.erasure import ErasureFacts, ErasureVerdict, judge_erasure
from support.builders import EPOCH, a_host, a_node_pod, exited

PATIENCE = 60.0
WAITS, CLEAN = ErasureVerdict(over=False), ErasureVerdict(over=True)
WAITING = a_node_pod("farm-aaaaa", created=0)
FAILED = exited(1) | {"terminated": {"exitCode": 1, "message": "shared: Device or resource busy\n"}}
CASES: dict[str, tuple[dict[str, Any], float, ErasureVerdict]] = {
    "to be asked for": ({}, 0, WAITS),
    "never stood anywhere": ({"host_name": None, "host": None}, 0, CLEAN),
    "the host is gone": ({"host": None}, 0, CLEAN),
    "the host is silent": ({"host": a_host(ready="Unknown")}, 0, WAITS),
    "under way": ({"eraser": WAITING}, 59, ErasureVerdict(over=False, look_again=EPOCH + 60)),
    "too long under way": ({"eraser": WAITING}, 60, ErasureVerdict(True, "they were not erased within 60 s")),
    "erased": ({"eraser": a_node_pod(phase="Succeeded")}, 600, CLEAN),
    "refused": ({"refusal": "no"}, 0, ErasureVerdict(True, "no")),
    "out of service": (
        {"host": a_host(taints=[{"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}])},
        0,
        ErasureVerdict(True, "it is out of service"),
    ),
    "failed and said why": (
        {"eraser": a_node_pod(phase="Failed", containerStatuses=[{"name": "eraser", "state": FAILED}])},
        0,
        ErasureVerdict(True, "shared: Device or resource busy"),
    ),
    "turned away": ({"eraser": a_node_pod(phase="Failed", reason="OutOfpods")}, 0, ErasureVerdict(True, "OutOfpods")),
    "failed without a word": (
        {"eraser": a_node_pod(phase="Failed")},
        0,
        ErasureVerdict(True, "the Pod that erases them failed"),
    ),
}


@pytest.mark.parametrize(("facts", "seconds", "verdict"), CASES.values(), ids=CASES)
def test_when_it_is_over(facts: dict[str, Any], seconds: float, verdict: ErasureVerdict) -> None:
    ordinary = {"host_name": "host-1", "host": a_host(), "eraser": None, "refusal": ""}
    assert judge_erasure(ErasureFacts(**ordinary | facts), EPOCH + seconds, PATIENCE) == verdict
