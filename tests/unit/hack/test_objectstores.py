"""The object stores: their commands, and the addresses that a set keeps."""

import json
from pathlib import Path

import pytest
from nativecluster.progress import ClusterError
from objectstores import azurite, cli, containers, moto, stores
from objectstores.stores import Addresses, Stores


@pytest.fixture
def place(tmp_path: Path) -> Stores:
    (tmp_path / "one").mkdir()
    return Stores("one", tmp_path / "one")


def test_a_new_set_chooses_free_ports_and_keeps_them(place: Stores) -> None:
    first = stores._addresses(place, "127.0.0.1")
    assert len(set(first.ports.values())) == len(stores.PARTS)
    assert stores._addresses(place, "127.0.0.1") == first


def test_a_set_does_not_move(place: Stores) -> None:
    stores._addresses(place, "127.0.0.1")
    with pytest.raises(ClusterError, match="take them down first"):
        stores._addresses(place, "127.0.0.2")


def test_an_address_of_another_machine_is_refused(place: Stores) -> None:
    with pytest.raises(ClusterError, match=r"192\.0\.2\.1 is no address of this machine"):
        stores._addresses(place, "192.0.2.1")
    assert not place.record.exists()


def test_the_facts_open_the_stores() -> None:
    facts = Addresses("10.0.0.1", {"azurite": 1, "s3": 2, "faults": 3}).facts()
    assert facts["azure"]["url"] == "http://10.0.0.1:1/devstoreaccount1"
    assert facts["s3"]["endpoint"] == "http://10.0.0.1:2"
    assert facts["faults"]["url"] == "http://10.0.0.1:3"


def test_no_set_is_no_process_and_nothing_to_take_down(tmp_path: Path) -> None:
    nothing = Stores("none", tmp_path / "none")
    assert stores.status(nothing) == {}
    assert stores.down(nothing) is False


def test_status_fails_where_nothing_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MILLPOND_CACHE", str(tmp_path))
    assert cli.main(["status", "--name", "none"]) == 1
    assert cli.main(["down", "--name", "none"]) == 0


@pytest.mark.parametrize("name", ["Bad", "a" * 21, "../x"])
def test_a_bad_name_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["up", "--name", name]) == 1
    assert "cannot be used" in capsys.readouterr().err


def test_commands_listen_where_they_shall(tmp_path: Path) -> None:
    for command in (azurite.command(tmp_path, "10.0.0.1", 77, tmp_path), moto.command(tmp_path, "10.0.0.1", 77)):
        assert "10.0.0.1" in command
        assert "77" in command


def test_what_is_installed_is_pinned_by_hash() -> None:
    packages = json.loads((azurite.LOCK / "package-lock.json").read_text())["packages"]
    assert all(("integrity" in package) and ("resolved" not in package) for name, package in packages.items() if name)
    lines = moto.LOCK.read_text().splitlines()
    assert all("==" in line or line.lstrip().startswith("--hash=sha256:") for line in lines)


def test_a_signature_for_a_container_is_a_query() -> None:
    assert containers.shared_access("inputs").startswith("sv=2021-08-06&sr=c&sp=rl&se=2099-01-01T00%3A00%3A00Z&sig=")
