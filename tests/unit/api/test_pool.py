"""The Pool as users write it, and what it means where they write nothing."""

from typing import Any

import pytest
from millpond.api.nodetemplate import Toleration, TolerationOperator
from millpond.api.pool import NodeCounts, NodeFillType, Pool, PoolSpec
from millpond.api.reasons import AllocationState, NodeState
from pydantic import ValidationError

_POOL: dict[str, Any] = {
    "metadata": {"name": "render"},
    "spec": {
        "targetDedicatedNodes": 3,
        "taskSlotsPerNode": 4,
        "taskSchedulingPolicy": {"nodeFillType": "Pack"},
        "nodeTemplate": {
            "image": "docker.io/library/debian:12",
            "hostSelector": {"matchLabels": {"node-type": "batch"}},
            "tolerations": [{"key": "batch", "operator": "Exists"}],
            "resources": {"cpu": 8, "memory": "16Gi"},
        },
        "startTask": {"commandLine": "prepare.sh", "maxTaskRetryCount": 2},
    },
    "status": {"allocationState": "Resizing", "resizeErrors": [{"code": "AllocationTimedOut", "message": "late"}]},
}


def test_reading() -> None:
    pool = Pool.model_validate(_POOL)
    assert pool.spec.task_scheduling_policy.node_fill_type is NodeFillType.PACK
    assert pool.spec.node_template.host_selector.match_labels == {"node-type": "batch"}
    assert pool.spec.node_template.tolerations == (Toleration(key="batch", operator=TolerationOperator.EXISTS),)
    assert pool.spec.node_template.resources == {"cpu": "8", "memory": "16Gi"}
    assert pool.spec.start_task is not None
    assert pool.spec.start_task.max_task_retry_count == 2
    assert pool.status.allocation_state is AllocationState.RESIZING


def test_defaults() -> None:
    spec = PoolSpec.model_validate({"nodeTemplate": {"image": "debian"}})
    assert (spec.target_dedicated_nodes, spec.resize_timeout_seconds, spec.task_slots_per_node) == (None, 900, 1)
    assert spec.task_scheduling_policy.node_fill_type is NodeFillType.SPREAD
    assert spec.start_task is None


@pytest.mark.parametrize(
    "fault",
    [
        {"targetDedicatedNodes": -1},
        {"targetDedicatedNodes": 10_001},
        {"resizeTimeoutSeconds": 299},
        {"taskSlotsPerNode": 257},
        {"nodeDeallocationOption": "Later"},
        {"nodeTemplate": {}},
    ],
)
def test_faults(fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PoolSpec.model_validate({"nodeTemplate": {"image": "debian"}} | fault)


def test_every_node_state_is_counted() -> None:
    counted = {name.replace("_", "") for name in NodeCounts.model_fields}
    assert counted == {state.value.lower() for state in NodeState}
