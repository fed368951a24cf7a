"""How transfers are told: few files by name, many now and then, and a bar on terminals."""

from __future__ import annotations

import io
import sys
from itertools import count

import pytest
from millpond.cli.transfers import FEW, Lines, transfer


def test_few_files_are_told_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with transfer("uploaded", 2, 10) as meter:
        for name in ("a", "b/c"):
            meter.moved(5)
            meter.finished(name)
    assert capsys.readouterr().err == "a\nb/c\nuploaded 2 files, 10 B\n"


def test_many_files_are_told_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    ticks = count()
    meter = Lines(FEW + 1, clock=lambda: float(next(ticks)))
    for number in range(FEW + 1):
        meter.moved(1024)
        meter.finished(str(number))
    told = capsys.readouterr().err.splitlines()
    assert told[0].endswith("of 33 files, 5.0 KiB")
    assert 3 < len(told) < FEW / 2


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_bar_is_drawn_and_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with transfer("downloaded", 1, 2 << 20) as meter:
        meter.moved(2 << 20)
        meter.finished("large.bin")
    assert "1/1 files, large.bin" in screen.getvalue()
    assert screen.getvalue().endswith("downloaded 1 file, 2.0 MiB\n")


def test_one_that_fails_tells_no_end(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), transfer("uploaded", 1, 1):
        raise KeyboardInterrupt
    assert capsys.readouterr().err == ""
