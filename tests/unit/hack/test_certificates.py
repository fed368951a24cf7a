import ssl

from nativecluster import certificates
from nativecluster.certificates import Subject


def test_a_signed_certificate_verifies_names_its_subject_and_is_made_once(tmp_path):
    certificates.authority(tmp_path)
    subject = Subject("system:node:node-1", "system:nodes", ("node-1", "10.200.0.11"))
    certificates.sign(tmp_path, "node-1", subject)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    certificates.authority(tmp_path)
    certificates.sign(tmp_path, "node-1", subject)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    context = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
    context.load_cert_chain(tmp_path / "node-1.crt", tmp_path / "node-1.key")
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_subjects_and_addresses_in_openssls_words():
    subject = Subject("a", "b", ("node-1", "10.0.0.1"))
    assert subject.text() == "/O=b/CN=a"
    assert subject.alternatives() == "DNS:node-1,IP:10.0.0.1"
    assert Subject("a").text() == "/CN=a"
    assert Subject("a").alternatives() == ""
