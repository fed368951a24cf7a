"""The failure table: what can happen to an attempt of a task, what a kubelet writes of it, and what it must come to.

One source for the judgement's own tests, for runs on real kubelets, and for the page of failures.
"""

from support.failuretable.case import CATEGORIES, LATER, NEXT_STATE, Case, exit_of, verdict_of
from support.failuretable.commands import COMMANDS, SIGNALS
from support.failuretable.downloads import DOWNLOADS
from support.failuretable.hosts import HOSTS
from support.failuretable.images import IMAGES
from support.failuretable.packages import PACKAGES
from support.failuretable.starts import STARTS
from support.failuretable.stops import STOPS
from support.failuretable.uploads import UPLOADS
from support.failuretable.wishes import WISHES

CASES: tuple[Case, ...] = (
    *COMMANDS,
    *SIGNALS,
    *STARTS,
    *PACKAGES,
    *DOWNLOADS,
    *IMAGES,
    *STOPS,
    *HOSTS,
    *UPLOADS,
    *WISHES,
)
BY_NAME: dict[str, Case] = {case.name: case for case in CASES}

__all__ = [
    "BY_NAME", "CASES", "CATEGORIES", "LATER", "NEXT_STATE", "SIGNALS", "Case", "exit_of", "verdict_of",
]  # fmt: skip
