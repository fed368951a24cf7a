"""Azure Batch's own tutorial on real kubelets: media in a container, a task each, MP3s fetched and probed."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from nativecluster.images import debian_root
from ociimages.images import FFMPEG_PACKAGES
from support.binaries import ROOT
from support.installation import Installation, Space, tool
from support.live import Document
from support.stores import ObjectStores

EXAMPLE = ROOT / "examples" / "transcode"
SOUNDS = "./usr/share/sounds/freedesktop/stereo"
MOST_APART = 0.1
"""Seconds by which an MP3 may be longer or shorter than its sound: it is made of frames."""


@pytest.fixture(scope="module")
def place(installation: Installation, stores: ObjectStores) -> Iterator[Space]:
    """A namespace whose default store is Azurite, on a cluster that has the example's image."""
    installation.cluster("load-image", tool(str(ROOT / "hack" / "images"), "ffmpeg").strip())
    space = Space.new(installation, "transcode")
    store = {"url": stores.azure, **stores.azure_secret}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "millpond-store"}, "stringData": store}
    space.live.apply(secret, space.name)
    for name in ("sounds", "music", "logs"):
        stores.azure_container(name)
    yield space
    space.leave()


def documents(name: str) -> list[Document]:
    return list(yaml.safe_load_all((EXAMPLE / name).read_text()))


def sounds(folder: Path) -> list[Path]:
    """The inputs of the example, as Debian ships them."""
    files = []
    with tarfile.open(debian_root(FFMPEG_PACKAGES)) as root:
        for task in documents("tasks.yaml"):
            for source in task["spec"].get("resourceFiles", ()):
                if "blobPrefix" in source:
                    name = source["blobPrefix"]
                    content = root.extractfile(f"{SOUNDS}/{name}")
                    (folder / name).write_bytes(content.read())
                    files.append(folder / name)
    return files


def test_sounds_become_mp3s_of_the_same_length(place: Space, tmp_path: Path) -> None:
    inputs = sounds(tmp_path)
    place.millpond("storage", "upload", *map(str, inputs), "sounds")
    for name in ("pool.yaml", "job.yaml", "tasks.yaml"):
        for document in documents(name):
            place.live.apply(document, place.name)
    for task in documents("tasks.yaml"):
        place.succeeded(str(task["metadata"]["name"]))
    status = place.until_state("jobs", "transcode", "Completed")["status"]
    assert (status["terminateReason"], status["taskCounts"]["succeeded"]) == ("AllTasksComplete", len(inputs) + 1)
    place.millpond("storage", "download", "music", "--output-dir", str(tmp_path / "music"))
    made = sorted((tmp_path / "music").iterdir())
    assert [file.stem for file in made] == sorted(file.stem for file in inputs)
    assert all(file.read_bytes()[:3] == b"ID3" for file in made)
    lines = [line.split() for line in place.millpond("task", "stdout", "probe").splitlines()]
    assert [(name, codec) for name, codec, _ in lines] == [(file.name, "mp3") for file in made]
    lasts = {Path(name).stem: float(seconds) for name, _, seconds in lines}
    assert all(abs(lasts[file.stem] - duration(file)) < MOST_APART for file in inputs)


def duration(file: Path) -> float:
    """Seconds that a Vorbis sound lasts: the sample of its last page by the rate that its first packet tells."""
    content = file.read_bytes()
    last = content.rindex(b"OggS")
    samples = int.from_bytes(content[last + 6 : last + 14], "little")
    start = content.index(b"\x01vorbis")
    return samples / int.from_bytes(content[start + 12 : start + 16], "little")
