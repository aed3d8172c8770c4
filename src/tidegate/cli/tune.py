"""`tidegate tune`: settings of a variant, proposed from the ledger and rehearsed."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import quote

import msgspec
import typer

from tidegate.cli.call import call
from tidegate.cli.fitting import Since, Until, fit_period, note_fit
from tidegate.cli.options import AsJson
from tidegate.cli.output import emit_json, run, say
from tidegate.cli.skill_evaluate import catalogues_of, labelled
from tidegate.cli.tune_view import show_advice, show_verdict
from tidegate.control.spec_text import write_spec
from tidegate.control.timestamp import epoch, rfc3339
from tidegate.control.tuning import Tunable
from tidegate.domain.errors import InvalidInput
from tidegate.domain.rollout import ACTIVE, Unit
from tidegate.domain.tuning.advice import Advice
from tidegate.domain.tuning.reuse_distances import advise_ttl
from tidegate.domain.tuning.threshold import Judged, advise_by_labels, advise_by_votes
from tidegate.domain.tuning.timeout import advise_timeout
from tidegate.rehearsal.course import Course
from tidegate.rehearsal.fitting.text import scenario_text
from tidegate.rehearsal.plan import plan_of
from tidegate.rehearsal.proposal import proposed_plan, proposed_scenario, revised_plan
from tidegate.rehearsal.repeat import Work, repeat
from tidegate.rehearsal.scenario_file import read_scenario
from tidegate.rehearsal.summary import summary

app = typer.Typer(
    no_args_is_help=True, help="Propose a variant's settings from the ledger, and rehearse them."
)

_THRESHOLDS = (0.6, 0.8, 1.0, 1.2, 1.4, 1.5, 1.6, 1.8, 2.0, 2.25, 2.5, 3.0, 3.5, 4.0, 5.0)
"""Tried on labelled prompts, beside the present one."""

Skill = Annotated[str | None, typer.Option("--skill", metavar="NAME", help="By answers with this skill.")]
Rollout = Annotated[
    str | None,
    typer.Option("--rollout", metavar="NAME", help="Whose candidate; else the newest that is completed."),
]
Labelled = Annotated[
    list[Path] | None,
    typer.Option(
        "--labelled", metavar="FILE", help="Prompts with their skills (JSON lines), for the threshold."
    ),
]
Write = Annotated[
    Path | None,
    typer.Option("--write", metavar="SPEC", help="Write the proposal as a rollout's spec, and rehearse it."),
]
Reps = Annotated[int, typer.Option(min=1, max=1_000_000, help="How often it is rehearsed.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same rehearsals.")]
Workers = Annotated[int | None, typer.Option(min=1, max=1024, help="Processes; else one for each core.")]


@app.callback()
def tune() -> None:
    """Propose a variant's settings from the ledger, and rehearse them."""


class Asked(NamedTuple):
    """What is to be looked at."""

    rollout: str | None
    skill: str | None
    since: str | None
    until: str | None
    labelled: Sequence[Path]


