"""A Kubernetes cluster without a container engine: pinned binaries, network namespaces, containerd and kubelets.

Standard library only, so that it runs before the project's Python environment exists.
"""
