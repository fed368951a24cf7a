"""The command line of `hack/images`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from nativecluster import packages
from nativecluster.progress import ClusterError

from .images import IMAGES


def main(argv: Sequence[str] | None = None) -> int:
    """Build the named images, or all; 0 if all is well, 1 if not."""
    parser = argparse.ArgumentParser(prog="hack/images", description="Build container images without an engine.")
    parser.add_argument("images", nargs="*", metavar="IMAGE", help=f"of: {', '.join(IMAGES)} (default: all)")
    wanted = parser.parse_args(argv).images or list(IMAGES)
    if unknown := sorted(set(wanted) - set(IMAGES)):
        parser.error(f"unknown images: {', '.join(unknown)}; known: {', '.join(IMAGES)}")
    packages.extend_path()
    try:
        for name in wanted:
            print(IMAGES[name](), flush=True)
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
