"""What nodes of each class are made from."""

from __future__ import annotations

import pytest
from millpond.api.nodetemplate import NodeClass
from millpond.api.pool import PoolSpec

TEMPLATE = {"image": "debian", "hostSelector": {"matchLabels": {"a": "b"}}, "resources": {"cpu": "8"}}


def spec(**low: object) -> PoolSpec:
    return PoolSpec.model_validate({"nodeTemplate": TEMPLATE, "lowPriorityNodeTemplate": low})


@pytest.mark.parametrize("node_class", NodeClass)
def test_what_is_left_out_is_as_for_dedicated_nodes(node_class: NodeClass) -> None:
    assert spec().template_of(node_class) == spec().node_template


def test_what_is_given_is_different_and_may_be_nothing() -> None:
    wanted = spec(hostSelector={"matchLabels": {"spot": "yes"}}, resources={})
    low = wanted.template_of(NodeClass.LOW_PRIORITY)
    assert low.host_selector.match_labels == {"spot": "yes"}
    assert (low.resources, low.image) == ({}, "debian")
    assert wanted.template_of(NodeClass.DEDICATED) == wanted.node_template
