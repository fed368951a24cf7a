"""The closed lists of words Millpond speaks in status: states, results, failure codes, condition types and reasons.

Which word applies when is judged in ``lifecycle``; the words are Azure Batch's where it has one.
"""

from enum import StrEnum


class TaskState(StrEnum):
    """Where a task is in its life."""

    ACTIVE = "Active"
    PREPARING = "Preparing"
    RUNNING = "Running"
    COMPLETED = "Completed"


class TaskResult(StrEnum):
    """How a completed task ended."""

    SUCCESS = "Success"
    FAILURE = "Failure"


class CommandState(StrEnum):
    """Where a start task, or a job's preparation or release task, is on one node; retries are part of running."""

    RUNNING = "Running"
    COMPLETED = "Completed"


class NodeState(StrEnum):
    """What a compute node is doing, or why it does nothing."""

    CREATING = "Creating"
    STARTING = "Starting"
    WAITING_FOR_START_TASK = "WaitingForStartTask"
    START_TASK_FAILED = "StartTaskFailed"
    IDLE = "Idle"
    RUNNING = "Running"
    OFFLINE = "Offline"
    REBOOTING = "Rebooting"
    REIMAGING = "Reimaging"
    UPGRADING_OS = "UpgradingOS"
    LEAVING_POOL = "LeavingPool"
    UNKNOWN = "Unknown"
    UNUSABLE = "Unusable"
    PREEMPTED = "Preempted"


class PoolState(StrEnum):
    """Whether a pool is there to stay."""

    ACTIVE = "Active"
    DELETING = "Deleting"


class AllocationState(StrEnum):
    """Whether a pool has the nodes it wants."""

    STEADY = "Steady"
    RESIZING = "Resizing"
    STOPPING = "Stopping"


class JobState(StrEnum):
    """Where a job is in its life."""

    ACTIVE = "Active"
    DISABLING = "Disabling"
    DISABLED = "Disabled"
    ENABLING = "Enabling"
    TERMINATING = "Terminating"
    COMPLETED = "Completed"
    DELETING = "Deleting"


class JobScheduleState(StrEnum):
    """Where a job schedule is in its life."""

    ACTIVE = "Active"
    DISABLED = "Disabled"
    TERMINATING = "Terminating"
    COMPLETED = "Completed"
    DELETING = "Deleting"


class TerminateReason(StrEnum):
    """Why a job ended, where the user gave no reason of his own."""

    ALL_TASKS_COMPLETE = "AllTasksComplete"
    JM_COMPLETE = "JMComplete"
    MAX_WALL_CLOCK_TIME_EXPIRY = "MaxWallClockTimeExpiry"
    TASK_FAILED = "TaskFailed"
    TERMINATE_JOB_SCHEDULE = "TerminateJobSchedule"
    USER_TERMINATE = "UserTerminate"


class FailureCategory(StrEnum):
    """Who can mend a failure."""

    USER_ERROR = "UserError"
    SERVER_ERROR = "ServerError"


class FailureCode(StrEnum):
    """Why a task failed."""

    FAILURE_EXIT_CODE = "FailureExitCode"
    TASK_ENDED = "TaskEnded"
    COMMAND_PROGRAM_NOT_FOUND = "CommandProgramNotFound"
    COMMAND_LAUNCH_FAILED = "CommandLaunchFailed"
    APPLICATION_PACKAGE_ERROR = "ApplicationPackageError"
    CONTAINER_INVALID_IMAGE = "ContainerInvalidImage"
    CONTAINER_INVALID_REGISTRY = "ContainerInvalidRegistry"
    CONTAINER_INVALID_SETTINGS = "ContainerInvalidSettings"
    CONTAINER_MISC_ERROR = "ContainerMiscError"
    MOUNT_CONFIGURATION_ERROR = "MountConfigurationError"
    BLOB_NOT_FOUND = "BlobNotFound"
    BLOB_ACCESS_DENIED = "BlobAccessDenied"
    BLOB_DOWNLOAD_TIMED_OUT = "BlobDownloadTimedOut"
    BLOB_DOWNLOAD_MISC_ERROR = "BlobDownloadMiscError"
    RESOURCE_CONTAINER_NOT_FOUND = "ResourceContainerNotFound"
    RESOURCE_CONTAINER_ACCESS_DENIED = "ResourceContainerAccessDenied"
    RESOURCE_CONTAINER_LIST_TIMED_OUT = "ResourceContainerListTimedOut"
    RESOURCE_CONTAINER_LIST_MISC_ERROR = "ResourceContainerListMiscError"
    RESOURCE_DIRECTORY_CREATE_FAILED = "ResourceDirectoryCreateFailed"
    RESOURCE_FILE_CREATE_FAILED = "ResourceFileCreateFailed"
    RESOURCE_FILE_WRITE_FAILED = "ResourceFileWriteFailed"
    DISK_FULL = "DiskFull"
    MAX_INTERNAL_RETRY_COUNT_REACHED = "MaxInternalRetryCountReached"
    FILE_UPLOAD_CONTAINER_NOT_FOUND = "FileUploadContainerNotFound"
    FILE_UPLOAD_ACCESS_DENIED = "FileUploadAccessDenied"
    FILE_UPLOAD_CONFLICT = "FileUploadConflict"
    FILE_UPLOAD_TIMED_OUT = "FileUploadTimedOut"
    FILE_UPLOAD_MISC_ERROR = "FileUploadMiscError"


