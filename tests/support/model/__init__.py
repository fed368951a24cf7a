"""A model API server: the parts of the Kubernetes API that Millpond relies on, in memory, in one thread.

Documents are plain JSON values that nobody changes in place: a write makes a new one that shares what is unchanged.
The same contract test runs against this model and against a real kube-apiserver; a difference is a bug in the model.
"""
