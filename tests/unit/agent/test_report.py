"""The agent answers one caller after the other, and no caller can stop it for long."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path

import pytest
from millpond.agent import report
from millpond.scaling.reading import CONTENT_TYPE, read_reading


@pytest.fixture
def port(tmp_path: Path) -> int:
    nets = tmp_path / "net"
    nets.mkdir()
    (nets / "dev").write_text("eth0: 12 0 0 0 0 0 0 0 34 0\n")
    (nets / "route").write_text("header\neth0 00000000 0 0 0 0 0 00000000\n")
    listener = report.listen(0)
    report.report(listener, str(tmp_path), str(nets))
    return listener.getsockname()[1]


def ask(port: int, method: str = "GET", path: str = "/metrics") -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response, response.read().decode()
    finally:
        connection.close()


def test_it_reports_the_host(port: int) -> None:
    response, text = ask(port)
    found = read_reading(text)
    assert (response.status, response.headers["Content-Type"]) == (200, CONTENT_TYPE)
    assert found.cpu_busy_seconds is not None
    assert found.cpu_seconds is not None
    assert 0 < found.cpu_busy_seconds < found.cpu_seconds
    assert found.memory_used_bytes
    assert found.disk_available_bytes
    assert (found.network_received_bytes, found.network_sent_bytes) == (12.0, 34.0)


def test_it_tells_which_directories_it_has(port: int, tmp_path: Path) -> None:
    task = tmp_path / "workitems/frames/job-1/1"
    task.mkdir(parents=True)
    (task / "keep.json").write_text('{"owner": "frame-1", "uid": "u", "retentionSeconds": 60}')
    (tmp_path / "workitems/frames/job-1/an odd one").mkdir()
    response, text = ask(port, path="/directories")
    assert (response.status, text) == (200, "frames 1 frame-1 u\n")


def test_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    found = report.take_reading(str(tmp_path / "absent"), str(tmp_path / "absent"))
    assert found.cpu_seconds is not None
    assert (found.disk_used_bytes, found.network_sent_bytes) == (None, None)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/metrics?format=text", 200), ("GET", "/", 404), ("GET", "/metrics/x", 404), ("POST", "/metrics", 405)],
)
def test_only_one_thing_is_answered(port: int, method: str, path: str, status: int) -> None:
    assert ask(port, method, path)[0].status == status


@pytest.mark.parametrize(
    "said", [b"", b"GET /metrics", b"\r\n\r\n", b"\x00" * 20000], ids=["nothing", "half", "no word", "far too much"]
)
def test_callers_without_manners_keep_nobody_waiting(port: int, said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "PATIENCE", 0.05)
    with socket.create_connection(("127.0.0.1", port)) as caller:
        caller.sendall(said)
        assert ask(port)[0].status == 200


def test_a_strange_kernel_ends_nothing(port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu a b c d e f g h\n")
    with monkeypatch.context() as strange:
        strange.setattr(report, "PROC", tmp_path)
        with pytest.raises(http.client.BadStatusLine):
            ask(port)
    assert ask(port)[0].status == 200


def test_without_sight_of_the_host_s_network_the_rest_is_reported() -> None:
    found = report.take_reading("/", None)
    assert found.cpu_seconds is not None
    assert (found.network_received_bytes, found.network_sent_bytes) == (None, None)
