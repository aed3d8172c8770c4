"""Reports as they are written: beside golden files, with hostile texts, and of rollouts with little to tell.

After a wanted change `TIDEGATE_GOLDEN=write pytest tests/reports` writes the golden files anew.
"""

import json
import os
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import msgspec
import pytest
from reported import NAME, NOW, Past

from tidegate.control.reporting import rollouts
from tidegate.control.reporting.weekly import weekly
from tidegate.domain.errors import InvalidInput, Overloaded
from tidegate.domain.exchange import Vote
from tidegate.domain.reporting.document import Happened, RolloutReport
from tidegate.domain.reporting.week import Report
from tidegate.reports.pages import page as page_of
from tidegate.reports.render import FORMATS, as_json, render, require_format

UTC_ZONE = ZoneInfo("UTC")
KINDS = ("daily", "stage", "final", "weekly")
GOLDEN = Path(__file__).parent / "golden"
HOSTILE = "<script>alert(1)</script> | `x` ](http://127.0.0.1/) ![a](b) *b*\n# head\n\n| a |"


def golden(name: str, content: bytes) -> bytes:
    """The golden file's bytes; where it is asked for, they are written first."""
    file = GOLDEN / name
    if os.environ.get("TIDEGATE_GOLDEN") == "write":
        file.write_bytes(content)
    return file.read_bytes()


def written(report: Report, form: str) -> bytes:
    """What `render` gives, without its process."""
    return as_json(report) if form == "json" else page_of(report, form)


@pytest.mark.parametrize(("kind", "form"), [("daily", "md"), ("final", "html"), ("weekly", "md")])
async def test_a_page_is_written_by_a_process_of_its_own(
    reports: dict[str, Report], kind: str, form: str
) -> None:
    assert await render(reports[kind], form) == written(reports[kind], form)


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("import sys; sys.exit('no such template')", "the report could not be written: no such template"),
        ("import os; os._exit(3)", "the report could not be written: 3"),
        ("import time; time.sleep(60)", "was not written within 0.2 s; ask for it as JSON"),
    ],
    ids=["fails", "dies", "hangs"],
)
async def test_a_process_that_writes_nothing_is_told_of(
    reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch, does: str, said: str
) -> None:
    if "sleep" in does:
        monkeypatch.setattr("tidegate.reports.render.SECONDS", 0.2)
    with pytest.raises(RuntimeError, match=re.escape(said)):
        await render(reports["daily"], "md", (sys.executable, "-c", does))


async def test_a_process_that_cannot_be_started_is_told_of(reports: dict[str, Report]) -> None:
    with pytest.raises(Overloaded, match="no process can be started to write the report"):
        await render(reports["daily"], "md", ("/no/such/python",))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["md", "html"])
def test_pages_are_the_golden_ones(reports: dict[str, Report], kind: str, form: str) -> None:
    made = written(reports[kind], form)
    assert made.decode() == golden(f"{kind}.{form}", made).decode()


@pytest.mark.parametrize("kind", KINDS)
def test_json_has_the_golden_shape_and_figures(reports: dict[str, Report], kind: str) -> None:
    made = written(reports[kind], "json")
    assert msgspec.json.decode(made, type=type(reports[kind])) == reports[kind]
    assert flat(json.loads(made)) == pytest.approx(flat(json.loads(golden(f"{kind}.json", made))), rel=1e-9)


def flat(value: object, path: str = "") -> dict[str, object]:
    """Every leaf by its path; numbers compare nearly, all else exactly."""
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = ((str(place), each) for place, each in enumerate(value))
    else:
        return {path: value}
    found: dict[str, object] = {path: type(value).__name__}
    for name, each in parts:
        found |= flat(each, f"{path}.{name}")
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_loads_nothing_and_runs_nothing(reports: dict[str, Report], kind: str) -> None:
    page = written(reports[kind], "html").decode()
    seen = Seen()
    seen.feed(page)
    assert seen.open == []
    assert not {"script", "iframe", "object", "embed", "img", "form", "base"} & seen.tags
    assert seen.loads == ["data:,"]
    assert "url(" not in page and "@import" not in page
    assert "default-src 'none'" in page


@pytest.mark.parametrize("kind", KINDS)
def test_charts_are_well_formed(reports: dict[str, Report], kind: str) -> None:
    charts = re.findall(r"<svg.*?</svg>", written(reports[kind], "html").decode(), re.DOTALL)
    titles = [ElementTree.fromstring(chart).get("aria-label") for chart in charts]
    if kind == "weekly":
        assert titles == ["requests", "cost"]
    else:
        names = [stage.name for stage in reports[kind].stages]
        assert titles == [f"{name}: {what}" for name in names for what in ("savings", "cost per request")]


def test_every_figure_of_the_arms_is_on_both_pages(reports: dict[str, Report]) -> None:
    stage = reports["stage"].stages[0]
    for form in ("md", "html"):
        page = written(reports["stage"], form).decode()
        for arm in (stage.arms.candidate, stage.arms.control):
            for value in (arm.requests, arm.triggered, arm.tasks, arm.up, *arm.outcomes.values()):
                assert re.search(rf"[ >]{value:,}[ <]", page), (form, value)


