"""The resize in force, as a Pool's status tells of it."""

from __future__ import annotations

import pytest
from millpond.api.resize import MOST_REMOVALS, PoolResize
from pydantic import ValidationError

BEGAN = {"startTime": "2026-01-01T00:00:00Z"}


def test_what_is_not_said() -> None:
    resize = PoolResize.model_validate(BEGAN)
    assert (resize.target_nodes, resize.stopped, resize.removed_nodes) == (0, False, ())


def test_the_list_of_removals_has_a_bound() -> None:
    uids = [f"uid-{number}" for number in range(MOST_REMOVALS + 1)]
    assert PoolResize.model_validate(BEGAN | {"removedNodes": uids[1:]}).removed_nodes == tuple(uids[1:])
    with pytest.raises(ValidationError):
        PoolResize.model_validate(BEGAN | {"removedNodes": uids})
