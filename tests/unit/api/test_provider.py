"""Who makes room, as users write it."""

from __future__ import annotations

import pytest
from millpond.api.provider import Provider, ProviderType, ScaledObject
from pydantic import ValidationError

MACHINES = {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "MachineDeployment", "name": "batch"}


def test_node_pods_alone_ask_for_room_unless_something_else_is_said() -> None:
    assert Provider() == Provider(type=ProviderType.SCHEDULER, scale_subresource=None)


def test_a_scaled_object_is_named_as_kubectl_names_it() -> None:
    made = Provider.model_validate({"type": "ScaleSubresource", "scaleSubresource": {"dedicated": MACHINES}})
    assert made.scale_subresource is not None
    assert made.scale_subresource.dedicated.kind == "MachineDeployment"


@pytest.mark.parametrize("wrong", [{"kind": "machines"}, {"apiVersion": "v1/"}, {"name": "A"}, {"name": ""}])
def test_what_names_no_object_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ScaledObject.model_validate(MACHINES | wrong)
