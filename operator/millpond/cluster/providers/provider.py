"""What a provider is, to the operator: whoever makes the hosts of a pool, and takes them away again.

To add one: implement `Provider` in a file of its own, give it a name in `ProviderType` with what it needs in the Pool's
spec, list it in `act_supply`, and give the operator its rights in the chart.
"""

from __future__ import annotations

from typing import Protocol

from millpond.api.pool import Pool
from millpond.api.reasons import ResizeErrorCode
from millpond.control.actions import SupplyHosts
from millpond.control.outcomes import Missed, Outcome, Refused

AGAIN_SECONDS = 5.0


class Provider(Protocol):
    """Makes room for the nodes of pools.

    `supply` brings the provider closer to `wish.wanted` hosts and returns without waiting for them. It is called again
    whenever the wish changes, once a minute besides, and after any crash: so it compares with what there is, and adds
    nothing blindly. It never takes a host of `wish.kept`, nor one that any pool has claimed.

    Done when the provider knows all that it must; Missed to be called again; Refused, with a `ResizeErrorCode`, for
    what only people can mend: the Pool shows the message, and the call is repeated in a while all the same. An
    `ApiError` may be raised.
    """

    async def supply(self, wish: SupplyHosts, pool: Pool) -> Outcome:
        """Have as many hosts as the wish says."""
        ...


def failed(message: str) -> Refused:
    """The provider was found, and refuses."""
    return Refused(ResizeErrorCode.ALLOCATION_FAILED, message)


def not_found(message: str) -> Refused:
    """What the Pool names as its provider does not exist."""
    return Refused(ResizeErrorCode.DEPENDENT_RESOURCE_NOT_FOUND, message)


def too_few_named(count: int) -> Missed:
    """So many hosts are to go, and cannot be told yet which."""
    return Missed(f"{count} more hosts are to go, when it is known which", again_in=AGAIN_SECONDS)
