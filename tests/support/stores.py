"""Object stores for tests: Azurite, moto's S3 and the faulty server, as `hack/stores` starts them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from millpond.storage.address import Container, parse_container
from millpond.storage.credentials import Credentials
from millpond.storage.store import Patience, open_store
from obstore.store import ObjectStore

from support.apiserver import ROOT

sys.path.insert(0, str(ROOT / "hack"))

from objectstores import containers

PROGRAM = str(ROOT / "hack" / "stores")
HASTY = Patience(connect=2, silence=0.4, retries=2, first_pause=0.02, longest_pause=0.05, in_all=20)
"""For tests of what goes wrong: the server's faults count attempts, and hang for good."""


@dataclass(frozen=True)
class ObjectStores:
    """Where they listen, and what opens them."""

    azure: str
    account_key: str
    s3: str
    faults: str

    @property
    def azure_secret(self) -> dict[str, str]:
        """Keys and values of a Secret for Azurite, and for the faulty server as Azure."""
        return {"accountKey": self.account_key}

    @property
    def s3_secret(self) -> dict[str, str]:
        """Keys and values of a Secret for the S3 server."""
        return {"accessKeyId": "millpond", "secretAccessKey": "millpond-secret", "endpoint": self.s3}

    @property
    def faulty_s3_secret(self) -> dict[str, str]:
        """Keys and values of a Secret for the faulty server as S3."""
        return self.s3_secret | {"endpoint": f"{self.faults}/s3"}

    def azure_container(self, name: str) -> str:
        """The URL of a container of Azurite, made where it is not there."""
        containers.make_container(self.azure, name)
        return f"{self.azure}/{name}"

    def with_signature(self, name: str, permissions: str = "rl") -> str:
        """The same, with a shared access signature."""
        return f"{self.azure_container(name)}?{containers.shared_access(name, permissions)}"

    def bucket(self, name: str) -> str:
        """The URL of a bucket of the S3 server, made where it is not there."""
        containers.make_bucket(self.s3, name)
        return f"s3://{name}"

    def faulty(self, fault: str) -> str:
        """The URL of a container of the faulty server as Azure; `hack/objectstores/faultserver.py` lists the faults."""
        return f"{self.faults}/account/{fault}"

    def open(self, url: str) -> ObjectStore:
        """The store, with the credentials that open it."""
        container: Container = parse_container(url)
        secret = self.s3_secret if url.startswith("s3:") else self.azure_secret
        fields = {"accountKey": "account_key", "accessKeyId": "access_key_id", "secretAccessKey": "secret_access_key"}
        return open_store(container, Credentials(**{fields.get(key, key): value for key, value in secret.items()}))


@contextmanager
def object_stores(address: str = "127.0.0.1", name: str = "") -> Iterator[ObjectStores]:
    """Stores of a set of their own, gone at the end."""
    own = ["--name", name or f"t{os.getpid()}"]
    try:
        done = subprocess.run(
            [PROGRAM, "up", "--address", address, *own], check=True, stdout=subprocess.PIPE, text=True
        )
        said = json.loads(done.stdout)
        yield ObjectStores(
            said["azure"]["url"], said["azure"]["accountKey"], said["s3"]["endpoint"], said["faults"]["url"]
        )
    finally:
        subprocess.run([PROGRAM, "down", *own], check=True, capture_output=True)
