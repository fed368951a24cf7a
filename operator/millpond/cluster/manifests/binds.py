"""What of the node directory the container of a command sees: all of it, or the parts that its settings name."""

from __future__ import annotations

from millpond.api.containers import BindMount, BindMountSource, ContainerSettings
from millpond.api.pool import Pool
from millpond.cluster.manifests.layout import NODE_VOLUME, ROOT, STARTUP_DIRECTORY, Manifest, node_mount
from millpond.cluster.manifests.mounts import file_systems

TASK_HOME = "/.millpond-task"
"""Where the launcher finds the task's directory in a container that may not see it elsewhere, or not write there."""


def is_bound(container: ContainerSettings | None) -> bool:
    """Whether the container sees only parts of the node directory."""
    return container is not None and container.container_host_batch_bind_mounts is not None


def data_mounts(container: ContainerSettings | None, directory: str, preparation: str, pool: Pool) -> list[Manifest]:
    """Where the container sees what. Directories are below the node directory; `preparation` is "" where there is none.

    Output is written in any case, so the launcher has the task's directory at a place of its own.
    """
    shared = file_systems(pool.spec)
    if container is None or container.container_host_batch_bind_mounts is None:
        return [node_mount(), *shared.places]
    own: Manifest = {"name": NODE_VOLUME, "subPath": directory, "mountPath": TASK_HOME}
    found = [own]
    parts = {
        BindMountSource.SHARED: "shared",
        BindMountSource.STARTUP: STARTUP_DIRECTORY,
        BindMountSource.TASK: directory,
        BindMountSource.JOB_PREP: preparation,
        BindMountSource.APPLICATIONS: "applications",
    }
    for bind in container.container_host_batch_bind_mounts:
        if bind.source is BindMountSource.VFS_MOUNTS:
            found += shared.read_only if bind.is_read_only else shared.places
        elif parts[bind.source]:
            found.append(_part(parts[bind.source], bind))
    return found


def _part(directory: str, bind: BindMount) -> Manifest:
    place = {"name": NODE_VOLUME, "subPath": directory, "mountPath": f"{ROOT}/{directory}"}
    return place | {"readOnly": bind.is_read_only}
