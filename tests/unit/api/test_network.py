"""What the models of a pool's network take."""

import pytest
from millpond.api.network import InboundPort, NetworkConfiguration, Protocol
from pydantic import ValidationError


def test_a_port_is_tcp_and_open_to_everybody_unless_it_says_otherwise() -> None:
    port = InboundPort.model_validate({"name": "ssh", "port": 22})
    assert (port.protocol, port.sources) == (Protocol.TCP, ())
    assert NetworkConfiguration().inbound_ports == ()


@pytest.mark.parametrize(
    "wrong",
    [{"name": "-a", "port": 1}, {"name": "a-", "port": 1}, {"name": "a", "port": 0}, {"name": "a" * 78, "port": 1}],
)
def test_what_is_no_port_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        InboundPort.model_validate(wrong)
