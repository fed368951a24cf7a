"""Quantities read as Kubernetes reads them, and are written back as people write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.api import resources
from pydantic import TypeAdapter, ValidationError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("8", "8"),
        ("500m", "0.5"),
        ("0.5", "0.5"),
        (".5", "0.5"),
        ("2.", "2"),
        ("100u", "0.0001"),
        ("100n", "0.0000001"),
        ("1k", "1000"),
        ("1M", "1000000"),
        ("1.5G", "1500000000"),
        ("1Ki", "1024"),
        ("16Gi", "17179869184"),
        ("1Ei", "1152921504606846976"),
        ("1E", "1000000000000000000"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("12e-1", "1.2"),
    ],
)
def test_parse(text: str, value: str) -> None:
    assert resources.parse_quantity(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "-1", "+1", "8 ", "two", "8Gb", "16GiB", "1e", "e3", ".", "1mi", "0x10", "1_000"])
def test_refuse(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity: write a number"):
        resources.parse_quantity(text)


@pytest.mark.parametrize(
    ("text", "amount"), [("8", 8000), (2, 2000), ("500m", 500), ("1u", 1), ("0", 0), ("1.0001", 1001)]
)
def test_millicores_round_up(text: str | int, amount: int) -> None:
    assert resources.millicores(text) == amount


@pytest.mark.parametrize(("text", "amount"), [("16Gi", 2**34), ("500m", 1), ("1.5Ki", 1536), ("1", 1)])
def test_whole_units_round_up(text: str, amount: int) -> None:
    assert resources.whole(text) == amount


@pytest.mark.parametrize(("amount", "text"), [(8000, "8"), (500, "500m"), (0, "0"), (1500, "1500m")])
def test_format_millicores(amount: int, text: str) -> None:
    assert resources.format_millicores(amount) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(2**34, "16Gi"), (1536, "1536"), (3 * 2**20, "3Mi"), (0, "0"), (1000, "1000"), (2**70, "1024Ei")],
)
def test_format_bytes(amount: int, text: str) -> None:
    assert resources.format_bytes(amount) == text


@given(st.integers(0, 10**20))
def test_formats_read_back(amount: int) -> None:
    assert resources.whole(resources.format_bytes(amount)) == amount
    assert resources.millicores(resources.format_millicores(amount)) == amount


@pytest.mark.parametrize(("given_value", "kept"), [(2, "2"), ("2", "2"), ("500m", "500m")])
def test_whole_numbers_are_quantities(given_value: int | str, kept: str) -> None:
    assert TypeAdapter(resources.Quantity).validate_python(given_value) == kept


@pytest.mark.parametrize("given_value", [True, 0.5, "-1", -1, None])
def test_other_values_are_not(given_value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(resources.Quantity).validate_python(given_value)
