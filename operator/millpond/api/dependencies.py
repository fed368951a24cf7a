"""What a task depends on: other tasks of its job, by id or by ranges of ids that are integers."""

from typing import Annotated

from pydantic import ConfigDict, Field

from millpond.api.schema import ATOMIC, MAX_INT32, Document, rule, validations

TaskId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
IntegerId = Annotated[int, Field(ge=-MAX_INT32 - 1, le=MAX_INT32)]

MOST_CHARACTERS = 64_000


class TaskIdRange(Document):
    """A range of tasks whose ids are integers, both ends included; leading zeros do not matter."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule("self.start <= self.end", "a range of tasks ends before it starts: swap start and end", at=".end")
        )
    )

    start: Annotated[IntegerId, Field(description="The first integer")]
    end: Annotated[IntegerId, Field(description="The last integer")]


class TaskDependencies(Document):
    """All tasks that have to be done before: every id and every integer of every range."""

    task_ids: Annotated[
        tuple[TaskId, ...],
        Field(
            max_length=5_000,
            description="Ids of tasks, in any case of letters; tasks that do not exist yet are waited for",
            json_schema_extra=ATOMIC
            | validations(
                rule(
                    f"self.map(id, id.size()).sum() <= {MOST_CHARACTERS}",
                    f"the ids have more than {MOST_CHARACTERS} characters together: use taskIdRanges, or shorter ids",
                )
            ),
        ),
    ] = ()
    task_id_ranges: Annotated[
        tuple[TaskIdRange, ...],
        Field(max_length=1_000, description="Ranges of tasks whose ids are integers", json_schema_extra=ATOMIC),
    ] = ()
