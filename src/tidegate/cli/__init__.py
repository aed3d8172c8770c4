"""The command line: `tidegate NOUN VERB`."""

from tidegate.cli.main import main

__all__ = ["main"]
