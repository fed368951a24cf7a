from pathlib import Path

import pytest
import yaml
from nativecluster.progress import ClusterError
from ociimages.images import POVRAY_IMAGE, ROOT, operator_image
from PIL import Image
from renderfarm import clusters, film
from renderfarm.clusters import Kind, Named, Native


class Recorder:
    """Runs nothing, and remembers what would have been run."""

    def __init__(self, answers=(), present=()):
        self.commands = []
        self._answers = dict(answers)
        self._present = set(present)

    def run(self, *command, show=False, text=None):
        self.commands.append((" ".join(command), text))
        return next((answer for start, answer in self._answers.items() if " ".join(command).startswith(start)), "")

    def succeeds(self, *command):
        return " ".join(command) in self._present


@pytest.fixture
def every_program_is_there(monkeypatch):
    monkeypatch.setattr(clusters.shutil, "which", lambda name: f"/usr/bin/{name}")


@pytest.mark.parametrize(
    ("variables", "present", "expected"),
    [
        ({"MILLPOND_KUBECONFIG": "/k"}, {"docker info"}, Named(Path("/k"))),
        ({"MILLPOND_KUBECONFIG": "/k", "MILLPOND_REGISTRY": "r.example/"}, set(), Named(Path("/k"), "r.example")),
        ({}, {"docker info"}, Kind()),
        ({}, set(), Native("millpond")),
        ({"MILLPOND_CLUSTER": "mine"}, set(), Native("mine")),
    ],
)
def test_the_cluster_is_the_first_of_named_kind_and_native(monkeypatch, variables, present, expected):
    for name in ("MILLPOND_KUBECONFIG", "MILLPOND_REGISTRY", "MILLPOND_CLUSTER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert clusters.find(Recorder(present=present)) == expected


@pytest.mark.usefixtures("every_program_is_there")
@pytest.mark.parametrize("exists", [False, True])
def test_kind_gets_images_by_docker_and_a_cluster_once(tmp_path, exists):
    recorder = Recorder(
        {
            "kind get clusters": "other\nmillpond\n" if exists else "other\n",
            "kind get kubeconfig": "kubeconfig",
            "docker image inspect": "sha256:1\n",
        }
    )
    ready = Kind(tmp_path).prepare(recorder)
    commands = [command for command, _ in recorder.commands]
    create = ["kind create cluster --name millpond --config - --wait 180s"]
    assert commands == [
        f"docker build --quiet --file {ROOT}/operator/Dockerfile --tag {operator_image()} {ROOT}",
        f"docker build --quiet --file {ROOT}/examples/render/Dockerfile --tag {POVRAY_IMAGE} {ROOT}/examples/render",
        "kind get clusters",
        *([] if exists else create),
        "kind get kubeconfig --name millpond",
        f"kind load docker-image --name millpond {operator_image()} {POVRAY_IMAGE}",
        f"docker image inspect --format {{{{.Id}}}} {operator_image()}",
    ]
    assert ready.kubeconfig.read_text() == "kubeconfig"
    assert ready.kubeconfig.stat().st_mode & 0o077 == 0
    assert ready.build == "sha256:1"


@pytest.mark.usefixtures("every_program_is_there")
def test_a_kind_cluster_has_a_worker_for_every_node(tmp_path):
    recorder = Recorder()
    Kind(tmp_path).prepare(recorder)
    (text,) = [text for command, text in recorder.commands if command.startswith("kind create")]
    roles = [node["role"] for node in yaml.safe_load(text)["nodes"]]
    assert roles == ["control-plane", "worker", "worker", "worker"]


@pytest.mark.usefixtures("every_program_is_there")
def test_a_named_cluster_pulls_from_the_registry_that_is_named(tmp_path):
    kubeconfig = tmp_path / "config"
    kubeconfig.touch()
    recorder = Recorder()
    ready = Named(kubeconfig, "registry.example/team").prepare(recorder)
    assert ready.millpond_image == f"registry.example/team/millpond:{operator_image().rpartition(':')[2]}"
    assert ready.povray_image == "registry.example/team/povray:3.7"
    assert recorder.commands == []


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(clusters.shutil, "which", lambda name: None if name == "helm" else name)
    with pytest.raises(ClusterError, match="missing in PATH: helm"):
        Kind(tmp_path).prepare(Recorder())
    with pytest.raises(ClusterError, match="which is no file"):
        Named(tmp_path / "absent").prepare(Recorder())


def test_a_film_has_every_frame_in_order_and_rests_on_the_last(tmp_path):
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    frames = []
    for number, colour in enumerate(colours):
        frames.append(tmp_path / f"frame{number}.png")
        Image.new("RGB", (16, 12), colour).save(frames[-1])
    film.join(frames, tmp_path / "out" / "film.gif")
    with Image.open(tmp_path / "out" / "film.gif") as made:
        seen = []
        for number in range(made.n_frames):
            made.seek(number)
            seen.append((made.convert("RGB").getpixel((8, 6)), made.info["duration"]))
        assert made.info["loop"] == 0
    for (pixel, _), colour in zip(seen, colours, strict=True):
        assert all(abs(one - other) < 16 for one, other in zip(pixel, colour, strict=True))
    assert [duration for _, duration in seen] == [film.FRAME_MILLISECONDS] * 2 + [film.REST_MILLISECONDS]


def test_the_example_renders_every_frame_of_the_film_once():
    tasks = list(yaml.safe_load_all((ROOT / "examples/render/tasks.yaml").read_text()))
    job = yaml.safe_load((ROOT / "examples/render/job.yaml").read_text())
    (settings,) = job["spec"]["commonEnvironmentSettings"]
    wanted = next(int(word.removeprefix("+KFF")) for word in settings["value"].split() if word.startswith("+KFF"))
    rendered = []
    for task in tasks:
        words = task["spec"]["commandLine"].strip("'").split()
        first, last = (next(int(w.removeprefix(p)) for w in words if w.startswith(p)) for p in ("+SF", "+EF"))
        rendered += range(first, last + 1)
        assert task["metadata"]["name"] == f"frames-{first:02}-{last:02}"
        assert task["spec"]["jobName"] == job["metadata"]["name"]
    assert rendered == list(range(1, wanted + 1))
