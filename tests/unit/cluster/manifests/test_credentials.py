"""Secrets in Pods: each once, for the containers that ask, and none that is waited for by the kubelet."""

from typing import Any

from millpond.cluster.manifests.credentials import CREDENTIALS, secret_mounts, with_secrets

POD: dict[str, Any] = {"spec": {"volumes": [{"name": "node"}], "containers": [{"name": "task"}]}}


def test_each_secret_is_a_volume_once_whoever_asks() -> None:
    pod = with_secrets(with_secrets(POD, ["b", "a", "b"]), ["b", "c"])
    assert [volume["secret"]["secretName"] for volume in pod["spec"]["volumes"][1:]] == ["a", "b", "c"]
    assert all(volume["secret"]["optional"] for volume in pod["spec"]["volumes"][1:])
    assert len({volume["name"] for volume in pod["spec"]["volumes"]}) == 4
    assert POD["spec"]["volumes"] == [{"name": "node"}]


def test_no_secret_changes_nothing() -> None:
    assert with_secrets(POD, ()) is POD
    assert secret_mounts(()) == []


def test_mounts_are_of_the_volumes_and_read_only() -> None:
    secrets = ["store", "a.b-" + "c" * 200]
    volumes = {volume["name"] for volume in with_secrets(POD, secrets)["spec"]["volumes"]}
    mounts = secret_mounts(secrets)
    assert {mount["name"] for mount in mounts} <= volumes
    assert all(mount["readOnly"] and len(mount["name"]) <= 63 for mount in mounts)
    assert {mount["mountPath"] for mount in mounts} == {f"{CREDENTIALS}/{secret}" for secret in secrets}
