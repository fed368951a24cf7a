import pytest
from nativecluster import binaries
from nativecluster.progress import ClusterError


def test_programs_know_the_pinned_version():
    flags = binaries.link_flags("v1.36.3")
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        for value in ("gitVersion=v1.36.3", "gitMajor=1", "gitMinor=36"):
            assert f"-X {package}.{value}" in flags
    assert binaries.kubernetes_version().startswith("v1.")


def test_every_program_that_is_asked_for_can_be_built():
    asked = {*binaries.CONTROL_PLANE, *binaries.NODES, *binaries.SIMULATED}
    assert asked <= binaries.PACKAGES.keys()
    module = (binaries.BINARIES_MODULE / "go.mod").read_text()
    for package in binaries.PACKAGES.values():
        assert package in module or (binaries.BINARIES_MODULE / package / "main.go").exists()


def test_a_machine_without_go_is_told_so(monkeypatch):
    monkeypatch.setattr(binaries.shutil, "which", lambda _: None)
    with pytest.raises(ClusterError, match=r"Go 1\.26 or later is needed.*no `go` in PATH"):
        binaries.go_version.__wrapped__()


def test_what_is_in_the_cache_is_not_built_again(monkeypatch, tmp_path):
    monkeypatch.setattr(binaries, "folder", lambda: tmp_path)
    monkeypatch.setattr(binaries, "_build", None)
    (tmp_path / "etcd").touch()
    assert binaries.ensure(["etcd"]) == tmp_path


def test_only_what_the_cache_lacks_is_built(monkeypatch, tmp_path):
    asked = []
    target = tmp_path / "set"
    target.mkdir()
    (target / "etcd").touch()
    monkeypatch.setattr(binaries, "folder", lambda: target)
    monkeypatch.setattr(binaries, "_build", lambda names, folder: asked.append((names, folder)))
    binaries.ensure(["etcd", "kubectl"])
    assert asked == [(["kubectl"], target)]
