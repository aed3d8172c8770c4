"""`tidegate skill match`: explain which skills a text chooses, or judge the choosing by labelled prompts."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tidegate.cli.call import call
from tidegate.cli.options import AsJson
from tidegate.cli.output import emit_json, emit_table, run, say
from tidegate.cli.skill_evaluate import catalogue_of, judge
from tidegate.domain.explanation import Candidate, Explanation, explain

Texts = Annotated[
    list[str] | None,
    typer.Argument(metavar="TEXT", help="What the user wrote; of a conversation, each text, oldest first."),
]
Skills = Annotated[str, typer.Option("--skills", help="Choose among these skills only: a,b.")]
Named = Annotated[str, typer.Option("--named", help="Skills asked for by name, as in the header: a,b.")]
Rollout = Annotated[
    str | None, typer.Option("--rollout", help="Choose as this rollout does. Default: all published skills.")
]
Baseline = Annotated[
    bool, typer.Option("--baseline", help="With --rollout: its baseline, not its candidate.")
]
Threshold = Annotated[
    float | None, typer.Option("--threshold", min=0.1, max=100.0, help="Try another threshold for words.")
]
Evaluate = Annotated[
    list[Path] | None,
    typer.Option(
        "--evaluate", metavar="FILE", help="Judge by labelled prompts (JSON lines); may be repeated."
    ),
]
Descriptions = Annotated[
    Path | None,
    typer.Option("--descriptions", metavar="FILE", help="Take the skills from this JSON file, not the home."),
]


NO_SKILL = "there is no skill yet; publish the first with `tidegate skill publish FOLDER --reason …`"


class _Question(msgspec.Struct, kw_only=True):
    """The body of `POST /api/selection`."""

    texts: list[str]
    named: list[str]
    skills: list[str]
    rollout: str | None
    arm: str
    threshold: float | None


class _Skills(msgspec.Struct):
    skills: list[object]


class _Answer(msgspec.Struct):
    explanation: Explanation
    switched_off: list[str] = []


def match(
    texts: Texts = None,
    *,
    skills: Skills = "",
    named: Named = "",
    rollout: Rollout = None,
    baseline: Baseline = False,
    threshold: Threshold = None,
    evaluate: Evaluate = None,
    descriptions: Descriptions = None,
    as_json: AsJson = False,
) -> None:
    """Explain which skills a text chooses, and why; with --evaluate, how well labelled prompts are served."""
    if bool(texts) == bool(evaluate):
        raise typer.BadParameter("give either the TEXT to explain, or --evaluate FILE")
    if rollout and (descriptions or evaluate):
        raise typer.BadParameter("--rollout goes with neither --descriptions nor --evaluate")
    if baseline and not rollout:
        raise typer.BadParameter("--baseline is that of a --rollout; name it")
    if evaluate:
        run(judge(evaluate, descriptions, _names(skills), threshold, as_json=as_json))
        return
    arm = "baseline" if baseline else "candidate"
    question = _Question(
        texts=texts or [],
        named=_names(named),
        skills=_names(skills),
        rollout=rollout,
        arm=arm,
        threshold=threshold,
    )
    found, known = run(_explained(question, descriptions))
    if as_json:
        emit_json(found)
    elif not known:
        say(NO_SKILL)
    else:
        _tell(found)


async def _explained(question: _Question, descriptions: Path | None) -> tuple[_Answer, bool]:
    """The explanation, and whether there is any skill to choose from."""
    if descriptions is None:
        found = msgspec.convert(await call("POST", "/api/selection", json=question), _Answer)
        some = found.explanation.candidates or found.explanation.chosen
        return found, bool(some) or await _any_skill()
    known = await catalogue_of(descriptions, question.skills, question.threshold)
    found = _Answer(
        explain(known.selectable, question.named, question.texts, known.patterns.matching, known.index)
    )
    return found, bool(known.selectable)


async def _any_skill() -> bool:
    return bool(msgspec.convert(await call("GET", "/api/skills"), _Skills).skills)


def _names(listed: str) -> list[str]:
    return [name for each in listed.split(",") if (name := each.strip())]


def _tell(found: _Answer) -> None:
    """The choice, then what came near, text by text."""
    explanation = found.explanation
    rows = [
        (
            use.name,
            str(use.version),
            use.reason,
            f"{use.score:g}",
            "off" if use.name in found.switched_off else "",
        )
        for use in explanation.chosen
    ]
    emit_table(
        "chosen, in serving order",
        ("skill", "version", "reason", "score", "switch"),
        rows,
        empty="no skill is chosen",
    )
    threshold = explanation.threshold
    words = "words choose nothing here" if threshold is None else f"words choose from {threshold:g} on"
    shown = [
        each for each in explanation.candidates if each.chosen or each.patterns or _is_near(each, threshold)
    ]
    emit_table(
        f"what came near ({words}; --json has all)",
        ("text", "skill", "patterns", "words", "outcome", "because of"),
        [_row(each) for each in shown],
        empty=f"none came near ({words}); none has a matching pattern, or enough words in common with it",
    )


def _is_near(each: Candidate, threshold: float | None) -> bool:
    """Half of the threshold is near; what was asked for by name always is."""
    return each.text is None or (threshold is not None and each.score >= threshold / 2)


def _row(each: Candidate) -> tuple[str, ...]:
    words = [f"{part.word} {part.score:g} ({part.field})" for part in each.terms[:6]]
    more = len(each.terms) - len(words)
    because = [
        *(f"/{pattern}/" for pattern in each.patterns),
        *words,
        *([f"{more} more"] if more > 0 else []),
    ]
    return (
        "by name" if each.text is None else str(each.text),
        each.name,
        str(len(each.patterns)),
        f"{each.score:g}",
        each.outcome,
        ", ".join(because),
    )
