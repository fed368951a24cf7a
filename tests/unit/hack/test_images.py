import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from nativecluster import images
from nativecluster.images import Recipe
from nativecluster.layout import Instance
from nativecluster.progress import ClusterError


def archive(path, members):
    with tarfile.open(path, "w") as tar:
        for name, value in members.items():
            data = json.dumps(value).encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def oci(*names):
    return {
        "index.json": {"manifests": [{"annotations": {"org.opencontainers.image.ref.name": name}} for name in names]}
    }


ARCHIVES = {
    "oci": (oci("a.example/b:1"), ["a.example/b:1"]),
    "oci with containerd's name": (
        {"./index.json": {"manifests": [{"annotations": {"io.containerd.image.name": "a.example/b:2"}}]}},
        ["a.example/b:2"],
    ),
    "docker": ({"manifest.json": [{"RepoTags": ["x:2", "x:1"]}, {"RepoTags": None}]}, ["x:1", "x:2"]),
}


@pytest.mark.parametrize(("members", "expected"), ARCHIVES.values(), ids=ARCHIVES)
def test_the_names_in_an_archive(tmp_path, members, expected):
    assert images.references_of(archive(tmp_path / "a.tar", members)) == expected


@pytest.mark.parametrize(
    ("members", "message"),
    [({"other.json": {}}, "neither an OCI nor a Docker"), ({"index.json": {"manifests": [{}]}}, "names no image")],
)
def test_an_archive_that_cannot_be_loaded_is_refused(tmp_path, members, message):
    with pytest.raises(ClusterError, match=message):
        images.references_of(archive(tmp_path / "a.tar", members))


def test_a_newer_archive_of_the_same_image_takes_the_olders_place(tmp_path):
    instance = Instance("one", tmp_path / "one")
    first = images.keep(instance, archive(tmp_path / "1.tar", oci("a.example/b:1")))
    images.keep(instance, archive(tmp_path / "2.tar", oci("a.example/c:1")))
    newer = archive(tmp_path / "3.tar", {**oci("a.example/b:1"), "more.json": 1})
    assert images.keep(instance, newer) == first
    assert first.read_bytes() == newer.read_bytes()
    assert len(list(instance.images.iterdir())) == 2


def folder(root, **files):
    root.mkdir()
    for name, text in files.items():
        (root / name).write_text(text)
    return root


def test_what_shapes_an_image_shapes_its_key(tmp_path):
    source = folder(tmp_path / "a", one="1", two="2")
    same = folder(tmp_path / "b", one="1", two="2")
    recipe = Recipe("a.example/b:1", copies=((source, "/app"),))
    key = images._digest(recipe)
    assert key == images._digest(Recipe("a.example/b:1", copies=((same, "/app"),)))
    others = [
        Recipe("a.example/b:2", copies=((source, "/app"),)),
        Recipe("a.example/b:1", copies=((source, "/opt"),)),
        Recipe("a.example/b:1", copies=((source, "/app"),), key="2"),
        Recipe("a.example/b:1", copies=((source, "/app"),), config=("--user", "1")),
        Recipe("a.example/b:1", copies=((source, "/app"),), base=Path("root.tar")),
    ]
    assert len({key, *map(images._digest, others)}) == 6
    (source / "one").chmod(0o755)
    changed = images._digest(recipe)
    (source / "one").write_text("3")
    os.symlink("one", source / "three")
    assert len({key, changed, images._digest(recipe)}) == 3


def test_compiled_python_does_not_shape_an_image(tmp_path):
    source = folder(tmp_path / "a", one="1")
    recipe = Recipe("a.example/b:1", copies=((source, "/app"),))
    key = images._digest(recipe)
    folder(source / "__pycache__", one="1")
    assert images._digest(recipe) == key
