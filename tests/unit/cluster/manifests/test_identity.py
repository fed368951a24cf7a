"""Labels and owners of Pods."""

from __future__ import annotations

import pytest
from millpond.api import labels
from millpond.cluster.manifests.identity import common_labels, owner


@pytest.mark.parametrize("role", list(labels.Role))
def test_labels_find_the_pod(role: labels.Role) -> None:
    tags = common_labels(role, "farm", "farm-aaaaa")
    assert tags[labels.ROLE] == tags[labels.COMPONENT] == role.value
    assert (tags[labels.POOL], tags[labels.NODE], tags[labels.MANAGED_BY]) == ("farm", "farm-aaaaa", "millpond")


def test_owner_does_not_hold_up_its_deletion() -> None:
    reference = owner("Task", "one", "u")
    assert reference["apiVersion"] == "millpond.dev/v1alpha1"
    assert reference["blockOwnerDeletion"] is False
    assert reference["controller"] is True
