"""The container that deletes tasks' directories: strong over files, deaf to the network, and nobody's to talk to."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.nodetemplate import Storage
from millpond.cluster.manifests.sweeper import orders_volume, sweeper
from millpond.settings import Settings
from support.builders import ON_CLAIMS
from support.restricted import complaints

SETTINGS = Settings(_env_file=None, image="millpond:test", agent_gid=91)


def test_it_deletes_whoever_s_files_and_listens_to_nobody() -> None:
    container = sweeper(Storage(), SETTINGS, evicts=False)
    assert container["securityContext"]["capabilities"]["add"] == ["CHOWN", "DAC_OVERRIDE", "FOWNER"]
    assert container["securityContext"]["runAsGroup"] == 91
    assert not {"ports", "env", "resources"} & set(container)
    assert container["command"] == [
        "millpond", "agent", "sweep", "--root", "/mnt/batch/tasks", "--orders", "/run/millpond/erase",
    ]  # fmt: skip


def test_it_makes_room_where_it_is_asked_to() -> None:
    assert sweeper(Storage(), SETTINGS, evicts=True)["command"][-1] == "--evict"


def test_it_sees_the_orders_and_cannot_change_them() -> None:
    mounts = {mount["name"]: mount for mount in sweeper(Storage(), SETTINGS, evicts=False)["volumeMounts"]}
    assert mounts["orders"]["readOnly"] is True
    (item,) = orders_volume()["downwardAPI"]["items"]
    assert f"/run/millpond/{item['path']}" in sweeper(Storage(), SETTINGS, evicts=False)["command"]
    assert item["fieldRef"]["fieldPath"] == f"metadata.annotations['{labels.ERASE_ANNOTATION}']"


def test_on_a_claim_it_is_restricted_since_it_owns_the_files() -> None:
    container = sweeper(Storage.model_validate(ON_CLAIMS["storage"]), SETTINGS, evicts=False)
    assert complaints({"containers": [container]}) == []
