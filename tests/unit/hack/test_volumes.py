"""Local volumes: each on its node, under a name that no other has."""

from pathlib import Path

import pytest
from nativecluster.volumes import next_names, phase_of, storage_class, volume_document


@pytest.mark.parametrize(
    ("taken", "count", "expected"),
    [
        ([], 2, ["node-1-1", "node-1-2"]),
        (["node-1-1", "node-1-3"], 2, ["node-1-2", "node-1-4"]),
        (["node-2-1"], 1, ["node-1-1"]),
        ([], 0, []),
        ([], -1, []),
    ],
)
def test_names_are_the_first_free_numbers(taken, count, expected):
    assert next_names("node-1", taken, count) == expected


def test_a_volume_is_reached_by_its_node_only_and_bound_when_that_is_known():
    volume = volume_document("node-1-1", "node-1", Path("/volumes/node-1-1"))
    (term,) = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["node-1"]}]
    assert volume["spec"]["local"] == {"path": "/volumes/node-1-1"}
    assert volume["spec"]["storageClassName"] == storage_class()["metadata"]["name"]
    assert storage_class()["volumeBindingMode"] == "WaitForFirstConsumer"


def test_a_volume_that_nobody_has_seen_yet_is_pending():
    assert (phase_of({}), phase_of({"status": {"phase": "Bound"}})) == ("Pending", "Bound")
