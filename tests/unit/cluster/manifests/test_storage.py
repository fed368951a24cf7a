"""Where node directories lie: volumes, claims and users of both kinds."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.nodetemplate import Storage
from millpond.api.users import UserIdentity
from millpond.cluster.manifests.layout import NODE_VOLUME
from millpond.cluster.manifests.storage import agents_group, node_claim, node_volume, only_on, user_in
from millpond.control.actions import CreateNodePod
from millpond.lifecycle.users import User, UserRefusedError
from millpond.settings import Settings
from support.builders import ON_CLAIMS, POOL, SPACE, a_pool

SETTINGS = Settings(_env_file=None, node_root="/data", task_uid=12, task_gid=34, agent_gid=56)
CREATE = CreateNodePod(namespace=SPACE, pool=POOL, node="farm-aaaaa", pod="farm-aaaaa-1")
ON_HOST = Storage()
ON_CLAIM = Storage.model_validate(ON_CLAIMS["storage"])


def test_a_directory_on_its_host_has_a_path_of_its_own() -> None:
    path = f"/data/{SPACE}.{POOL}.farm-aaaaa"
    volume = node_volume(ON_HOST, SPACE, POOL, "farm-aaaaa", SETTINGS)
    assert volume == {"name": NODE_VOLUME, "hostPath": {"path": path, "type": "DirectoryOrCreate"}}


def test_a_directory_on_a_claim_has_the_node_s_name_whatever_the_pod_s() -> None:
    volume = node_volume(ON_CLAIM, SPACE, POOL, "farm-aaaaa", SETTINGS)
    claim = node_claim(CREATE, "uid-node", ON_CLAIM)
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"] == "farm-aaaaa"


def test_a_claim_goes_with_its_node() -> None:
    (owner,) = node_claim(CREATE, "uid-node", ON_CLAIM)["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("ComputeNode", "farm-aaaaa", "uid-node")


def test_a_claim_asks_for_what_the_pool_says() -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    assert node_claim(CREATE, "uid-node", ON_CLAIM)["spec"] == spec
    local = ON_CLAIM.model_copy(update={"storage_class_name": "local"})
    assert node_claim(CREATE, "uid-node", local)["spec"] == spec | {"storageClassName": "local"}


def test_a_host_is_named_where_only_kube_scheduler_may_place() -> None:
    (term,) = only_on("host-1")["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term == {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["host-1"]}]}


def test_an_agent_that_owns_all_files_needs_no_group_of_its_own() -> None:
    assert (agents_group(ON_HOST, SETTINGS), agents_group(ON_CLAIM, SETTINGS)) == (56, 34)


@pytest.mark.parametrize("template", [{"image": "debian"}, ON_CLAIMS], ids=["host", "claim"])
def test_who_asks_for_nobody_is_the_ordinary_user(template: dict[str, Any]) -> None:
    assert user_in(a_pool(nodeTemplate=template), None, "workitems/x", SETTINGS) == User(12, 34)


def test_an_administrator_is_for_hosts_only() -> None:
    admin = UserIdentity.model_validate({"autoUser": {"elevationLevel": "Admin"}})
    assert user_in(a_pool(), admin, "workitems/x", SETTINGS).admin
    with pytest.raises(UserRefusedError, match=f"pool {POOL}.*of type HostPath"):
        user_in(a_pool(nodeTemplate=ON_CLAIMS), admin, "workitems/x", SETTINGS)