class NodeErrorCode(StrEnum):
    """Why a compute node is unusable."""

    APPLICATION_PACKAGE_ERROR = "ApplicationPackageError"
    BATCH_AGENT_INSTALLATION_FAILURE = "BatchAgentInstallationFailure"
    CONTAINER_INVALID_IMAGE = "ContainerInvalidImage"
    CONTAINER_INVALID_REGISTRY = "ContainerInvalidRegistry"
    CONTAINER_MISC_ERROR = "ContainerMiscError"
    DISK_FULL = "DiskFull"
    MOUNT_CONFIGURATION_ERROR = "MountConfigurationError"


class ResizeErrorCode(StrEnum):
    """Why a pool did not get the nodes it wants."""

    ALLOCATION_TIMED_OUT = "AllocationTimedOut"
    ALLOCATION_FAILED = "AllocationFailed"
    ACCOUNT_CORE_QUOTA_REACHED = "AccountCoreQuotaReached"
    ACCOUNT_LOW_PRIORITY_CORE_QUOTA_REACHED = "AccountLowPriorityCoreQuotaReached"
    REMOVE_NODES_FAILED = "RemoveNodesFailed"
    RESIZE_STOPPED = "ResizeStopped"
    DEPENDENT_RESOURCE_NOT_FOUND = "DependentResourceNotFound"


class JobSchedulingErrorCode(StrEnum):
    """Why a job could not be scheduled at all, and has ended."""

    AUTO_POOL_CREATION_FAILED_WITH_QUOTA_REACHED = "AutoPoolCreationFailedWithQuotaReached"
    INVALID_AUTO_POOL_SETTINGS = "InvalidAutoPoolSettings"
    INVALID_AUTO_SCALE_FORMULA_IN_AUTO_POOL = "InvalidAutoScaleFormulaInAutoPool"


class ConditionType(StrEnum):
    """The conditions Millpond writes."""

    READY = "Ready"
    RESIZING = "Resizing"
    SCHEDULED = "Scheduled"
    COMPLETE = "Complete"
    SUCCEEDED = "Succeeded"
    DISABLED = "Disabled"
    AUTOSCALE_SUCCEEDED = "AutoscaleSucceeded"


class PoolReason(StrEnum):
    """Reasons of a Pool's conditions Ready and Resizing."""

    NODES_READY = "NodesReady"
    NODES_STARTING = "NodesStarting"
    START_TASK_FAILED = "StartTaskFailed"
    NODES_DISABLED = "NodesDisabled"
    NODES_PREEMPTED = "NodesPreempted"
    NODES_UNUSABLE = "NodesUnusable"
    AWAITING_HOSTS = "AwaitingHosts"
    RESIZE_FAILED = "ResizeFailed"
    GROWING = "Growing"
    SHRINKING = "Shrinking"
    STOPPING = "Stopping"
    RESIZE_STOPPED = "ResizeStopped"
    STEADY = "Steady"
    DELETING = "Deleting"
    INVALID_DOCUMENT = "InvalidDocument"


class AutoScaleReason(StrEnum):
    """Reasons of a Pool's condition AutoscaleSucceeded, beside the codes of the language, and of events of it."""

    EVALUATED = "Evaluated"
    RESIZED_BY_FORMULA = "ResizedByFormula"
    SAMPLES_NOT_KEPT = "SamplesNotKept"


class NodeReason(StrEnum):
    """Reasons of a ComputeNode's condition Ready."""

    IDLE = "Idle"
    RUNNING = "Running"
    STARTING = "Starting"
    HOST_CLAIMED = "HostClaimed"
    NODE_POD_MISSING = "NodePodMissing"
    WAITING_FOR_HOST = "WaitingForHost"
    HOST_SILENT = "HostSilent"
    NODE_POD_ENDED = "NodePodEnded"
    NODE_POD_BROKEN = "NodePodBroken"
    NOT_MOUNTED = "NotMounted"
    POD_NOT_STARTING = "PodNotStarting"
    START_TASK_RUNNING = "StartTaskRunning"
    START_TASK_FAILED = "StartTaskFailed"
    START_TASK_IMAGE = "StartTaskImage"
    APPLICATION_PACKAGES = "ApplicationPackages"
    SCHEDULING_DISABLED = "SchedulingDisabled"
    UPGRADING_OS = "UpgradingOS"
    REBOOTING = "Rebooting"
    REIMAGING = "Reimaging"
    DISK_FULL = "DiskFull"
    PREEMPTED = "Preempted"
    LEAVING_POOL = "LeavingPool"


