"""What a container sees of the node directory: all of it, parts of it, or nothing but room for its output."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.containers import ContainerSettings
from millpond.cluster.manifests.binds import TASK_HOME, data_mounts, is_bound
from support.builders import a_pool

OWN, PREPARATION = "workitems/film/job-1/t", "workitems/film/job-1/jobpreparation"
ROOT = "/mnt/batch/tasks"
POOL = a_pool(
    nodeTemplate={
        "image": "debian",
        "volumes": [{"relativeMountPath": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    }
)


def settings(binds: list[dict[str, Any]] | None) -> ContainerSettings:
    more = {} if binds is None else {"containerHostBatchBindMounts": binds}
    return ContainerSettings.model_validate({"imageName": "x", **more})


def seen(binds: list[dict[str, Any]] | None, preparation: str = PREPARATION) -> dict[str, tuple[str, bool]]:
    """By place: the part of the node directory, or the volume, and whether it can only be read."""
    mounts = data_mounts(settings(binds), OWN, preparation, POOL)
    return {one["mountPath"]: (one.get("subPath", one["name"]), one.get("readOnly", False)) for one in mounts}


def test_who_says_nothing_sees_all() -> None:
    assert seen(None) == {ROOT: ("node", False), f"{ROOT}/fsmounts/data": ("mount-0", False)}
    assert data_mounts(None, OWN, "", POOL) == data_mounts(settings(None), OWN, "", POOL)
    assert not is_bound(None)
    assert not is_bound(settings(None))


def test_an_empty_list_leaves_the_launcher_a_place_for_output() -> None:
    assert seen([]) == {TASK_HOME: (OWN, False)}
    assert is_bound(settings([]))


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("source", "place", "part"),
    [
        ("Shared", "shared", "shared"),
        ("Startup", "startup", "startup"),
        ("Task", OWN, OWN),
        ("JobPrep", PREPARATION, PREPARATION),
        ("Applications", "applications", "applications"),
        ("VfsMounts", "fsmounts/data", "mount-0"),
    ],
)
def test_each_part_is_where_it_always_is(source: str, place: str, part: str, read_only: bool) -> None:
    found = seen([{"source": source, "isReadOnly": read_only}])
    assert found == {TASK_HOME: (OWN, False), f"{ROOT}/{place}": (part, read_only)}


def test_a_preparation_that_is_not_waited_for_is_not_mounted() -> None:
    """The kubelet would make its directory before it does, as root's."""
    assert seen([{"source": "JobPrep"}], preparation="") == {TASK_HOME: (OWN, False)}
