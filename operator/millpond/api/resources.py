"""Kubernetes quantities: their type in the API, and arithmetic on them in whole millicores and bytes.

Millicores round up as Kubernetes does; binary suffixes are powers of 1024, decimal ones of 1000.
"""

import re
from decimal import ROUND_CEILING, Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from millpond.api.schema import Document, rule, validations

QUANTITY_PATTERN: Final = r"^([0-9]+(\.[0-9]*)?|\.[0-9]+)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]{1,2})?$"
_QUANTITY = re.compile(QUANTITY_PATTERN)
_BINARY: Final = {
    suffix: Decimal(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)
}
_DECIMAL: Final = {
    suffix: Decimal(1000) ** power
    for power, suffix in enumerate(("n", "u", "m", "", "k", "M", "G", "T", "P", "E"), start=-3)
}


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Quantity = Annotated[
    str,
    BeforeValidator(_text),
    Field(max_length=32, pattern=QUANTITY_PATTERN),
    WithJsonSchema({"x-kubernetes-int-or-string": True, "minimum": 0, "maxLength": 32, "pattern": QUANTITY_PATTERN}),
]
Quantities = Annotated[dict[str, Quantity], Field(max_length=32)]


class ResourceRequirements(Document):
    """What a container asks for and what it may use, by resource name."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "!has(self.requests) || !has(self.limits) || self.requests.all(name, !(name in self.limits) || "
                "quantity(string(self.requests[name])).compareTo(quantity(string(self.limits[name]))) <= 0)",
                "requests above limits can never run: raise the limit or lower the request",
                at=".requests",
            )
        )
    )

    requests: Quantities = Field(default_factory=dict, description="What must be free for it on the node")
    limits: Quantities = Field(default_factory=dict, description="What it may use at most")


def parse_quantity(text: str | int) -> Decimal:
    """The exact value of a quantity, written as text or as a whole number. Raises ValueError where it is none."""
    match = _QUANTITY.match(str(text))
    if match is None:
        raise ValueError(f"{text!r} is not a quantity: write a number with an optional suffix, as 500m, 2 or 16Gi")
    number, suffix = match.group(1), match.group(3) or ""
    if suffix in _BINARY:
        return Decimal(number) * _BINARY[suffix]
    if suffix in _DECIMAL:
        return Decimal(number) * _DECIMAL[suffix]
    return Decimal(number).scaleb(int(suffix[1:]))


def millicores(text: str | int) -> int:
    """Thousandths of a CPU in a quantity, rounded up: ``"500m"`` is 500, ``"8"`` is 8000."""
    return int((parse_quantity(text) * 1000).to_integral_value(ROUND_CEILING))


def whole(text: str | int) -> int:
    """Whole units in a quantity, rounded up; bytes for memory: ``"16Gi"`` is 17179869184."""
    return int(parse_quantity(text).to_integral_value(ROUND_CEILING))


def format_millicores(amount: int) -> str:
    """The shortest quantity for thousandths of a CPU: ``8000`` is ``"8"``, ``500`` is ``"500m"``."""
    return str(amount // 1000) if amount % 1000 == 0 else f"{amount}m"


def format_bytes(amount: int) -> str:
    """The quantity for bytes with the largest binary suffix that divides it: ``17179869184`` is ``"16Gi"``."""
    written = str(amount)
    for suffix, unit in _BINARY.items():
        if amount and amount % int(unit) == 0:
            written = f"{amount // int(unit)}{suffix}"
    return written
