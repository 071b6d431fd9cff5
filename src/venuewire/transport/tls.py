"""TLS as a local venue speaks it."""

import ssl
from pathlib import Path

from venuewire.core.errors import ConfigurationError


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Of two PEM files. Raises `ConfigurationError`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # Whatever the system's default is.
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ValueError) as error:  # SSLError is an OSError.
        reason = error.strerror if isinstance(error, OSError) else None
        raise ConfigurationError(f"{certificate}, {key}: {reason or error}") from None
    return context
