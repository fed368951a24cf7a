"""What a Pool tells of its formula: the last run, those before, and the condition AutoscaleSucceeded."""

from __future__ import annotations

import msgspec

from millpond.api.autoscale import AutoScaleHistory, AutoScaleRun
from millpond.api.conditions import Condition, Conditions, ConditionStatus, put
from millpond.api.pool import Pool, PoolStatus
from millpond.api.reasons import AutoScaleReason, ConditionType
from millpond.control.actions import Event
from millpond.control.pool_state import PoolState
from millpond.scaling.autoscale import Run, history, nodes_in_words


class AutoScaleFacts(msgspec.Struct, frozen=True):
    """The part of the status that is about the formula."""

    run: AutoScaleRun | None
    history: AutoScaleHistory
    conditions: Conditions


def describe_autoscale(pool: PoolState, model: Pool) -> AutoScaleFacts:
    """What is told; nothing where the pool has no formula, so that one it is given again is evaluated at once."""
    old, decided = model.status, pool.decided
    if model.spec.auto_scale is None:
        kept = tuple(c for c in old.conditions if c.type != ConditionType.AUTOSCALE_SUCCEEDED)
        return AutoScaleFacts(None, (), kept)
    if decided is None or decided.told == old.auto_scale_run:
        return AutoScaleFacts(old.auto_scale_run, old.auto_scale_history, old.conditions)
    conditions = put(old.conditions, _condition(model, decided))
    return AutoScaleFacts(decided.told, history(old.auto_scale_run, old.auto_scale_history), conditions)


def _condition(model: Pool, decided: Run) -> Condition:
    return Condition(
        type=ConditionType.AUTOSCALE_SUCCEEDED,
        status=ConditionStatus.TRUE if decided.told.error is None else ConditionStatus.FALSE,
        observed_generation=model.metadata.generation,
        last_transition_time=decided.told.time,
        reason=decided.reason,
        message=decided.message,
    )


def resize_events(pool: PoolState, model: Pool, status: PoolStatus) -> tuple[Event, ...]:
    """An event where the formula has changed a target, and none where it has not."""
    wanted, before = _targets(status), _targets(model.status)
    if pool.decided is None or model.spec.auto_scale is None or wanted == before:
        return ()
    text = f"The formula wants {nodes_in_words(*wanted)}, {nodes_in_words(*before)} before."
    return (Event(AutoScaleReason.RESIZED_BY_FORMULA, text),)


def _targets(status: PoolStatus) -> tuple[int, int]:
    return status.target_dedicated_nodes, status.target_low_priority_nodes
