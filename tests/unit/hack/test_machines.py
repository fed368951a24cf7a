"""Which Machines a MachineDeployment makes and removes: Cluster API's rules, as far as the tool has them."""

import pytest
from nativecluster.machines import DELETE_FIRST, Machine, definitions, machine_document, missing, surplus

A, B, C = Machine("m-1", "node-1"), Machine("m-2", "node-2"), Machine("m-3")
MARKED = Machine("m-1", "node-1", deleted_first=True)
GOING = Machine("m-2", "node-2", going=True)


@pytest.mark.parametrize(
    ("machines", "replicas", "expected"),
    [
        ([A, B, C], 3, []),
        ([A, B, C], 5, []),
        ([A, B], 1, ["m-2"]),
        ([A, B, C], 2, ["m-3"]),
        ([MARKED, B], 1, ["m-1"]),
        ([MARKED, B, C], 2, ["m-1"]),
        ([MARKED, B, C], 1, ["m-1", "m-3"]),
        ([MARKED, B], 2, []),
        ([A, GOING], 1, []),
        ([A, GOING], 0, ["m-1"]),
    ],
)
def test_what_is_deleted_when_there_are_too_many(machines, replicas, expected):
    assert surplus(machines, replicas) == expected


@pytest.mark.parametrize(
    ("machines", "replicas", "expected"),
    [([], 2, ["m-1", "m-2"]), ([B], 2, ["m-1"]), ([A, GOING], 2, ["m-3"]), ([A, B, C], 2, []), ([], 0, [])],
)
def test_what_is_created_when_there_are_too_few(machines, replicas, expected):
    assert missing("m", machines, replicas) == expected


def test_a_machine_is_read_and_made():
    meta = {"name": "m", "namespace": "n", "uid": "u"}
    deployment = {"metadata": meta, "spec": {"template": {"spec": {"cpu": "1", "labels": {"a": "b"}}}}}
    made = machine_document(deployment, "m-1")
    assert Machine.of(made) == Machine("m-1")
    assert made["spec"] == {"cpu": "1", "labels": {"a": "b"}}
    assert made["metadata"]["ownerReferences"][0]["uid"] == "u"
    made["metadata"] |= {"annotations": {DELETE_FIRST: ""}, "deletionTimestamp": "2026-01-01T00:00:00Z"}
    made["status"] = {"nodeRef": {"name": "node-7"}}
    assert Machine.of(made) == Machine("m-1", "node-7", deleted_first=True, going=True)


def test_only_deployments_can_be_scaled():
    specs = [item["spec"] for item in definitions()]
    scaled = {spec["names"]["kind"]: "scale" in spec["versions"][0]["subresources"] for spec in specs}
    assert scaled == {"MachineDeployment": True, "Machine": False}
