"""The ComputeNode as the operator writes it."""

from millpond.api.computenode import ComputeNode, NodeClass
from millpond.api.reasons import CommandState, NodeState, TaskResult


def test_reading() -> None:
    node = ComputeNode.model_validate(
        {
            "metadata": {"name": "render-7k2d9", "labels": {"millpond.dev/pool": "render"}},
            "spec": {"poolName": "render"},
            "status": {
                "state": "WaitingForStartTask",
                "slots": {"total": 4, "used": 0},
                "ipAddress": "10.244.2.7",
                "startTask": {"state": "Completed", "exitCode": 0, "result": "Success", "retryCount": 1},
                "errors": [{"code": "ContainerMiscError", "message": "full"}],
            },
        }
    )
    assert node.spec.node_class is NodeClass.DEDICATED
    assert node.status.state is NodeState.WAITING_FOR_START_TASK
    assert node.status.slots.total == 4
    assert node.status.ip_address == "10.244.2.7"
    assert node.status.start_task is not None
    assert node.status.start_task.state is CommandState.COMPLETED
    assert node.status.start_task.result is TaskResult.SUCCESS


def test_a_node_that_has_reported_nothing() -> None:
    node = ComputeNode.model_validate({"metadata": {"name": "n"}, "spec": {"poolName": "render"}})
    assert node.status.state is None
    assert node.as_document()["status"] == {
        "conditions": [],
        "slots": {"total": 0, "used": 0},
        "resources": {},
        "jobs": [],
        "totals": {"tasksRun": 0, "tasksSucceeded": 0, "countedThrough": 0},
        "recentTasks": [],
        "outdated": False,
        "errors": [],
    }
