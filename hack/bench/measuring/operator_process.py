"""The operator as a process of its own: started, watched from outside, killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from measuring import OPERATOR
from measuring.clusters import OPERATORS_NAMESPACE

START = "import sys; sys.modules['kubernetes'] = None; from millpond.handlers.main import run; run()"
"""Without the client library that development installs and the operator's image does not: Kopf loads it if it can."""
TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="([^"]*)"')


class OperatorProcess:
    """One run of the operator against a cluster. `identity` is its name in the Lease."""

    def __init__(self, kubeconfig: Path, identity: str = "millpond-bench-0", **settings: str) -> None:
        self._probes, self._metrics = _free_port(), _free_port()
        self.log = Path(tempfile.gettempdir()) / f"millpond-bench-{os.getpid()}.log"
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(OPERATOR), os.environ.get("PYTHONPATH", "")]),
            "MILLPOND_KUBECONFIG": str(kubeconfig),
            "MILLPOND_NAMESPACE": OPERATORS_NAMESPACE,
            "MILLPOND_IDENTITY": identity,
            "MILLPOND_PROBE_PORT": str(self._probes),
            "MILLPOND_METRICS_PORT": str(self._metrics),
            "MILLPOND_LOG_LEVEL": "WARNING",
            "MILLPOND_IMAGE": "millpond.dev/millpond:bench",
        }
        environment |= {f"MILLPOND_{name.upper()}": value for name, value in settings.items()}
        self.started = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([sys.executable, "-c", START], env=environment, stdout=log, stderr=log)

    def wait_leading(self, seconds: float = 600.0) -> float:
        """Wait until it judges; the seconds since its start."""
        self.wait(lambda: self._read(self._probes, "readyz") == "leading", "the operator leads", seconds)
        return time.monotonic() - self.started

    def wait(self, condition: Callable[[], bool], what: str, seconds: float, pause: float = 0.05) -> None:
        """Wait for a condition while the operator lives; ends the benchmark when it does not come."""
        until = time.monotonic() + seconds
        while not condition():
            if self.ended:
                sys.exit(f"the operator ended with {self._process.returncode}:\n{self.last_words()}")
            if time.monotonic() > until:
                sys.exit(f"{what}: not within {seconds:.0f} s; the operator's last words:\n{self.last_words()}")
            time.sleep(pause)

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def cpu_seconds(self) -> float:
        """CPU used since the start, in user and system mode."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / TICKS

    def memory(self, field: str = "VmHWM") -> float:
        """Megabytes (10^6 bytes) of memory: the peak so far, or with VmRSS now."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024 / 1e6
        return 0.0

    def total(self, series: str, **labels: str) -> float:
        """The sum of a series over all its labels but the given ones; 0.0 while nothing answers."""
        found = 0.0
        for line in self._read(self._metrics, "metrics").splitlines():
            if line.startswith(series) and (sample := _SAMPLE.match(line)) and sample[1] == series:
                has = dict(_LABEL.findall(sample[2] or ""))
                if all(re.fullmatch(wanted, has.get(name, "")) for name, wanted in labels.items()):
                    found += float(sample[3])
        return found

    def writes(self) -> float:
        """Requests so far that write, without those for the Lease."""
        return self.total("millpond_api_request_seconds_count", verb="POST|PUT|PATCH|DELETE", resource="(?!leases).*")

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL where that is not enough."""
        if not self.ended:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        self.log.unlink(missing_ok=True)

    @staticmethod
    def _read(port: int, path: str) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, OSError):
            return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
