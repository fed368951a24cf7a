"""Where things lie, and how containers reach them."""

from __future__ import annotations

from millpond.cluster.manifests.layout import LAUNCHER, host_directory, launcher_mount, node_mount, volumes


def test_directories_of_different_nodes_differ() -> None:
    assert host_directory("/var/lib/millpond", "a", "b", "b-xxxxx") == "/var/lib/millpond/a.b.b-xxxxx"
    assert host_directory("/r", "a", "b", "n") != host_directory("/r", "b", "a", "n")


def test_every_mount_has_its_volume() -> None:
    named = {volume["name"]: volume["hostPath"] for volume in volumes("/d")}
    mounts = [node_mount(), launcher_mount()]
    assert {mount["name"] for mount in mounts} == set(named)
    assert {volume["type"] for volume in named.values()} == {"DirectoryOrCreate"}
    assert launcher_mount()["readOnly"] is True
    assert LAUNCHER.startswith(launcher_mount()["mountPath"] + "/")
