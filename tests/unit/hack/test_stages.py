import json

import pytest
from nativecluster import simulated, stages


def test_stages_are_documents_that_end_pods_after_the_asked_time():
    documents = {item["metadata"]["name"]: item for item in map(json.loads, stages.documents(2.5).split("\n---\n"))}
    assert set(documents) == {"node-ready", "pod-running", "pod-ended", "pod-deleted"}
    assert documents["pod-ended"]["spec"]["delay"]["durationMilliseconds"] == 2500
    assert stages.DURATION in documents["pod-ended"]["spec"]["delay"]["durationFrom"]["expressionFrom"]
    assert stages.EXIT_CODE in documents["pod-ended"]["spec"]["next"]["statusTemplate"]


@pytest.mark.parametrize(
    ("existing", "count", "expected"),
    [
        (set(), 2, ["simulated-1", "simulated-2"]),
        ({"simulated-2", "node-1"}, 2, ["simulated-1", "simulated-3"]),
        ({"simulated-1"}, 0, []),
    ],
)
def test_simulated_nodes_take_the_first_free_numbers(existing, count, expected):
    assert simulated.next_names(existing, count) == expected


def test_a_simulated_node_is_one_that_kwok_takes_over():
    node = simulated.node_object("simulated-1", "4", "8Gi", {"zone": "a"})
    assert node["metadata"]["annotations"] == {"kwok.x-k8s.io/node": "fake"}
    assert node["metadata"]["labels"]["zone"] == "a"
    assert node["status"]["allocatable"]["cpu"] == "4"
