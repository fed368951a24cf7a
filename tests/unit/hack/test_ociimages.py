import hashlib
import json
import tarfile

import pytest
from nativecluster import images as native
from ociimages import archive, layers
from ociimages.archive import Image
from ociimages.layers import File


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    (folder / "images" / "layers").mkdir(parents=True)
    monkeypatch.setenv("MILLPOND_CACHE", str(folder))
    return folder


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program"
    path.write_text("#!/bin/sh\n")
    return path


def members(layer):
    with tarfile.open(layer) as tar:
        return {member.name: member for member in tar}


def documents(path):
    """The archive's documents: index, manifest, configuration; every blob is checked against its name."""
    with tarfile.open(path) as tar:
        content = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    for name, blob in content.items():
        if name.startswith("blobs/"):
            assert hashlib.sha256(blob).hexdigest() == name.rpartition("/")[2]
    index = json.loads(content["index.json"])
    blobs = {name.rpartition("/")[2]: blob for name, blob in content.items()}
    manifest = json.loads(blobs[index["manifests"][0]["digest"].removeprefix("sha256:")])
    return index, manifest, json.loads(blobs[manifest["config"]["digest"].removeprefix("sha256:")])


def test_a_layer_of_files_has_their_modes_their_folders_and_no_time(program):
    found = members(layers.of_files("tool", [File("usr/local/bin/tool", program, 0o755), File("opt/a/b", program)]))
    assert {name: member.mode for name, member in found.items()} == {
        "opt": 0o755,
        "opt/a": 0o755,
        "opt/a/b": 0o644,
        "usr/local/bin/tool": 0o755,
    }
    assert all(member.mtime == member.uid == member.gid == 0 for member in found.values())


def test_equal_content_is_an_equal_layer_whatever_the_order(program):
    one, other = File("a", program), File("b", program)
    assert layers.of_files("x", [one, other]) == layers.of_files("x", [other, one])


@pytest.mark.parametrize("change", ["content", "place", "mode"])
def test_other_content_is_another_layer(program, change):
    before = layers.of_files("x", [File("a", program)])
    if change == "content":
        program.write_text("other")
    after = File("b" if change == "place" else "a", program, 0o755 if change == "mode" else 0o644)
    assert layers.of_files("x", [after]) != before


def test_a_debian_root_loses_what_is_never_read_but_for_what_is_kept(tmp_path):
    root = tmp_path / "root.tar"
    places = [
        "dev",
        "dev/null",
        "usr/bin/sh",
        "usr/share/doc",
        "usr/share/doc/a",
        "usr/share/doc/b",
        "var/log",
        "var/log/x",
    ]
    with tarfile.open(root, "w") as tar:
        for place in places:
            member = tarfile.TarInfo(f"./{place}")
            member.type = tarfile.DIRTYPE if place in ("dev", "usr/share/doc", "var/log") else tarfile.REGTYPE
            tar.addfile(member)
    found = {name.removeprefix("./") for name in members(layers.of_debian("base", root, keep=["usr/share/doc/a"]))}
    assert found == {"dev", "usr/bin/sh", "usr/share/doc", "usr/share/doc/a", "var/log"}
    without = members(layers.of_debian("base", root, leave=["usr/bin", "usr/share/doc"]))
    assert {name.removeprefix("./") for name in without} == {"dev", "var/log"}


def test_an_archive_is_what_the_cluster_reads(program):
    layer = layers.of_files("tool", [File("tool", program, 0o755)])
    path = archive.write(
        Image("example.dev/tools/tool:1", [layer], user="7:7", entrypoint=("/tool",), labels={"a": "b"})
    )
    index, manifest, config = documents(path)
    assert native.references_of(path) == ["example.dev/tools/tool:1"]
    assert native.digests_of(path) == {("example.dev/tools/tool:1", index["manifests"][0]["digest"])}
    digest = hashlib.sha256(layer.read_bytes()).hexdigest()
    assert [item["digest"] for item in manifest["layers"]] == config["rootfs"]["diff_ids"] == [f"sha256:{digest}"]
    assert manifest["layers"][0]["size"] == layer.stat().st_size
    assert config["config"]["User"] == "7:7"
    assert config["config"]["Entrypoint"] == ["/tool"]
    assert config["config"]["Labels"] == {"a": "b"}
    assert config["config"]["Env"] == ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]


def test_an_image_is_written_once_and_few_old_ones_are_kept(program, cache):
    written = []
    for text in "abcde":
        program.write_text(text)
        image = Image("example.dev/tool:1", [layers.of_files("tool", [File("tool", program)])])
        written.append(archive.write(image))
        assert archive.write(image) == written[-1]
    assert len(set(written)) == 5
    assert set(cache.glob("images/tool-*.oci.tar")) < set(written)
    assert len(list(cache.glob("images/tool-*.oci.tar"))) == 3
    assert written[-1].exists()
