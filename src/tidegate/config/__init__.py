"""The configuration: frozen settings, each of which knows where its value came from; unknown keys fail."""

from tidegate.config.credentials import NO_KEY, unit_secret, upstream_key
from tidegate.config.load import Configuration, default_home, load
from tidegate.config.settings import Settings

__all__ = ["NO_KEY", "Configuration", "Settings", "default_home", "load", "unit_secret", "upstream_key"]
