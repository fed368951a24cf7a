"""Tables at the widths of terminals: the golden ones of 80 and 200 columns, and of a pipe."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.cli.columns import COLUMNS, Column
from millpond.cli.tables import draw, draw_rows

NOW = 1_795_543_200.0  # 2026-11-24T18:00:00Z


def task(name: str, job: str, status: dict[str, Any], **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "team", "creationTimestamp": "2026-11-24T17:56:00Z"}
    return {"metadata": metadata, "spec": {"jobName": job, **spec}, "status": status}


TASKS = [
    task(
        "frame-041",
        "a-very-long-name-of-a-render-job-of-2026",
        {
            "state": "Completed",
            "result": "Success",
            "exitCode": 0,
            "nodeName": "render-with-a-long-name-7k2d9",
            "podName": "frame-041-2",
            "retryCount": 1,
            "startTime": "2026-11-24T17:57:00Z",
            "endTime": "2026-11-24T17:58:30Z",
        },
        commandLine="povray scene.ini +SF41 +EF41",
    ),
    task(
        "frame-042",
        "a-very-long-name-of-a-render-job-of-2026",
        {
            "state": "Active",
            "conditions": [{"type": "Scheduled", "status": "False", "reason": "TooManySlots", "message": "…"}],
        },
        commandLine="povray scene.ini\n+SF42",
        id="42",
    ),
    task("new", "a-very-long-name-of-a-render-job-of-2026", {}, commandLine="true"),
]


GOLDEN = {
    80: """\
NAME        JOB          STATE       RESULT    EXIT   NODE         RETRIES   AGE
frame-041   a-very-lo…   Completed   Success   0      render-wi…   1         4m
frame-042   a-very-lo…   Active                                    0         4m
new         a-very-lo…   Active                                    0         4m""".splitlines(),
    200: """\
NAME        JOB                                        STATE       RESULT    EXIT   NODE                            RETRIES   AGE
frame-041   a-very-long-name-of-a-render-job-of-2026   Completed   Success   0      render-with-a-long-name-7k2d9   1         4m
frame-042   a-very-long-name-of-a-render-job-of-2026   Active                                                       0         4m
new         a-very-long-name-of-a-render-job-of-2026   Active                                                       0         4m\
""".splitlines(),  # noqa: E501 - as it is on the screen
}


@pytest.mark.parametrize("width", GOLDEN)
def test_golden_tables(width: int) -> None:
    columns = [column for column in COLUMNS["task"] if not column.wide]
    assert draw(columns, TASKS, NOW, width=width) == GOLDEN[width]


def test_a_pipe_gets_everything() -> None:
    columns = [column for column in COLUMNS["task"] if not column.wide]
    assert draw(columns, TASKS, NOW) == GOLDEN[200]


def test_wide_adds_columns() -> None:
    heading, first, second, _ = draw(COLUMNS["task"], TASKS, NOW)
    assert heading.endswith("TOOK   ID          REQUEUES   FAILURE   WAITS-FOR      POD           COMMAND")
    assert first.endswith(
        "90s    frame-041   0                                   frame-041-2   povray scene.ini +SF41 +EF41"
    )
    assert "TooManySlots" in second
    assert second.endswith("povray scene.ini\\n+SF42")


def test_every_noun_has_a_row_for_an_object_without_status() -> None:
    for columns in COLUMNS.values():
        assert len(draw(columns, [{"metadata": {"name": "x"}}], NOW)) == 2


def test_no_objects_no_table() -> None:
    assert draw(COLUMNS["pool"], [], NOW) == []


def test_control_characters_are_shown_not_obeyed() -> None:
    column = (Column("X", lambda *_: ""),)
    assert draw_rows(column, [["\x1b[31mred\x1b[0m"]])[1] == "…[31mred…[0m"


def test_colours_do_not_move_columns() -> None:
    columns = [column for column in COLUMNS["task"] if not column.wide]
    coloured = draw(columns, TASKS, NOW, width=80, coloured=True)
    assert coloured[1].replace("\x1b[32m", "").replace("\x1b[0m", "") == GOLDEN[80][1]
    assert "\x1b[32mSuccess\x1b[0m" in coloured[1]
