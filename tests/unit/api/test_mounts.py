"""Mounts and certificates as documents; what the API server refuses of them is in `component/crd_cases`."""

from __future__ import annotations

from millpond.api.mounts import CertificateReference, CertificateVisibility, NodeVolume


def test_a_certificate_is_shown_to_all_unless_it_says_otherwise() -> None:
    assert CertificateReference(secret_name="a").visibility == tuple(CertificateVisibility)


def test_a_volume_is_read_and_written_as_it_came() -> None:
    document = {
        "relativeMountPath": "a/b",
        "readOnly": True,
        "csi": {"driver": "d", "volumeAttributes": {"x": "y"}, "nodePublishSecretRef": {"name": "s"}},
    }
    assert NodeVolume.model_validate(document).as_document() == document
