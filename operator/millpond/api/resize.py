"""The resize of a pool, as its status tells of it."""

from typing import Annotated

from pydantic import Field

from millpond.api.schema import ATOMIC, Count, Document, Time

MOST_REMOVALS = 1000
"""How many removals of chosen nodes are under way at a time; the others wait."""

Uid = Annotated[str, Field(min_length=1, max_length=64)]


class PoolResize(Document):
    """The resize of a node class in force: what was asked of it, as far as it is served."""

    start_time: Time
    target_nodes: Annotated[Count, Field(description="The target as it was asked for")] = 0
    resized_at: Time | None = None
    resize_stopped_at: Time | None = None
    stopped: Annotated[bool, Field(description="It was stopped on the way")] = False
    removed_nodes: Annotated[
        tuple[Uid, ...],
        Field(
            max_length=MOST_REMOVALS,
            json_schema_extra=ATOMIC,
            description="The uids of nodes that users remove, while they are there: the target was lowered for these",
        ),
    ] = ()
