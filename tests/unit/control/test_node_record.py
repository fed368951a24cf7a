"""What the record of a node derives from what it holds."""

from __future__ import annotations

from datetime import UTC, datetime

from millpond.api.computenode import Draining, NodeOperation
from millpond.api.pool import NodeDeallocationOption
from millpond.control.node_record import NodeRecord
from support.builders import a_node, a_node_pod


def test_a_node_s_newest_pod_speaks_for_it() -> None:
    node = NodeRecord("n")
    assert (node.pod, node.placed, node.leaving) == (None, False, True)
    node.hold_pod(a_node_pod("n", host=None, created=1))
    assert not node.placed
    node.hold_pod(a_node_pod("n", name="n-1", created=2))
    assert node.placed
    assert node.pod is node.pods["n-1"]
    node.drop_pod("n-1")
    assert node.pod is node.pods["n"]


def test_a_node_leaves_from_the_moment_it_is_chosen() -> None:
    node = NodeRecord("n")
    node.model = a_node("n")
    assert not node.leaving
    removal = Draining(
        operation=NodeOperation.REMOVE, option=NodeDeallocationOption.TERMINATE, since=datetime(2026, 1, 1, tzinfo=UTC)
    )
    for field, value, back in (("chosen", removal, None), ("draining", removal, None), ("removing", True, False)):
        setattr(node, field, value)
        assert node.leaving, field
        setattr(node, field, back)


def test_a_node_s_disk_is_full_while_the_pod_stands_whose_agent_said_so() -> None:
    node = NodeRecord("n")
    node.full_of = "n"
    assert not node.disk_full
    node.hold_pod(a_node_pod("n", uid="one"))
    assert node.disk_full
    node.hold_pod(a_node_pod("n", name="n-1", created=5))
    assert not node.disk_full
    node.drop_pod("n-1")
    assert node.disk_full
    node.drop_pod("n")
    node.hold_pod(a_node_pod("n", uid="two"))
    assert not node.disk_full
