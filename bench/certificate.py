"""A certificate for this machine, made anew for each run, and whom to trust for it."""

import atexit
import shutil
import ssl
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificate:
    chain: str
    key: str
    trust: ssl.SSLContext
    """A client's."""

    @property
    def options(self) -> tuple[str, ...]:
        """Of `venuewire serve`."""
        return ("--tls-cert", self.chain, "--tls-key", self.key)

    @property
    def arguments(self) -> tuple[str, ...]:
        """Of the servers in `bench.servers`."""
        return (self.chain, self.key)


@cache
def certificate() -> Certificate:
    folder = Path(tempfile.mkdtemp(prefix="venuewire-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    chain, key = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return Certificate(str(chain), str(key), trust)
