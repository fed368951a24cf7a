"""When the sweeper sweeps: by the time, by orders, and for room; and that it goes on whatever goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from millpond.agent import keeper as module
from millpond.agent.beneath import RefusedPathError
from millpond.agent.keeper import SWEEP_SECONDS, Keeper, moment
from millpond.lifecycle.held import Held, order_for

from .shelves import Shelves


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "erase"
    path.write_text("")
    return path


def keeper_of(shelves: Shelves, orders: Path, *, evicts: bool = False) -> Keeper:
    return Keeper(str(shelves.root), str(orders), evicts=evicts, now=lambda: shelves.now)


def test_it_sweeps_now_and_then(shelves: Shelves, orders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shelves.put("frames", "1", retention=60)
    keeper = keeper_of(shelves, orders)
    keeper.look()
    shelves.pass_by(SWEEP_SECONDS - 1)
    keeper.look()
    assert shelves.left() == ["frames/1"]
    shelves.pass_by(1)
    keeper.look()
    assert shelves.left() == []
    assert capsys.readouterr().out == "swept 1 task directories\n"


def test_an_order_is_obeyed_at_the_next_look(shelves: Shelves, orders: Path) -> None:
    shelves.put("frames", "1", uid="old")
    keeper = keeper_of(shelves, orders)
    keeper.look()
    orders.write_text(f"{order_for(Held('frames', '1', '1', 'old'))} aaaaaaaaaaaaa\n")
    keeper.look()
    assert shelves.left() == []


def test_orders_that_cannot_be_read_are_as_before(shelves: Shelves, orders: Path) -> None:
    keeper = keeper_of(shelves, orders)
    keeper.look()
    orders.unlink()
    keeper.look()
    orders.write_bytes(b"\xff\xfe")
    keeper.look()


def test_a_sweep_that_takes_long_is_followed_by_a_long_pause(
    shelves: Shelves, orders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept = []

    def takes_ten_seconds(*_: object) -> int:
        swept.append(shelves.pass_by(10))
        return 0

    monkeypatch.setattr(module, "sweep", takes_ten_seconds)
    keeper = keeper_of(shelves, orders)
    keeper.look()
    for seconds, looks in ((499, 1), (1, 2)):
        shelves.pass_by(seconds)
        keeper.look()
        assert len(swept) == looks


@pytest.mark.parametrize(("evicts", "left"), [(False, ["frames/1", "frames/2"]), (True, ["frames/2"])])
def test_room_is_made_only_where_it_is_asked_for(
    shelves: Shelves, orders: Path, monkeypatch: pytest.MonkeyPatch, evicts: bool, left: list[str]
) -> None:
    shelves.put("frames", "1", retention=100)
    shelves.put("frames", "2", retention=200)
    shares = {2: 0.95, 1: 0.8}
    monkeypatch.setattr(Keeper, "_used_share", lambda *_: shares[len(shelves.left())])
    keeper_of(shelves, orders, evicts=evicts).look()
    assert shelves.left() == left


def test_the_used_share_is_a_share(shelves: Shelves, orders: Path) -> None:
    with shelves.opened() as base:
        assert 0 < keeper_of(shelves, orders)._used_share(base) < 1


@pytest.mark.parametrize("error", [OSError(28, "no space"), RefusedPathError("a link")])
def test_it_says_what_went_wrong_and_looks_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class EnoughError(Exception):
        pass

    class Keeping:
        looks = 0

        def look(self) -> None:
            self.looks += 1
            raise error if self.looks < 3 else EnoughError

    monkeypatch.setattr(module.time, "sleep", lambda _: None)
    keeping = Keeping()
    with pytest.raises(EnoughError):
        module._go_on(keeping)  # type: ignore[arg-type]
    assert keeping.looks == 3
    assert capsys.readouterr().out.count("not all could be swept: ") == 2


def test_the_host_s_moment() -> None:
    first, second = moment(), moment()
    assert first.boot == second.boot != ""
    assert 0 < first.uptime <= second.uptime
