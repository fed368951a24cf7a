"""What reading and keeping samples came to, folded back."""

from __future__ import annotations

from millpond.control.actions import KeepSamples, LoadSamples
from millpond.control.outcomes import Done, Outcome, Refused
from millpond.control.pool_state import PoolState
from millpond.control.sample_record import SampleRecord
from millpond.scaling.kept_samples import NOTHING


def confirm_samples(pool: PoolState, action: LoadSamples | KeepSamples, done: Done) -> None:
    """They were read, or they are kept."""
    record = _record(pool, action)
    if record is None:
        return
    match action:
        case LoadSamples():
            kept = done.samples or NOTHING
            record.rows.extend(kept.rows)
            record.sealed, record.trouble = dict(kept.sealed), kept.trouble
            _begin(pool, record)
        case KeepSamples():
            record.sealed |= {hour: len(block) for hour, block in action.sealed.items()}
            for hour in action.dropped:
                record.sealed.pop(hour, None)
            record.trouble = record.told = ""


def drop_samples(pool: PoolState, action: LoadSamples | KeepSamples, outcome: Outcome, again: float) -> None:
    """They were not read: that is tried again, or, where it is forbidden, they begin anew. Keeping has its next turn.

    `again` is when to try.
    """
    record = _record(pool, action)
    if record is None:
        return
    record.loading, record.not_before = False, again
    if isinstance(outcome, Refused):
        record.trouble = outcome.message
        pool.mark("samples", pool.name)
        if isinstance(action, LoadSamples):
            _begin(pool, record)
    elif isinstance(action, LoadSamples):
        pool.look_at(again, "samples", pool.name)


def _begin(pool: PoolState, record: SampleRecord) -> None:
    record.loaded, record.loading = True, False
    pool.mark("samples", pool.name)
    pool.mark("autoscale", pool.name)


def _record(pool: PoolState, action: LoadSamples | KeepSamples) -> SampleRecord | None:
    record = pool.samples
    return record if record is not None and record.uid == action.uid else None
