"""What every test shares: a Valkey, and the figures that acceptance tests measured, printed at the end."""

from collections.abc import Callable, Iterator

import pytest
from valkey_server import ValkeyServer

FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Keep a measured figure for the end of the run."""
    return request.config.stash.setdefault(FIGURES, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures, so that a run shows what was measured and not only that it passed."""
    figures = config.stash.get(FIGURES, [])
    if figures:
        terminalreporter.section("figures")
        for line in figures:
            terminalreporter.write_line(line)


@pytest.fixture
def valkey_server() -> Iterator[ValkeyServer]:
    """A real server of one's own; it starts in some 20 ms."""
    server = ValkeyServer()
    server.start()
    yield server
    server.stop()
