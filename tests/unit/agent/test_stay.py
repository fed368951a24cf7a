"""The agent stays, buries orphans, and leaves at once when asked."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_run_stays_reaps_and_leaves_when_asked(ending: signal.Signals) -> None:
    """The agent adopts orphans as process 1 does, here as their subreaper. A thread beside takes no signal away."""
    become_subreaper = "import ctypes; ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)"
    leave_an_orphan = "import subprocess; subprocess.run(['sh', '-c', 'exec 4<&0; (read x <&4; exit 5) >&- & echo $!'])"
    keep_signals = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})"
    beside = "import threading, time; meanwhile = threading.Thread(target=time.sleep, args=(60,), daemon=True).start"
    run = "from millpond.agent.stay import stay; stay(meanwhile)"
    code = f"{beside}; {keep_signals}; {become_subreaper}; {leave_an_orphan}; {run}"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdin is not None
            orphan = Path("/proc") / process.stdout.readline().decode().strip()
            assert orphan.exists()
            process.stdin.close()
            _wait_until(lambda: not orphan.exists())
            assert process.poll() is None
            process.send_signal(ending)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()


def _wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
