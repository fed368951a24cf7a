import pytest
from nativecluster import packages
from nativecluster.progress import ClusterError

THERE = {"sh": "dash"}
MISSING = {"no-such-command": "b-package", "no-such-other": "a-package", "no-such-third": "b-package"}


def test_what_is_missing_is_named_by_package_once():
    assert packages.missing(THERE | MISSING) == ["a-package", "b-package"]


def test_nothing_is_installed_where_nothing_is_missing(monkeypatch):
    monkeypatch.setattr(packages.subprocess, "run", None)
    packages.require(THERE)


def test_without_root_the_packages_are_named(monkeypatch):
    monkeypatch.setattr(packages.os, "geteuid", lambda: 1000)
    with pytest.raises(ClusterError, match=r"missing: a-package b-package \(names of Debian packages\)"):
        packages.require(THERE, MISSING)


def test_real_nodes_say_that_they_need_root(monkeypatch):
    monkeypatch.setattr(packages.os, "geteuid", lambda: 1000)
    with pytest.raises(ClusterError, match="sudo"):
        packages.require_root()