class JobReason(StrEnum):
    """Reasons of a Job's conditions."""

    RUNNING = "Running"
    DISABLING = "Disabling"
    DISABLED = "Disabled"
    DISABLED_BY_USER = "DisabledByUser"
    ENABLED = "Enabled"
    TERMINATING = "Terminating"
    COMPLETED = "Completed"
    DELETING = "Deleting"
    ALL_TASKS_SUCCEEDED = "AllTasksSucceeded"
    TASKS_FAILED = "TasksFailed"
    TASK_FAILED = "TaskFailed"
    TASKS_UNFINISHED = "TasksUnfinished"
    POOL_NOT_FOUND = "PoolNotFound"
    POOL_READY = "PoolReady"
    AUTO_POOL_STARTING = "AutoPoolStarting"
    AUTO_POOL_CREATION_FAILED = "AutoPoolCreationFailed"
    JOB_MANAGER_NOT_CREATED = "JobManagerNotCreated"
    JOB_PREPARATION_TASK_FAILED = "JobPreparationTaskFailed"
    INVALID_DOCUMENT = "InvalidDocument"


class TaskReason(StrEnum):
    """Reasons of a Task's conditions: why it waits, and how it ended."""

    SCHEDULED = "Scheduled"
    JOB_NOT_FOUND = "JobNotFound"
    JOB_DISABLED = "JobDisabled"
    JOB_BEING_TERMINATED = "JobBeingTerminated"
    JOB_COMPLETED = "JobCompleted"
    JOB_BEING_DELETED = "JobBeingDeleted"
    POOL_NOT_FOUND = "PoolNotFound"
    POOL_DELETING = "PoolDeleting"
    NO_NODES = "NoNodes"
    NODES_NOT_READY = "NodesNotReady"
    START_TASK_FAILED = "StartTaskFailed"
    WAITING_FOR_SLOTS = "WaitingForSlots"
    WAITING_FOR_RESOURCES = "WaitingForResources"
    TOO_MANY_SLOTS = "TooManySlots"
    POOL_FORMS_NO_GROUPS = "PoolFormsNoGroups"
    TOO_MANY_INSTANCES = "TooManyInstances"
    TOO_MANY_RESOURCES = "TooManyResources"
    MAX_PARALLEL_TASKS_REACHED = "MaxParallelTasksReached"
    WAITING_FOR_DEPENDENCIES = "WaitingForDependencies"
    DEPENDENCY_CYCLE = "DependencyCycle"
    TASK_DEPENDENCIES_NOT_SPECIFIED_ON_JOB = "TaskDependenciesNotSpecifiedOnJob"
    INVALID_PROPERTY_VALUE = "InvalidPropertyValue"
    TASK_EXISTS = "TaskExists"
    TASK_ID_SAME_AS_JOB_PREPARATION_TASK = "TaskIdSameAsJobPreparationTask"
    TASK_ID_SAME_AS_JOB_RELEASE_TASK = "TaskIdSameAsJobReleaseTask"
    FORMER_POD_ENDING = "FormerPodEnding"
    TASK_EXPIRED = "TaskExpired"
    INVALID_COMMAND_LINE = "InvalidCommandLine"
    INVALID_FILE_PATTERN = "InvalidFilePattern"
    INVALID_DOCUMENT = "InvalidDocument"
    USER_ACCOUNT_NOT_FOUND = "UserAccountNotFound"
    USER_ACCOUNT_INVALID = "UserAccountInvalid"
    USER_NOT_ALLOWED = "UserNotAllowed"
    POD_FORBIDDEN = "PodForbidden"
    POD_INVALID = "PodInvalid"
    NO_TOKENS = "NoTokens"
    WAITING = "Waiting"
    POD_NOT_STARTING = "PodNotStarting"
    RUNNING = "Running"
    RETRYING = "Retrying"
    REQUEUED = "Requeued"
    TASK_SUCCEEDED = "TaskSucceeded"
    TASK_FAILED = "TaskFailed"
    TASK_TERMINATED = "TaskTerminated"
    REACTIVATED = "Reactivated"
    TASK_NOT_COMPLETED = "TaskNotCompleted"


class JobScheduleReason(StrEnum):
    """Reasons of a JobSchedule's condition Ready."""

    SCHEDULED = "Scheduled"
    JOB_ACTIVE = "JobActive"
    WINDOW_MISSED = "StartWindowMissed"
    DISABLED = "Disabled"
    COMPLETED = "Completed"
    TERMINATING = "Terminating"
    TERMINATED = "Terminated"
    DELETING = "Deleting"
    INVALID_SCHEDULE = "InvalidSchedule"
    JOB_CREATION_FAILED = "JobCreationFailed"
    INVALID_DOCUMENT = "InvalidDocument"