@app.command()
def suggest(
    *,
    skill: Skill = None,
    rollout: Rollout = None,
    since: Since = None,
    until: Until = None,
    labels: Labelled = None,
    write: Write = None,
    reps: Reps = 10,
    seed: Seed = 1,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Propose threshold, time of the result cache and timeout; with --write as a spec, which is rehearsed."""
    asked = Asked(rollout, skill, since, until, labels or ())
    found, advice = run(_advised(asked))
    if not as_json:
        _tell(found, advice)
    courses: list[Course] = []
    if write is not None:
        courses = run(_written(write, found, advice, reps=reps, seed=seed, workers=workers))
    if as_json:
        emit_json(_document(found, advice, write, courses))
    elif write is not None:
        say(f"written to {write}; rehearsed on the traffic of the same time:")
        show_verdict(courses)


def _tell(found: Tunable, advice: Sequence[Advice]) -> None:
    tuned = found.tuned
    period = f"{rfc3339(tuned.since)} to {rfc3339(tuned.until)}"
    count = f"{found.answers.requests:,} requests"
    say(f"rollout {tuned.rollout}, its candidate ({found.phase}), {period}: {count}")
    show_advice(advice)
    if tuned.without:
        names = ", ".join(tuned.without)
        say(f"the timeout is judged without answers by {names}, whose packages have a shorter one")


async def _advised(asked: Asked) -> tuple[Tunable, list[Advice]]:
    question = {
        "rollout": asked.rollout, "skill": asked.skill, "since": asked.since, "until": asked.until
    }  # fmt: skip
    found = msgspec.convert(await call("POST", "/api/tuning", json=question), Tunable, strict=False)
    candidate, answers = found.plan.candidate, found.answers
    threshold = (
        await _by_labels(found, asked.labelled)
        if asked.labelled
        else advise_by_votes(answers.bands, candidate.threshold, lexical=candidate.lexical)
    )
    ttl = candidate.cache.ttl_seconds if candidate.cache else None
    return found, [
        threshold,
        advise_ttl(answers.reuses, ttl, answers.requests, found.tuned.until),
        advise_timeout(answers.waits, candidate.timeout_seconds),
    ]


async def _by_labels(found: Tunable, files: Sequence[Path]) -> Advice:
    """By the candidate's skills in the versions that it serves."""
    candidate = found.plan.candidate
    if not candidate.lexical:
        return advise_by_votes((), candidate.threshold, lexical=False)
    thresholds = sorted({*_THRESHOLDS, candidate.threshold})
    catalogues = await catalogues_of({ref.name: ref.version for ref in candidate.skills}, thresholds)
    cases = [case for each in (await labelled(files, catalogues[0])).values() for case in each]
    judged = [
        Judged(threshold, [catalogue.choose(case.text) for case in cases])
        for threshold, catalogue in zip(thresholds, catalogues, strict=True)
    ]
    return advise_by_labels(cases, judged, candidate.threshold)


async def _written(
    path: Path, found: Tunable, advice: Sequence[Advice], *, reps: int, seed: int, workers: int | None
) -> list[Course]:
    """Write the spec, and rehearse what was written; raises InvalidInput where nothing is proposed."""
    proposals = [each for each in advice if each.proposed is not None]
    if not proposals:
        raise InvalidInput(f"nothing is proposed, so {path} was not written; the reasons are above")
    runs = found.phase in ACTIVE
    if found.tuned.standing_since is None and not runs:
        raise InvalidInput(
            f"{path} was not written: its baseline would be the candidate of {found.plan.name}, which is not "
            "what everybody has today; complete that rollout, or change its own spec by hand"
        )
    tuned, scope = found.tuned, found.plan.eligible
    fitted = await fit_period(f"{tuned.since}", f"{tuned.until}", tenants=scope.tenants, tasks=scope.tasks)
    note_fit(fitted)
    tuned_plan = (
        revised_plan(found.plan, proposals) if runs else proposed_plan(found.plan, proposals, tuned.until)
    )
    text = _header(found, proposals, path if runs else None) + write_spec(tuned_plan)
    work = Work(
        plan=plan_of(text),
        scenario=read_scenario(scenario_text(proposed_scenario(fitted, proposals))),
        seed=seed,
        revisions=await _revisions(found) if runs else (),
    )
    await asyncio.to_thread(_put, path, text)
    return await asyncio.to_thread(repeat, work, reps, workers=workers)


async def _revisions(found: Tunable) -> tuple[float, ...]:
    """Revised as late as it is now; by user or conversation it waits for the next stage."""
    if found.plan.unit is not Unit.REQUEST:
        return ()
    told = await call("GET", f"/api/rollouts/{quote(found.plan.name, safe='')}")
    since = epoch(msgspec.convert(told, _Created, strict=False).created_at, name="created_at")
    return (max(1.0, found.tuned.until - since),)


class _Created(msgspec.Struct):
    created_at: str


def _header(found: Tunable, proposals: Sequence[Advice], revises: Path | None) -> str:
    lines = [f"# Proposed by `tidegate tune suggest` from what rollout {found.tuned.rollout} has on record."]
    lines += [f"# {each.setting}: {each.effect}" for each in proposals]
    if revises is not None:
        lines.append(
            f"# Its own spec with that candidate: tidegate rollout revise {found.plan.name} {revises}"
        )
    elif found.plan.gates.savings is not None:
        lines.append("# The savings gate is left out: settings alone need not save what the plan promised.")
    return "\n".join([*lines, ""])


def _put(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}; name another file") from error


def _document(
    found: Tunable, advice: Sequence[Advice], write: Path | None, courses: Sequence[Course]
) -> dict[str, object]:
    return {
        "rollout": found.tuned.rollout,
        "phase": found.phase,
        "since": found.tuned.since,
        "until": found.tuned.until,
        "requests": found.answers.requests,
        "advice": advice,
        "written": None if write is None else str(write),
        "rehearsal": summary(courses) if courses else None,
    }
