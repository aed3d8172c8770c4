"""Example requests and keywords that a model proposes for a skill, and how they get into its SKILL.md."""

import re
from collections.abc import Sequence

import msgspec

from tidegate.domain.errors import InvalidInput
from tidegate.registry.document import SKILL_MD, take_apart
from tidegate.registry.finding import Finding
from tidegate.registry.frontmatter import Frontmatter, parse_frontmatter
from tidegate.registry.hints import EXAMPLES, KEYWORDS, MAX_EXAMPLE, MAX_EXAMPLES, MAX_WORD, MAX_WORDS
from tidegate.registry.limits import PackageLimits

ASKED_OF_EACH_LENGTH, ASKED_KEYWORDS = 30, 20
"""Twenty of each choose as well as all that fit; some are asked besides, for an author to take out."""

_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_KEYWORD = re.compile(r"\w[\w-]*")
_METADATA = re.compile(rb"^metadata:[ \t]*\r?\n", re.MULTILINE)
_OTHER_METADATA = re.compile(rb"^[\"']?metadata[\"']?[ \t]*:", re.MULTILINE)
_FENCE_END = re.compile(rb"^---[ \t]*\r?$", re.MULTILINE)


class Suggestion(msgspec.Struct, frozen=True):
    """What a model proposes."""

    examples: tuple[str, ...]
    keywords: tuple[str, ...]


def question(name: str, description: str) -> str:
    """What the model is asked."""
    return (
        "A skill is chosen for a request by example requests. Propose some for the skill below.\n"
        "Write requests as colleagues at work would write them to a chat model, who have this work and do "
        f"not know that the skill exists: first {ASKED_OF_EACH_LENGTH} terse ones of 4 to 14 words, then "
        f"{ASKED_OF_EACH_LENGTH} of 18 to 38 words from the midst of the work, with the circumstances: what "
        "they have at hand, what happened before, for whom, until when. Vary both: some tell the situation "
        "and do not name the task; with concrete products, formats, numbers and trade words; not only the "
        "description's own phrases; none that a skill for a neighbouring task would do. "
        f"Each on one line, of {MAX_EXAMPLE} characters at most.\n"
        f"Add {ASKED_KEYWORDS} single words that such people use and the description does not have.\n"
        'Answer with one JSON object and nothing else: {"examples": ["..."], "keywords": ["..."]}\n\n'
        f"name: {name}\ndescription: {description}\n"
    )


def read_suggestion(answer: str) -> Suggestion:
    """The model's answer, without what is empty, said twice or too long; raises InvalidInput."""
    found = _OBJECT.search(answer)
    try:
        given = msgspec.json.decode(found[0] if found else answer, type=Suggestion)
    except msgspec.DecodeError as error:
        raise InvalidInput(
            f"the model's answer is not the JSON asked for ({error}): {answer[:200]!r}; try again, or with "
            "another --model"
        ) from error
    lines = (" ".join(each.split()) for each in given.examples)
    examples = dict.fromkeys(each for each in lines if 0 < len(each) <= MAX_EXAMPLE)
    words = (each.strip().lower() for each in given.keywords)
    keywords = dict.fromkeys(each for each in words if _KEYWORD.fullmatch(each) and len(each) <= MAX_WORD)
    if not examples:
        raise InvalidInput("the model's answer has no example request; try again, or another --model")
    return Suggestion(tuple(examples)[:MAX_EXAMPLES], tuple(keywords)[:MAX_WORDS])


def with_suggestion(content: bytes, suggestion: Suggestion, limits: PackageLimits) -> bytes:
    """SKILL.md with the suggestion in its frontmatter, all else as it was; raises InvalidInput.

    Keywords that are there already are kept; examples that are there already are not written over.
    """
    present = _read(content, limits).metadata
    if EXAMPLES in present:
        raise InvalidInput(f"{SKILL_MD} has {EXAMPLES} already; remove the key first, or leave --write out")
    written = _inserted(content, suggestion, keywords=KEYWORDS not in present)
    _read(written, limits)
    return written


def _inserted(content: bytes, suggestion: Suggestion, *, keywords: bool) -> bytes:
    end = "\r\n" if b"\r\n" in content else "\n"
    fence = _FENCE_END.search(content, content.index(b"\n"))
    head = content[: fence.start()] if fence else content
    metadata = _METADATA.search(head)
    if metadata is None and _OTHER_METADATA.search(head):
        raise InvalidInput(
            f"{SKILL_MD}: metadata is not one 'key: value' a line; write it so, or add them by hand"
        )
    at = metadata.end() if metadata else len(head)
    indent = (re.match(rb"[ ]*", head[at:]) or [b""])[0].decode() or "  "
    lines = [] if metadata else ["metadata:"]
    lines += _lines(suggestion, indent, keywords=keywords)
    return content[:at] + "".join(f"{line}{end}" for line in lines).encode() + content[at:]


def _lines(suggestion: Suggestion, indent: str, *, keywords: bool) -> Sequence[str]:
    lines = [f"{indent}{EXAMPLES}: |", *(f"{indent}  {each}" for each in suggestion.examples)]
    if keywords and suggestion.keywords:
        lines.append(f'{indent}{KEYWORDS}: "{", ".join(suggestion.keywords)}"')
    return lines


def _read(content: bytes, limits: PackageLimits) -> Frontmatter:
    document = take_apart(content, limits)
    findings: list[Finding] = [document] if isinstance(document, Finding) else []
    source = None if isinstance(document, Finding) else parse_frontmatter(document.frontmatter, findings)
    if source is None or findings:
        listed = "; ".join(map(str, findings))
        raise InvalidInput(f"{listed}: `tidegate skill validate` shows all findings")
    return source
