"""What is remembered of a provider: when nothing more is to be hoped of it."""

from __future__ import annotations

import pytest
from millpond.api.failure import ResizeError
from millpond.api.reasons import ResizeErrorCode
from millpond.control.supply import SupplyRecord

REFUSAL = ResizeError(code=ResizeErrorCode.ALLOCATION_FAILED, message="no")


@pytest.mark.parametrize(
    ("asking", "agreed", "refusal", "done"),
    [
        (None, None, None, False),
        (0, None, None, False),
        (None, 0, None, True),
        (None, 1, None, False),
        (None, None, REFUSAL, True),
        (0, None, REFUSAL, False),
    ],
)
def test_done(asking: int | None, agreed: int | None, refusal: ResizeError | None, done: bool) -> None:
    record = SupplyRecord()
    record.asking, record.agreed, record.refusal = asking, agreed, refusal
    assert record.done is done
