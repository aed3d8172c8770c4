"""A report opened in a real browser without a network: nothing fails, nothing is logged, all can be seen."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright
from require import require

from tidegate.domain.reporting.week import Report
from tidegate.reports.pages import page as page_of

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        require("a browser (chromium)", "apt-get install chromium")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        await opened.close()


class Watched:
    """A page that keeps whatever went wrong on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.wrong: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))
        page.on("console", lambda message: self.wrong.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))


async def opened(browser: Browser, file: Path, scheme: str, width: int = 1280) -> Watched:
    """The file in a window that has no network."""
    context = await browser.new_context(
        offline=True, color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    watched = Watched(await context.new_page())
    await watched.page.goto(file.as_uri(), wait_until="load")
    return watched


@pytest.mark.parametrize("kind", ["daily", "stage", "final", "weekly"])
async def test_a_report_opens_without_a_network(
    browser: Browser, reports: dict[str, Report], kind: str, tmp_path: Path
) -> None:
    file = tmp_path / f"{kind}.html"
    file.write_bytes(page_of(reports[kind], "html"))
    backgrounds = []
    for scheme in ("light", "dark"):
        watched = await opened(browser, file, scheme)
        page = watched.page
        assert watched.wrong == []
        assert [url for url in watched.asked if not url.startswith(("file:", "data:"))] == []
        assert await page.title() == (
            "Week 2025-W48"
            if kind == "weekly"
            else f"contract-skills: {kind} report, {reports[kind].period.label}"
        )
        charts = await page.locator("svg").all()
        boxes = [await chart.bounding_box() for chart in charts]
        assert len(boxes) == (4 if kind == "final" else 2)
        assert all(box is not None and box["width"] > 300 and box["height"] > 80 for box in boxes)
        backgrounds.append(await _style(page, "body", "backgroundColor"))
        line, text = await _style(page, "svg .line.a", "stroke"), await _style(page, "body", "color")
        assert len({backgrounds[-1], line, text}) == 3
    assert backgrounds == ["rgb(255, 255, 255)", "rgb(15, 23, 42)"]


@pytest.mark.parametrize("kind", ["final", "weekly"])
async def test_a_narrow_window_scrolls_tables_and_not_the_page(
    browser: Browser, reports: dict[str, Report], kind: str, tmp_path: Path
) -> None:
    file = tmp_path / "narrow.html"
    file.write_bytes(page_of(reports[kind], "html"))
    watched = await opened(browser, file, "light", width=390)
    wide = await watched.page.evaluate("document.documentElement.scrollWidth")
    assert (wide, watched.wrong) == (390, [])


async def test_what_a_page_loads_is_seen_to_fail(
    browser: Browser, reports: dict[str, Report], tmp_path: Path
) -> None:
    """A picture is refused by the page's own policy, without that by the network: the others can fail."""
    page = page_of(reports["daily"], "html").decode()
    picture = page.replace("</body>", '<img src="http://127.0.0.1:9/x.png"></body>')
    for content in (picture, picture.replace("Content-Security-Policy", "x")):
        file = tmp_path / "changed.html"
        file.write_text(content)
        watched = await opened(browser, file, "light")
        assert watched.wrong != []


async def _style(page: Page, selector: str, name: str) -> str:
    script = f"node => getComputedStyle(node).{name}"
    return await page.locator(selector).first.evaluate(script)
