"""Security contexts, judged by the restricted standard."""

from __future__ import annotations

from millpond.cluster.manifests.security import layout_maker, unprivileged
from support.restricted import complaints


def test_users_commands_have_nothing() -> None:
    assert complaints({"containers": [{"name": "task", "securityContext": unprivileged(1000, 1000)}]}) == []


def test_layout_has_three_capabilities_and_is_root_and_no_more() -> None:
    found = complaints({"containers": [{"name": "layout", "securityContext": layout_maker()}]})
    assert found == [
        "layout: may run as root",
        "layout: runs as user 0",
        "layout: adds capabilities CHOWN, DAC_OVERRIDE, FOWNER",
    ]
