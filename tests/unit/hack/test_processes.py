import os
import subprocess
from pathlib import Path

import pytest
from nativecluster import processes
from nativecluster.processes import Identity
from nativecluster.progress import ClusterError

BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@pytest.fixture
def sleeper():
    with subprocess.Popen(["sleep", "300"]) as process:
        yield process
        process.kill()


def identity_of(pid):
    return Identity(pid, processes.start_time(Path(f"/proc/{pid}/stat").read_text()), BOOT)


def write(path, identity):
    path.write_text(f"{identity.pid} {identity.start} {identity.boot}\n")


@pytest.mark.parametrize("name", ["sleep", "a b", "x) S 1 2", ")))", "((", "a\nb"])
def test_the_start_time_is_found_whatever_the_program_is_called(name):
    fields = ["S", *(str(number) for number in range(4, 53))]
    assert processes.start_time(f"12 ({name}) {' '.join(fields)}\n") == 22


@pytest.mark.parametrize("text", ["", "12", "12 34", "a b c", "12 x boot", "1 2 3 4"])
def test_a_broken_record_names_no_process(tmp_path, text):
    (tmp_path / "record").write_text(text)
    assert processes.recorded(tmp_path / "record") is None
    assert processes.running(tmp_path / "record") is None


def test_a_process_is_known_by_more_than_its_number(sleeper):
    own = identity_of(sleeper.pid)
    assert processes.is_alive(own)
    assert not processes.is_alive(Identity(own.pid, own.start + 1, own.boot))
    assert not processes.is_alive(Identity(own.pid, own.start, "another boot"))


@pytest.mark.parametrize("change", [{"start": 1}, {"boot": "another boot"}])
def test_a_process_that_only_has_the_number_is_not_ended(tmp_path, sleeper, change):
    own = identity_of(sleeper.pid)
    write(tmp_path / "record", Identity(**{**own.__dict__, **change}))
    processes.stop(tmp_path / "record")
    assert sleeper.poll() is None
    assert not (tmp_path / "record").exists()


def test_a_zombie_is_not_alive(sleeper):
    own = identity_of(sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert not processes.is_alive(own)


def test_a_started_process_is_recorded_in_a_session_of_its_own_and_started_once(tmp_path):
    record, log = tmp_path / "processes" / "one", tmp_path / "logs" / "one.log"
    pid = processes.start(record, log, ["sh", "-c", "echo begun $WORD; exec sleep 300"], env={"WORD": "well"})
    try:
        assert processes.running(record) == pid
        assert os.getsid(pid) == pid
        assert processes.start(record, log, ["sh", "-c", "echo again"]) == pid
        processes.wait_until(lambda: log.read_text() != "", "output", 10)
        assert log.read_text() == "begun well\n"
    finally:
        processes.stop(record)
    assert processes.running(record) is None
    assert not record.exists()


def test_a_process_that_ignores_the_request_is_ended_all_the_same(tmp_path):
    record, log = tmp_path / "record", tmp_path / "log"
    processes.start(record, log, ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 300; done"])
    processes.wait_until(lambda: "deaf" in log.read_text(), "output", 10)
    group = processes.recorded(record).pid
    processes.stop(record, grace=0.2)
    assert processes.running(record) is None
    os.killpg(group, 9)  # its own `sleep`


def test_a_program_that_is_not_there_leaves_its_reason_in_the_log(tmp_path):
    processes.start(tmp_path / "record", tmp_path / "log", ["/no/such/program"])
    processes.wait_until(lambda: processes.running(tmp_path / "record") is None, "end", 10)
    assert "/no/such/program" in processes.last_lines(tmp_path / "log")


def test_a_control_group_that_cannot_be_entered_starts_nothing(tmp_path):
    with pytest.raises(ClusterError, match="could not be started"):
        processes.start(tmp_path / "record", tmp_path / "log", ["sleep", "300"], group=tmp_path / "none")
    assert not (tmp_path / "record").exists()
