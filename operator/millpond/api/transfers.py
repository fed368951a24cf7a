"""Names on which Pods and the agent in them agree when files are transferred."""

DEFAULT_STORE = "millpond-store"
"""The Secret of a namespace's default store: `url`, and the keys that open it."""
FILE_VARIABLE = "MILLPOND_RESOURCE_FILE_"
"""With a number behind it: a variable that holds a resource file as JSON. All in one could be too long."""
