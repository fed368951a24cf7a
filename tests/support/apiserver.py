"""A real API server for tests: etcd and kube-apiserver on free ports of the loopback address, nothing else.

There is no controller and no kubelet: objects are stored, validated and watched, and nobody acts on them.
"""

import contextlib
import json
import os
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
_TOKEN = "admin-for-tests"


def binaries() -> Path:
    """The directory of etcd, kube-apiserver and kubectl: MILLPOND_BINARIES, else what ``hack/cluster`` builds."""
    named = os.environ.get("MILLPOND_BINARIES")
    if named:
        return Path(named)
    command = [str(ROOT / "hack" / "cluster"), "build", "etcd", "kube-apiserver", "kubectl"]
    built = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Path(built.stdout.strip())


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class ApiServer:
    """A running API server and the ways to reach it."""

    url: str
    token: str
    certificate: Path
    kubeconfig: Path
    kubectl_binary: Path

    def kubectl(self, *arguments: str, document: Any = None) -> Answer:
        """Runs kubectl, with ``document`` as its standard input where given."""
        text = document if isinstance(document, str) or document is None else json.dumps(document)
        command = [str(self.kubectl_binary), f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True, input=text)
        return Answer(done.returncode, done.stdout, done.stderr)

    def request(self, method: str, path: str, document: Any = None, kind: str = "application/json") -> tuple[int, Any]:
        """One request to the server: the status and the document it answers."""
        body = None if document is None else json.dumps(document).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        request = urllib.request.Request(f"{self.url}{path}", body, headers, method=method)
        context = ssl.create_default_context(cafile=str(self.certificate))
        try:
            with urllib.request.urlopen(request, context=context) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def done(self, *arguments: str, document: Any = None) -> str:
        """The standard output of a kubectl that must succeed."""
        answer = self.kubectl(*arguments, document=document)
        assert answer.code == 0, f"kubectl {' '.join(arguments)}: {answer.stderr}{answer.stdout}"
        return answer.stdout

    def got(self, *arguments: str) -> Any:
        """The document that ``kubectl get`` prints for these arguments."""
        return json.loads(self.done("get", "-o", "json", *arguments))


@contextlib.contextmanager
def api_server() -> Iterator[ApiServer]:
    """An API server of one's own, gone at the end of the block, or when this process dies."""
    place = binaries()
    memory = Path("/dev/shm")
    with contextlib.ExitStack() as stack:
        holder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="millpond-api-", dir=memory if memory.is_dir() else None)
        )
        directory = Path(holder)
        etcd_url = _start_etcd(stack, place, directory)
        server = _start_apiserver(stack, place, directory, etcd_url)
        yield server


def _start_etcd(stack: contextlib.ExitStack, place: Path, directory: Path) -> str:
    client, peer = (f"http://127.0.0.1:{port}" for port in _free_ports(2))
    command = [
        str(place / "etcd"),
        f"--data-dir={directory / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--logger=zap",
        "--log-level=warn",
    ]
    process = stack.enter_context(_running(command, directory / "etcd.log"))
    _await(process, f"{client}/readyz", directory / "etcd.log")
    return client


def _start_apiserver(stack: contextlib.ExitStack, place: Path, directory: Path, etcd_url: str) -> ApiServer:
    (port,) = _free_ports(1)
    certificates, key = directory / "certificates", directory / "service-account.key"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    (directory / "tokens.csv").write_text(f'{_TOKEN},admin,admin,"system:masters"\n')
    command = [
        str(place / "kube-apiserver"),
        f"--etcd-servers={etcd_url}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={certificates}",
        f"--token-auth-file={directory / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        "--allow-privileged=true",
        # There is no controller that would make the default service account.
        "--disable-admission-plugins=ServiceAccount",
        # An Endpoints object of the server itself needs an address that is not the loopback one.
        "--endpoint-reconciler-type=none",
    ]
    process = stack.enter_context(_running(command, directory / "kube-apiserver.log"))
    url = f"https://127.0.0.1:{port}"
    certificate = certificates / "apiserver.crt"
    kubeconfig = _kubeconfig(directory, url, certificate)
    server = ApiServer(url, _TOKEN, certificate, kubeconfig, place / "kubectl")
    _until_ready(process, server, directory / "kube-apiserver.log")
    return server


def _kubeconfig(directory: Path, url: str, certificate: Path) -> Path:
    path = directory / "kubeconfig"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": url, "certificate-authority": str(certificate)}}],
        "users": [{"name": "admin", "user": {"token": _TOKEN}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin", "namespace": "default"}}],
        "current-context": "test",
    }
    path.write_text(json.dumps(document))
    return path


@contextlib.contextmanager
def _running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        # The child must not outlive a test run that is killed.
        process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *command], stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Waits until the address answers well."""

    def answers() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=1) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    _until(answers, process, log)


def _until_ready(process: subprocess.Popen[bytes], server: ApiServer, log: Path) -> None:
    """Waits until the server says it is ready and the default namespace exists."""

    def ready() -> bool:
        return (
            server.certificate.exists()
            and server.kubectl("get", "--raw", "/readyz").code == 0
            and server.kubectl("get", "namespace", "default").code == 0
        )

    _until(ready, process, log)


def _until(condition: Any, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            problem = "ended" if ended else f"was not ready within {START_SECONDS} s"
            raise RuntimeError(f"{process.args!r} {problem}:\n{log.read_text()[-4000:]}")
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
