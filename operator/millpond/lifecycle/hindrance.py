"""A Pod whose host cannot begin with it: a volume or Secret is missing, or its network cannot be made.

Its status tells nothing of that. The kubelet writes Events, and says there what it waits for, for as long as it does.
"""

from __future__ import annotations

from collections.abc import Iterable

from millpond.api.times import parse_time
from millpond.api.views.event import EventView
from millpond.api.views.pod import PodView
from millpond.lifecycle.kubelet import awaits_sandbox, sentence

PATIENCE = 10.0
"""Seconds that a Pod may take to be begun with before anybody asks why."""
SUMMARY = "Unable to attach or mount volumes"
"""What a kubelet says beside the reasons, every two minutes: which volumes are missing, and not why."""


def is_hindered(pod: PodView, now: float) -> bool:
    """True for a Pod that its host should have begun with by now (seconds since the epoch) and has not."""
    if not awaits_sandbox(pod) or pod.metadata.deletion_timestamp is not None:
        return False
    return now >= parse_time(pod.status.start_time or pod.metadata.creation_timestamp) + PATIENCE


def last_warning(events: Iterable[EventView]) -> str:
    """The newest warning that gives a reason, in one bounded sentence; "" where nobody warns."""
    warnings = [event for event in events if event.type == "Warning" and event.note]
    newest = max(warnings, key=lambda one: (SUMMARY not in one.note, one.last, one.metadata.name), default=None)
    return f"{newest.reason}: {sentence(newest.note)}" if newest is not None else ""
