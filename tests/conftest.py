"""What every test shares: a Valkey, and the figures that acceptance tests measured, printed at the end."""

import gc
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from valkey_server import ValkeyServer

# Properties: few examples in `make test`, many in `make fuzz` (`--hypothesis-profile=long`). No example has a
# deadline: a busy machine is no defect.
settings.register_profile("short", max_examples=25, deadline=None)
settings.register_profile("long", max_examples=2000, deadline=None)
settings.load_profile("short")

FIGURE = "figure"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long`: tests that have a short and a long form take the long one, as `make soak` asks for."""
    parser.addoption("--long", action="store_true", help="run long forms, of tests that have one")


@pytest.fixture
def long_form(request: pytest.FixtureRequest) -> bool:
    """Whether the long form is asked for."""
    return bool(request.config.getoption("--long"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected and imported stays to the end: the garbage collector need not walk it, then or later.

    It is more than half a million objects in every worker, which each full collection would go through.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


LIVE = Path(__file__).parent / "live"
"""What `make test` collects for its second and third part, and leaves out of its first."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Paced tests of one lane follow each other on one worker, each lane on a worker of its own.

    Raises UsageError for a test that no part would run.
    """
    for item in items:
        paced, exclusive = item.get_closest_marker("paced"), item.get_closest_marker("exclusive")
        if (item.path.parent == LIVE) != (paced is not None or exclusive is not None):
            raise pytest.UsageError(f"{item.nodeid}: tests in {LIVE}, no others, are `paced` or `exclusive`")
        if paced is not None:
            item.add_marker(pytest.mark.xdist_group(paced.args[0]))


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Keep a measured figure for the end of the run; it goes with the test's report, from any worker."""

    def keep(line: str) -> None:
        request.node.user_properties.append((FIGURE, line))

    return keep


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures, so that a run shows what was measured and not only that it passed."""
    figures = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if report.when == "call"
        for name, value in report.user_properties
        if name == FIGURE
    ]
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
