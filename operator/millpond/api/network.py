"""What may reach the Pods of a pool from outside."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from millpond.api.schema import ATOMIC, Document, rule, said, validations


class Protocol(StrEnum):
    """What a port speaks."""

    TCP = "TCP"
    UDP = "UDP"


Cidr = Annotated[
    str,
    Field(
        max_length=43,
        json_schema_extra=validations(
            rule("isCIDR(self)", "not a range of addresses: write it as in 10.0.0.0/8 or fd00::/8"),
        ),
    ),
]


class InboundPort(Document):
    """A port of the pool's Pods that is open (reference §2.7: an inbound NAT pool with its rules)."""

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=77,
            pattern=r"^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$",
            description="What it is for; unique in the pool",
            json_schema_extra=said(
                "not a port's name: use letters, digits, '_', '.' and '-'; begin with a letter or digit and do not end "
                "in '.' or '-'"
            ),
        ),
    ]
    protocol: Protocol = Protocol.TCP
    port: Annotated[int, Field(ge=1, le=65_535, description="The port in the Pods")]
    sources: Annotated[
        tuple[Cidr, ...],
        Field(max_length=25, json_schema_extra=ATOMIC, description="Who may come in; default: everybody"),
    ] = ()


class NetworkConfiguration(Document):
    """What of the pool's Pods can be reached. A NetworkPolicy closes all that is not opened here (reference §2.7)."""

    inbound_ports: Annotated[
        tuple[InboundPort, ...],
        Field(
            max_length=16,
            json_schema_extra=ATOMIC
            | validations(
                rule(
                    "self.all(one, self.exists_one(other, other.name == one.name))",
                    "two ports have the same name: give each its own",
                ),
                rule(
                    "self.all(one, self.exists_one(other, other.port == one.port && other.protocol == one.protocol))",
                    "a port is opened twice: join the sources of both",
                ),
            ),
            description="The ports that are open",
        ),
    ] = ()
