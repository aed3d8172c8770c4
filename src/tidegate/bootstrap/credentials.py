"""Which keys open the upstreams, and where each comes from, by the configuration."""

import os
from collections.abc import Mapping

from tidegate.adapters.credentials.command import CommandKey
from tidegate.adapters.credentials.file import FileKey
from tidegate.adapters.credentials.fixed import GivenKey, VariableKey
from tidegate.config import Settings
from tidegate.config.credential import Credential
from tidegate.config.credentials import all_credentials
from tidegate.config.settings import Upstream
from tidegate.domain.errors import InvalidInput
from tidegate.ports import CredentialSource
from tidegate.serving.upstreams import DEFAULT

NO_KEY = "unset"
"""Sent where no key is configured: a header that is there and says what is wrong."""


def keys_of(settings: Settings) -> dict[str, Credential]:
    """Every credential by its name; an upstream that is not the provider's own may do without a key.

    What runs on this machine (an emulator, a local model server) mostly asks for none: it is sent NO_KEY. The
    provider's own may lack one for the gateway where tenants have theirs. Raises InvalidInput otherwise.
    """
    found = all_credentials(settings)
    opened = {credential.upstream for credential in found.values() if not credential.tenant}
    owned = {credential.upstream for credential in found.values() if credential.tenant}
    for name, upstream in {DEFAULT: settings.upstream, **settings.upstreams}.items():
        if name in opened or (name in owned and upstream.url == Upstream().url):
            continue
        section = "upstream" if name == DEFAULT else f"upstreams.{name}"
        if upstream.url == Upstream().url:
            raise InvalidInput(
                f"no key for the upstream {upstream.url}: set TIDEGATE_UPSTREAM_KEY, or {section}.key_file, "
                f"or a [credentials.NAME] for the upstream `{name}` in tidegate.toml (clients' keys are "
                "Tidegate's own and are never forwarded), or use --emulator"
            )
        found[section] = Credential(upstream=name, value=NO_KEY)
    return found


def source_of(credential: Credential, all_of_them: Mapping[str, Credential]) -> CredentialSource:
    """Where its key comes from; a command does not get the variables of other credentials."""
    if credential.file:
        return FileKey(credential.file)
    if credential.env:
        return VariableKey(credential.env, os.environ)
    if credential.command:
        hidden = {each.env for each in all_of_them.values()}
        shown = {name: value for name, value in os.environ.items() if name not in hidden}
        return CommandKey(credential.command, shown, timeout=credential.timeout, refresh=credential.refresh)
    return GivenKey(credential.value)


def place_of(name: str, credential: Credential) -> str:
    """Where it is configured, for a person."""
    if credential.value == NO_KEY:
        return f"no key is configured in [{name}]"
    if name == "upstream" or name.startswith("upstreams."):
        return f"{name}.{'key_file' if credential.file else 'key'}"
    return f"[credentials.{name}]"
