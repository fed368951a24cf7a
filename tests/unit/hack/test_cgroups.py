from pathlib import Path

from nativecluster import cgroups

VERSION_1 = """\
24 1 0:21 / / rw - ext4 /dev/vda rw
30 24 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw
31 30 0:27 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
32 30 0:28 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
33 30 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
34 24 0:30 / /elsewhere/pids rw,relatime - cgroup cgroup rw,pids
"""
VERSION_2 = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"


def test_every_hierarchy_of_version_1_is_found_with_the_version_2_beside_it():
    expected = [Path(f"/sys/fs/cgroup/{name}") for name in ("cpu", "pids", "unified")]
    assert cgroups.hierarchies_of(VERSION_1) == (False, expected)


def test_one_hierarchy_of_version_2():
    assert cgroups.hierarchies_of(VERSION_2) == (True, [Path("/sys/fs/cgroup")])


def test_none():
    assert cgroups.hierarchies_of("24 1 0:21 / / rw - ext4 /dev/vda rw\n") == (False, [])
