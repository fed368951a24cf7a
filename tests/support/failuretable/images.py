"""Images that do not come, in the words of kubelet 1.36 and containerd 1.6 to 2.1."""

from __future__ import annotations

from millpond.api.reasons import FailureCode as Code

from support.builders import waiting
from support.failuretable.case import IMAGE_LIMIT, Case
from support.failuretable.starts import never, not_yet

REF = "registry.example/studio/render:9"
UNPACK = f'failed to pull and unpack image "{REF}": '
RESOLVE = f'{UNPACK}failed to resolve reference "{REF}": '
NOT_FOUND = f"rpc error: code = NotFound desc = {RESOLVE}{REF}: not found"
UNKNOWN = "rpc error: code = Unknown desc = "
HEAD = 'Head "https://registry.example/v2/studio/render/manifests/9": '
INVALID_IMAGE, INVALID_REGISTRY = Code.CONTAINER_INVALID_IMAGE, Code.CONTAINER_INVALID_REGISTRY


def late(name: str, code: Code, message: str, *says: str, reason: str = "ErrImagePull") -> Case:
    """A pull that failed until the time for images was over."""
    return never(name, code, reason, message, *says, waited=IMAGE_LIMIT)


IMAGES = (
    never("malformed image name", INVALID_IMAGE, "InvalidImageName", 'Failed to apply default image tag "NOT/an:image": couldn\'t parse image name "NOT/an:image": invalid reference format: repository name (NOT/an) must be lowercase', "InvalidImageName", "Correct the image name"),
    never("never pulled and not there", INVALID_IMAGE, "ErrImageNeverPull", f'Container image "{REF}" is not present with pull policy of Never', "pull policy of Never"),
    not_yet("missing image, for a while", waiting("ErrImagePull", NOT_FOUND), IMAGE_LIMIT - 1),
    not_yet("missing image, backing off", waiting("ImagePullBackOff", f'Back-off pulling image "{REF}": ErrImagePull: {NOT_FOUND}'), IMAGE_LIMIT - 1),
    late("missing image", INVALID_IMAGE, NOT_FOUND, "not found", "Correct the image name"),
    late("missing image, caught backing off", INVALID_IMAGE, f'Back-off pulling image "{REF}": ErrImagePull: {NOT_FOUND}', "not found", reason="ImagePullBackOff"),
    late("backing off without a word why", INVALID_IMAGE, f'Back-off pulling image "{REF}"', "Correct the image name", reason="ImagePullBackOff"),
    late("missing tag", INVALID_IMAGE, f"{UNKNOWN}{UNPACK}failed to copy: httpReadSeeker: failed open: content at https://registry.example/v2/studio/render/manifests/9 not found: manifest unknown", "manifest unknown"),
    late("missing or private repository", INVALID_IMAGE, f"{UNKNOWN}{RESOLVE}pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed", "imagePullSecrets"),
    late("image for other platforms", INVALID_IMAGE, f"rpc error: code = NotFound desc = {UNPACK}no match for platform in manifest: not found", "no match for platform", "platform"),
    late("bad registry credentials", INVALID_REGISTRY, f"{UNKNOWN}{RESOLVE}failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://auth.example/token: 401 Unauthorized", "401 Unauthorized", "credentials"),
    late("bad credentials of an older containerd", INVALID_REGISTRY, f"{UNKNOWN}{RESOLVE}failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized", "credentials"),
    late("registry that wants a password", INVALID_REGISTRY, f"{UNKNOWN}{RESOLVE}pulling from host registry.example failed with status code [manifests 9]: 401 Unauthorized", "credentials"),
    late("registry that forbids", INVALID_REGISTRY, f"{UNKNOWN}{RESOLVE}unexpected status from HEAD request to https://registry.example/v2/studio/render/manifests/9: 403 Forbidden", "403 Forbidden", "rights"),
    late("registry without an address", INVALID_REGISTRY, f"{UNKNOWN}{RESOLVE}failed to do request: {HEAD}dial tcp: lookup registry.example on 10.96.0.10:53: no such host", "no such host", "registry"),
    late("registry down", INVALID_REGISTRY, f"{UNKNOWN}{RESOLVE}failed to do request: {HEAD}dial tcp 192.0.2.7:443: connect: connection refused", "connection refused", "reach it"),
    late("registry silent", INVALID_REGISTRY, f"{UNKNOWN}{RESOLVE}failed to do request: {HEAD}dial tcp 192.0.2.7:443: i/o timeout", "i/o timeout"),
    late("registry ill", INVALID_REGISTRY, f"{UNKNOWN}{RESOLVE}unexpected status from HEAD request to https://registry.example/v2/studio/render/manifests/9: 503 Service Unavailable", "503"),
    late("registry ill, an older containerd's word", INVALID_REGISTRY, f"{UNPACK}failed to resolve reference \"{REF}\": pulling from host registry.example failed with status code [manifests 9]: 503 Service Unavailable", "503", "reach it"),
    late("registry that nobody vouches for", INVALID_REGISTRY, f"{UNKNOWN}{RESOLVE}failed to do request: {HEAD}tls: failed to verify certificate: x509: certificate signed by unknown authority", "x509"),
    late("registry that has had enough", INVALID_REGISTRY, f"{UNKNOWN}{UNPACK}failed to copy: httpReadSeeker: failed open: unexpected status code https://registry.example/v2/studio/render/manifests/9: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit", "429"),
    late("registry unavailable by the runtime's own word", INVALID_REGISTRY, "the registry is unavailable", reason="RegistryUnavailable"),
    late("pull cut off", INVALID_REGISTRY, f"{UNKNOWN}{UNPACK}failed to copy: httpReadSeeker: failed open: unexpected EOF", "unexpected EOF"),
    late("image too large for the disk", Code.DISK_FULL, f"{UNKNOWN}{UNPACK}failed to extract layer sha256:0a1b: write /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/7/fs/model.bin: no space left on device: unknown", "no space left", "smaller image"),
    late("image with a bad signature", INVALID_IMAGE, "image signature validation failed", reason="SignatureValidationFailed"),
    late("image that cannot be looked at", INVALID_IMAGE, "failed to inspect image", reason="ImageInspectError"),
    late("bad image config", INVALID_IMAGE, f"{UNKNOWN}{UNPACK}failed to unmarshal image config: unexpected end of JSON input", "image config"),
)  # fmt: skip
