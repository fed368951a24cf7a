"""The log of an upload is made anew, and its loss costs nothing else."""

import os
import re
from pathlib import Path

from millpond.agent.beneath import open_root
from millpond.agent.uploadlog import UploadLog


def test_two_files_say_what_was_done_and_what_went_wrong(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "elsewhere").write_text("kept")
    (tmp_path / "t" / "fileuploadout.txt").symlink_to("../elsewhere")
    (tmp_path / "t" / "fileuploaderr.txt").write_text("of an earlier attempt")
    base = open_root(str(tmp_path))
    with UploadLog(base, ("t",)) as log:
        log.progress("a.png uploaded")
        log.trouble("b\udcff.png refused")
    os.close(base)
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    assert re.fullmatch(rf"{moment} a\.png uploaded\n", (tmp_path / "t" / "fileuploadout.txt").read_text())
    assert re.fullmatch(rf"{moment} b\\udcff\.png refused\n", (tmp_path / "t" / "fileuploaderr.txt").read_text())
    assert (tmp_path / "elsewhere").read_text() == "kept"
    assert not (tmp_path / "t" / "fileuploadout.txt").is_symlink()


def test_a_log_that_cannot_be_made_is_done_without(tmp_path: Path) -> None:
    base = open_root(str(tmp_path))
    with UploadLog(base, ("missing",)) as log:
        log.progress("done")
        log.trouble("trouble")
    os.close(base)
    assert list(tmp_path.iterdir()) == []
