"""Logs are JSON, one event a line, and carry what was passed as `extra`."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from millpond.handlers.logs import JsonFormatter, set_up_logs


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield root
    root.handlers[:] = before
    root.setLevel(level)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_record_is_one_line_with_its_extras(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("INFO")
    logging.getLogger("millpond.test").warning("task %s\nfailed", "frame-1", extra={"pool": ("farm", 3), "code": 7})
    (entry,) = lines(capsys.readouterr().err)
    assert entry.pop("time")
    assert entry == {
        "level": "WARNING",
        "logger": "millpond.test",
        "message": "task frame-1\nfailed",
        "pool": "('farm', 3)",
        "code": "7",
    }


def test_an_exception_stays_on_its_line(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("INFO")
    try:
        raise ValueError("no such pool")
    except ValueError:
        logging.getLogger("millpond.test").exception("cycle failed")
    (entry,) = lines(capsys.readouterr().err)
    assert entry["exception"].splitlines()[-1] == "ValueError: no such pool"


@pytest.mark.parametrize(("level", "said"), [("DEBUG", 3), ("INFO", 2), ("WARNING", 1), ("ERROR", 0)])
def test_the_level_is_the_settings(
    level: str, said: int, root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(level)
    log = logging.getLogger("millpond.test")
    log.debug("1")
    log.info("2")
    log.warning("3")
    assert len(lines(capsys.readouterr().err)) == said


def test_what_kopf_attaches_for_itself_is_not_told() -> None:
    record = logging.makeLogRecord({"msg": "m", "settings": object(), "k8s_ref": {}, "k8s_skip": True, "mine": 1})
    assert set(json.loads(JsonFormatter().format(record))) == {"time", "level", "logger", "message", "mine"}
