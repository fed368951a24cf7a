"""Secrets that open stores come into a Pod once each, and into the containers that ask for them."""

from __future__ import annotations

from typing import Any

from millpond.cluster.manifests.credentials import CREDENTIALS, secret_mounts, with_secrets

POD: dict[str, Any] = {"spec": {"volumes": [{"name": "node"}], "containers": []}}


def test_each_secret_is_a_volume_once_whoever_asks() -> None:
    made = with_secrets(with_secrets(POD, ["b", "a", "b"]), ["a"])
    assert POD["spec"]["volumes"] == [{"name": "node"}]
    assert [volume["secret"]["secretName"] for volume in made["spec"]["volumes"][1:]] == ["a", "b"]
    assert all(volume["secret"]["optional"] for volume in made["spec"]["volumes"][1:])


def test_a_secret_that_anybody_requires_is_required() -> None:
    once = with_secrets(with_secrets(POD, ["a"], required=True), ["a", "b"])
    later = with_secrets(with_secrets(POD, ["a", "b"]), ["a"], required=True)
    for made in (once, later):
        found = {v["secret"]["secretName"]: v["secret"]["optional"] for v in made["spec"]["volumes"][1:]}
        assert found == {"a": False, "b": True}


def test_no_secret_changes_nothing() -> None:
    assert with_secrets(POD, []) is POD
    assert secret_mounts([]) == []


def test_a_container_finds_a_secret_under_its_name() -> None:
    volumes = {v["name"]: v for v in with_secrets(POD, ["a.b", "c"])["spec"]["volumes"]}
    mounts = secret_mounts(["c", "a.b"])
    assert [mount["mountPath"] for mount in mounts] == [f"{CREDENTIALS}/a.b", f"{CREDENTIALS}/c"]
    assert [volumes[mount["name"]]["secret"]["secretName"] for mount in mounts] == ["a.b", "c"]
    assert all(mount["readOnly"] for mount in mounts)
