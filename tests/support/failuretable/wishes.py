"""What users and the pool wanted meanwhile: to end the task, to take its node away, and what that does to each end."""

from __future__ import annotations

from millpond.api.reasons import FailureCode as Code
from millpond.lifecycle.draining import Fate
from millpond.lifecycle.tasks import Ledger, Tries, Wishes

from support.builders import ended, exited
from support.failuretable.case import Case
from support.failuretable.images import NOT_FOUND, late
from support.failuretable.stops import CROWDED, DELETED, KILLED, TERMED

ENDED, REMOVED, LOST = Wishes(ended_by_user=True), Wishes(drained=Fate.REQUEUED), Wishes(node_lost=True)
TAKEN = Wishes(drained=Fate.ENDED)
DISABLED = Wishes(job_disabled=True)
ALL = Wishes(ended_by_user=True, job_disabled=True, drained=Fate.REQUEUED, node_lost=True)
FAILED, REQUEUED = Ledger.FAILURE, Ledger.REQUEUE
MANY = Tries(0, 5)
UNPULLED = late("image missing", Code.CONTAINER_INVALID_IMAGE, NOT_FOUND).state
WORDS = ("ended by user request",)
GONE = ("was removed, disabled", "runs again")
TAKEN_WORDS = ("with option Terminate", "Reactivate")

WISHES = (
    # The user ends the task or its job
    Case("ended by its user", FAILED, Code.TASK_ENDED, 143, TERMED, DELETED, WORDS, wishes=ENDED, tries=MANY),
    Case("ended by its user, deaf to TERM", FAILED, Code.TASK_ENDED, 137, KILLED, DELETED, WORDS, wishes=ENDED),
    Case("ended by its user, took TERM well", FAILED, Code.TASK_ENDED, 0, exited(0, "Terminated"), DELETED, WORDS, wishes=ENDED),
    Case("ended by its user before it started", FAILED, Code.TASK_ENDED, None, None, DELETED, WORDS, wishes=ENDED),
    Case("ended by its user, and it fails by itself", FAILED, Code.TASK_ENDED, 1, exited(1), {}, WORDS, wishes=ENDED, tries=MANY),
    Case("ended by its user, and it succeeds first", Ledger.SUCCESS, None, 0, exited(0), wishes=ENDED),
    Case("ended by its user, and its limit comes first", FAILED, Code.TASK_ENDED, 143, exited(143, "WallClock"), {}, ("maximum execution time",), wishes=ENDED),
    Case("ended by its user, and its image is missing", FAILED, Code.CONTAINER_INVALID_IMAGE, None, UNPULLED, {}, ("not found",), 120, wishes=ENDED),
    Case("ended by its user, and no node takes it", FAILED, Code.TASK_ENDED, None, None, CROWDED, WORDS, wishes=ENDED),
    Case("ended by its user on a lost node", FAILED, Code.TASK_ENDED, gone=True, says=WORDS, wishes=Wishes(ended_by_user=True, node_lost=True)),
    Case("ended by its user, all else too", FAILED, Code.TASK_ENDED, 143, TERMED, DELETED, WORDS, wishes=ALL),
    # The node is taken out of the pool
    Case("node removed", REQUEUED, None, None, TERMED, DELETED, GONE, wishes=REMOVED),
    Case("node removed, deaf to TERM", REQUEUED, None, None, KILLED, DELETED, GONE, wishes=REMOVED),
    Case("node removed before it started", REQUEUED, None, None, None, DELETED, GONE, wishes=REMOVED),
    Case("node removed, its retries are kept", REQUEUED, None, None, TERMED, DELETED, GONE, wishes=REMOVED, tries=Tries(1, 3)),
    Case("node removed, and it succeeds first", Ledger.SUCCESS, None, 0, exited(0), DELETED, wishes=REMOVED),
    Case("node removed, and it fails by itself", FAILED, Code.FAILURE_EXIT_CODE, 1, exited(1), DELETED, wishes=REMOVED),
    Case("node removed, and it fails with a retry left", Ledger.RETRY, None, 1, exited(1), DELETED, wishes=REMOVED, tries=Tries(0, 1)),
    Case("node removed, and its program is missing", FAILED, Code.COMMAND_PROGRAM_NOT_FOUND, 127, exited(127, "CommandNotFound"), wishes=REMOVED, tries=MANY),
    Case("node removed, and it refused the task", REQUEUED, None, None, None, CROWDED, GONE, wishes=REMOVED, tries=Tries(refusals=59, max_refusals=60)),
    Case("node removed and lost", REQUEUED, None, gone=True, says=GONE, wishes=Wishes(drained=Fate.REQUEUED, node_lost=True)),
    Case("node removed, out of memory first", FAILED, Code.FAILURE_EXIT_CODE, 137, ended(137, "OOMKilled"), DELETED, ("memory",), wishes=REMOVED),
    # The node is taken away with option Terminate
    Case("node taken with its tasks", FAILED, Code.TASK_ENDED, 143, TERMED, DELETED, TAKEN_WORDS, wishes=TAKEN, tries=MANY),
    Case("node taken with its tasks, before it started", FAILED, Code.TASK_ENDED, None, None, DELETED, TAKEN_WORDS, wishes=TAKEN),
    Case("node taken with its tasks, and it succeeds first", Ledger.SUCCESS, None, 0, exited(0), DELETED, wishes=TAKEN),
    Case("node taken with its tasks, and it fails by itself", FAILED, Code.TASK_ENDED, 1, exited(1), DELETED, TAKEN_WORDS, wishes=TAKEN, tries=MANY),
    Case("node taken with its tasks, and lost", FAILED, Code.TASK_ENDED, gone=True, says=TAKEN_WORDS, wishes=Wishes(drained=Fate.ENDED, node_lost=True)),
    # The job is disabled, and its tasks are requeued
    Case("job disabled", REQUEUED, None, None, TERMED, DELETED, ("job was disabled", "runs again"), wishes=DISABLED),
    Case("job disabled, deaf to TERM", REQUEUED, None, None, KILLED, DELETED, ("job was disabled",), wishes=DISABLED),
    Case("job disabled before it started", REQUEUED, None, None, None, DELETED, ("job was disabled",), wishes=DISABLED),
    Case("job disabled, and it succeeds first", Ledger.SUCCESS, None, 0, exited(0), DELETED, wishes=DISABLED),
    Case("job disabled, and it fails by itself", FAILED, Code.FAILURE_EXIT_CODE, 1, exited(1), DELETED, wishes=DISABLED),
    Case("job disabled on a lost node", REQUEUED, None, gone=True, says=("job was disabled",), wishes=Wishes(job_disabled=True, node_lost=True)),
    # The node is given up
    Case("node given up, and it failed by itself", FAILED, Code.FAILURE_EXIT_CODE, 1, exited(1), wishes=LOST),
    Case("node given up, and it fails with a retry left", Ledger.RETRY, None, 1, exited(1), wishes=LOST, tries=Tries(0, 1)),
    Case("node given up, and it refused the task", Ledger.RECOVERY, None, None, None, CROWDED, ("node was lost",), wishes=LOST, tries=Tries(refusals=59, max_refusals=60)),
)  # fmt: skip
