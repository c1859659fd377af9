"""TLS from texts: whom a client trusts and how it proves itself, without a file where the machine allows it."""

from __future__ import annotations

import os
import ssl
import tempfile

from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.errors import ProviderError
from mlinfra.providers.kubernetes.codes import Code


def context_of(endpoint: ClusterEndpoint) -> ssl.SSLContext:
    """Trusts the endpoint's authority alone, where it names one. Raises `ProviderError` for what is no certificate."""
    try:
        context = ssl.create_default_context(cadata=endpoint.authority or None)
        if endpoint.certificate:
            _load(context, f"{endpoint.certificate.rstrip()}\n{endpoint.key.rstrip()}\n")
    except (ssl.SSLError, ValueError) as error:
        what = "the client's certificate and key" if endpoint.certificate else "the authority"
        text = f"{endpoint.server}: {what} cannot be used: {error}"
        raise ProviderError(text, code=Code.UNREACHABLE, hint="they must be PEM texts") from error
    # Servers of private clusters often bear certificates that say less than newer rules ask for (no key usage).
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    return context


def _load(context: ssl.SSLContext, pair: str) -> None:
    """Load a certificate and its key: Python reads them from files alone, so that one in memory is made."""
    if hasattr(os, "memfd_create"):
        held = os.memfd_create("client", os.MFD_CLOEXEC)
        try:
            os.write(held, pair.encode())
            context.load_cert_chain(f"/proc/self/fd/{held}")
        finally:
            os.close(held)
        return
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # 0600, and gone at once
        file.write(pair)
        file.flush()
        context.load_cert_chain(file.name)
