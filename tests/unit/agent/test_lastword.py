"""A container's last word goes where the kubelet looks for it, and nowhere else."""

from pathlib import Path

from millpond.agent.lastword import MOST, leave


def test_a_word_replaces_what_was_there(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("x" * 100)
    leave(b"ended", str(log))
    assert log.read_bytes() == b"ended"
    leave(b"y" * 5000, str(log))
    assert log.read_bytes() == b"y" * MOST


def test_no_file_is_made_where_there_is_none(tmp_path: Path) -> None:
    leave(b"ended", str(tmp_path / "log"))
    assert list(tmp_path.iterdir()) == []
