"""Kubeconfig files, and the account of a Pod."""

from __future__ import annotations

import base64
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from millpond.cluster.kubeconfig import TOKEN_LIFE, Credentials, KubeconfigError, connect, from_kubeconfig, from_pod


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificates")
    paths = folder / "tls.crt", folder / "tls.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", str(paths[1]), "-out", str(paths[0]), "-subj", "/CN=test", "-days", "1"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return paths


def _write(path: Path, cluster: dict[str, Any], user: dict[str, Any], **more: Any) -> Path:
    document = {
        "clusters": [{"name": "c", "cluster": {"server": "https://api.example:6443/"} | cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "team"}}],
        "current-context": "x",
    }
    path.write_text(yaml.safe_dump(document | more))
    return path


def test_token_and_authority_by_path_beside_the_file(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    (tmp_path / "ca.crt").write_bytes(certificate[0].read_bytes())
    path = _write(tmp_path / "config", {"certificate-authority": "ca.crt", "tls-server-name": "api"}, {"token": "t"})
    connection = from_kubeconfig(path)
    assert (connection.server, connection.server_name) == ("https://api.example:6443", "api")
    assert connection.namespace == "team"
    assert connection.credentials.headers() == {"Authorization": "Bearer t"}
    assert connection.tls is not None
    assert connection.tls.verify_mode is ssl.CERT_REQUIRED
    assert len(connection.tls.get_ca_certs()) == 1


def test_certificates_inside_the_file(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    crt, key = (base64.b64encode(path.read_bytes()).decode() for path in certificate)
    user = {"client-certificate-data": crt, "client-key-data": key}
    connection = from_kubeconfig(_write(tmp_path / "config", {"certificate-authority-data": crt}, user))
    assert connection.credentials.headers() == {}
    assert connection.tls is not None


def test_token_file_and_no_verification(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    path = _write(tmp_path / "config", {"insecure-skip-tls-verify": True}, {"tokenFile": "token"})
    connection = from_kubeconfig(path)
    assert connection.credentials.headers() == {"Authorization": "Bearer from-file"}
    assert connection.tls is not None
    assert connection.tls.verify_mode is ssl.CERT_NONE


def test_plain_http(tmp_path: Path) -> None:
    assert from_kubeconfig(_write(tmp_path / "config", {"server": "http://127.0.0.1:8001"}, {})).tls is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("just words", "holds no mapping"),
        ("{a: [", "cannot be read"),
        ("{current-context: none}", "no context named 'none'"),
    ],
)
def test_file_that_is_no_kubeconfig(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(KubeconfigError, match=words):
        from_kubeconfig(path)


def test_login_program_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match="use a token or a certificate"):
        from_kubeconfig(_write(tmp_path / "config", {}, {"exec": {"command": "login"}}))


def test_pod_account(tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with pytest.raises(KubeconfigError, match="automountServiceAccountToken"):
        from_pod(tmp_path)
    (tmp_path / "ca.crt").write_bytes(certificate[0].read_bytes())
    (tmp_path / "namespace").write_text("millpond\n")
    (tmp_path / "token").write_text("t")
    connection = from_pod(tmp_path)
    assert connection.server == "https://[fd00::1]:443"
    assert connection.namespace == "millpond"
    assert connection.credentials.headers() == {"Authorization": "Bearer t"}


def test_token_is_read_again_when_it_is_old_or_doubted(tmp_path: Path) -> None:
    file, now = tmp_path / "token", [0.0]
    file.write_text("one")
    credentials = Credentials(token_file=file, clock=lambda: now[0])
    assert credentials.headers() == {"Authorization": "Bearer one"}
    file.write_text("two")
    assert credentials.headers() == {"Authorization": "Bearer one"}
    now[0] = TOKEN_LIFE
    assert credentials.headers() == {"Authorization": "Bearer two"}
    file.write_text("three")
    credentials.doubt()
    assert credentials.headers() == {"Authorization": "Bearer three"}


def test_order_of_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(KubeconfigError, match="No cluster is configured"):
        connect()
    (tmp_path / ".kube").mkdir()
    _write(tmp_path / ".kube" / "config", {"server": "http://usual"}, {})
    assert connect().server == "http://usual"
    monkeypatch.setenv("KUBECONFIG", str(_write(tmp_path / "named", {"server": "http://variable"}, {})))
    assert connect().server == "http://variable"
    assert connect(str(_write(tmp_path / "given", {"server": "http://given"}, {}))).server == "http://given"
