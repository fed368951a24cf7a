"""What agents and the command line say to each other of files that cannot be had: by exit code, and to users by a word.

The words are the REST interface's (azure-batch-semantics §7.5, §8.6, §10.7).
"""

from __future__ import annotations

ROOT = "/mnt/batch/tasks"
"""The node directory as containers see it."""
NO_DIRECTORY, NO_FILE, NO_SUCH_RANGE = 3, 4, 5
"""Exit codes: the directory is not there in which the file should be; the file is not; the file has no such part."""
FILES_UNAVAILABLE = "TaskFilesUnavailable"
FILES_CLEANED_UP = "TaskFilesCleanedup"
FILE_NOT_FOUND = "FileNotFound"
INVALID_RANGE = "InvalidRange"