async def test_hostile_texts_stay_texts(past: Past) -> None:
    vote = Vote(request_id="req_000300", vote="down", at=NOW - 86_400 * 3, tenant="acme", comment=HOSTILE)
    assert await past.store.ledger.vote(vote) == "counted"
    report = await rollouts.daily(past.services, NAME, "2025-11-27", UTC_ZONE)
    event = msgspec.structs.replace(report.decisions[0], reason=HOSTILE, actor=HOSTILE)
    report = msgspec.structs.replace(report, decisions=(event,))
    page = written(report, "html").decode()
    assert "<script>" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 3
    seen = Seen()
    seen.feed(page)
    assert seen.open == []
    lines = [line for line in written(report, "md").decode().splitlines() if "alert" in line]
    assert len(lines) == 2
    for line in lines:
        assert "<script" not in line.replace("\\<", "")
        bare = re.sub(r"\\.", "", line)
        assert bare.count("|") in (5, 6), line
        assert not set("<>[]`*") & set(bare), line


async def test_a_rollout_without_prices_says_so(past: Past) -> None:
    bare = _without_prices(await rollouts.stage(past.services, NAME, "canary", UTC_ZONE))
    for form in ("md", "html"):
        page = written(bare, form).decode()
        assert "no triggered request with a known price" in page
        assert "Thirty days at this pace" not in page
        assert "<svg" not in page
        assert "None" not in re.sub(r"(?m)^(<p>)?None\.(</p>)?$", "", page)


async def test_a_quiet_day_is_a_page_too(past: Past) -> None:
    past.services.clock.at = NOW + 86_400 * 2
    report = await rollouts.daily(past.services, NAME, "2025-12-01", UTC_ZONE)
    for form in ("md", "html"):
        page = written(report, form).decode()
        assert "It was completed all the time: nothing was compared." in page
        assert "Recommendation: none" in page


async def test_switches_that_reached_no_rollout_are_on_the_weeks_pages(past: Past) -> None:
    switched = Happened(
        at="2026-01-01T00:00:00Z",
        kind="switch off",
        actor="eve",
        reason="skill <b>x</b>: wrong",
        stage="",
        weight=None,
    )
    found = await weekly(past.services, "2025-W48", UTC_ZONE)
    told = msgspec.structs.replace(found, switches=(switched,), rollouts=())
    assert "| – | switch off | eve | – | skill" in written(told, "md").decode()
    assert '<td>eve</td><td>–</td><td class="free">skill &lt;b&gt;x' in written(told, "html").decode()


async def test_headings_tell_a_stages_attempts_apart(past: Past) -> None:
    report = await rollouts.final(past.services, NAME, UTC_ZONE)
    assert "attempt 1\n" not in written(report, "md").decode()
    again = msgspec.structs.replace(report.stages[0], attempt=2)
    told = msgspec.structs.replace(report, stages=(*report.stages, again))
    for form in ("md", "html"):
        page = written(told, form).decode()
        assert [f"20 %, attempt {number}" in page for number in (1, 2, 3)] == [True, True, False]
        assert (
            ", attempt" not in page.partition("Stage full")[2].partition("Stage canary")[0].partition("\n")[0]
        )


async def test_a_quiet_week_is_a_page_too(past: Past) -> None:
    report = await weekly(past.services, "2025-W40", UTC_ZONE)
    for form in ("md", "html"):
        page = written(report, form).decode()
        for said in ("No request came in this week.", "None ran.", "None was served."):
            assert said in page
        assert "<svg" not in page


@pytest.mark.parametrize("form", ["pdf", "", "HTML", "json "])
def test_another_format_is_refused_with_those_there_are(form: str) -> None:
    with pytest.raises(InvalidInput, match="use one of json, md, html"):
        require_format(form)
    assert all(require_format(each) == each for each in FORMATS)


def _without_prices(report: RolloutReport) -> RolloutReport:
    (stage,) = report.stages
    replace = msgspec.structs.replace
    none = replace(
        stage.arms.control, cost_usd=None, cost_per_request_usd=None, cost_per_resolved_task_usd=None
    )
    saved = replace(
        stage.savings,
        so_far=replace(stage.savings.so_far, point=None, low=None, high=None),
        days=(),
        sustained=None,
        reason="no triggered request with a known price in either arm",
    )
    nothing = replace(stage.attribution, saved_usd=None, skills=(), models=(), causes=())
    bare = replace(
        stage,
        arms=replace(stage.arms, candidate=none, control=none),
        savings=saved,
        attribution=nothing,
        projection=None,
    )
    return replace(report, stages=(bare,))


class Seen(HTMLParser):
    """The tags of a page, what is left open, and whatever would be loaded."""

    VOID = frozenset({"meta", "link", "br", "line", "circle", "polyline", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.loads: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loads += [value for name, value in attrs if name in ("src", "href", "action", "data")]
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
