"""TLS towards the upstream: authorities, own certificate, nothing older than TLS 1.2."""

import ssl

from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.domain.errors import InvalidInput


def client_context(settings: UpstreamSettings) -> ssl.SSLContext:
    """The context for every connection to the upstream, with host name check; reads files once.

    Raises InvalidInput where a file is missing or does not hold what it should.
    """
    if settings.client_key and not settings.client_cert:
        raise InvalidInput("client_key is set without client_cert: set both, or neither")
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except OSError as wrong:
        raise InvalidInput(f"ca_file {settings.ca_file}: not a readable PEM bundle ({wrong})") from wrong
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if settings.client_cert:
        _load_own(context, settings.client_cert, settings.client_key)
    return context


def _load_own(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    try:
        # An empty password, where one is asked for, fails at once instead of prompting on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except OSError as wrong:
        raise InvalidInput(
            f"client_cert {certificate}, client_key {key}: not a PEM pair without passphrase ({wrong})"
        ) from wrong
