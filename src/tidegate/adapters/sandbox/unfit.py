"""Why no script can run here."""


class SandboxUnfit(Exception):
    """This machine, or how it is set up, lets no script run safely; the message says what to do."""
