"""Security contexts, judged by the restricted standard."""

from __future__ import annotations

from millpond.cluster.manifests.security import (
    ADMIN_CAPABILITIES,
    of_agent,
    of_node_pod,
    of_pod,
    of_user,
    over_all_files,
    runs_as_root,
)
from millpond.lifecycle.users import ADMIN, User
from support.restricted import complaints

BASELINE = {
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
    "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}  # fmt: skip
"""Capabilities that the Baseline Pod Security Standard admits."""


def test_users_commands_have_nothing() -> None:
    assert complaints({"containers": [{"name": "task", "securityContext": of_user(User(1000, 2000))}]}) == []


def test_an_administrator_is_root_and_within_the_baseline_standard() -> None:
    context = of_user(ADMIN)
    found = complaints({"containers": [{"name": "task", "securityContext": context}]})
    assert found[:2] == ["task: may run as root", "task: runs as user 0"]
    assert len(found) == 3
    assert set(context["capabilities"]["add"]) <= BASELINE
    assert (context["privileged"], context["allowPrivilegeEscalation"]) == (False, False)
    assert runs_as_root({"spec": {"containers": [{"securityContext": context}]}})
    assert not runs_as_root({"spec": {"containers": [{"securityContext": of_user(User(1, 1))}]}})


def test_an_administrator_can_read_and_own_every_file() -> None:
    assert {"CHOWN", "DAC_OVERRIDE", "FOWNER"} <= set(ADMIN_CAPABILITIES)


def test_the_agent_has_nothing_but_its_group() -> None:
    context = of_agent(1000, 2000)
    assert complaints({"containers": [{"name": "agent", "securityContext": context}]}) == []
    assert (context["runAsUser"], context["runAsGroup"], context["readOnlyRootFilesystem"]) == (1000, 2000, True)
    assert of_pod(3000)["supplementalGroups"] == [3000]


def test_layout_has_three_capabilities_and_is_root_and_no_more() -> None:
    found = complaints({"containers": [{"name": "layout", "securityContext": over_all_files(65_533)}]})
    assert found == [
        "layout: may run as root",
        "layout: runs as user 0",
        "layout: adds capabilities CHOWN, DAC_OVERRIDE, FOWNER",
    ]


def test_a_volume_is_given_to_the_group_once_and_a_host_s_directory_never() -> None:
    assert of_node_pod(3000, has_volumes=False) == of_pod(3000)
    more = {"fsGroup": 3000, "fsGroupChangePolicy": "OnRootMismatch"}
    assert of_node_pod(3000, has_volumes=True) == of_pod(3000) | more
