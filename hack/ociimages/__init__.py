"""The project's container images, made without an engine: layers as tar files, an image as an OCI archive."""
