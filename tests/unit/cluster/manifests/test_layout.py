"""Where things lie, and how containers reach them."""

from __future__ import annotations

from millpond.cluster.manifests.layout import (
    LAUNCHER,
    LAUNCHER_DIRECTORY,
    NODE_VOLUME,
    host_directory,
    launcher_mount,
    node_mount,
)


def test_directories_of_different_nodes_differ() -> None:
    assert host_directory("/var/lib/millpond", "a", "b", "b-xxxxx") == "/var/lib/millpond/a.b.b-xxxxx"
    assert host_directory("/r", "a", "b", "n") != host_directory("/r", "b", "a", "n")


def test_the_launcher_is_a_read_only_part_of_the_node_directory() -> None:
    assert {node_mount()["name"], launcher_mount()["name"]} == {NODE_VOLUME}
    assert (launcher_mount()["subPath"], launcher_mount()["readOnly"]) == (LAUNCHER_DIRECTORY, True)
    assert LAUNCHER.startswith(launcher_mount()["mountPath"] + "/")
