"""The configuration: frozen settings, each of which knows where its value came from; unknown keys fail."""

from tidegate.config.home_secret import unit_secret
from tidegate.config.load import Configuration, default_home, load
from tidegate.config.settings import Settings

__all__ = ["Configuration", "Settings", "default_home", "load", "unit_secret"]
