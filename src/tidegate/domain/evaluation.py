"""How well selection does on labelled prompts: precision, recall, top-1, and prompts that need none."""

from collections.abc import Callable, Iterable, Sequence

import msgspec


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A prompt and the skills it needs; none for one that needs none.

    An `acceptable` skill is not needed, and choosing it does not count against precision. `id` is for people.
    """

    text: str
    skills: tuple[str, ...]
    acceptable: tuple[str, ...] = ()
    id: str = ""


class Miss(msgspec.Struct, frozen=True, omit_defaults=True):
    """A prompt whose first choice is wrong, or that needs none and got some."""

    text: str
    wanted: tuple[str, ...]
    chosen: tuple[str, ...]
    id: str = ""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Ratios from 0 to 1; None where there is nothing to divide by.

    `precision` and `recall` are over all single choices of all prompts; `top1`: of the prompts that need a
    skill, those whose first choice is one they need; `none`: of those that need none, those that get none,
    not even an acceptable one.
    """

    prompts: int
    needing_none: int
    precision: float | None
    recall: float | None
    top1: float | None
    none: float | None
    misses: tuple[Miss, ...]


def evaluate(cases: Iterable[Case], choose: Callable[[str], Sequence[str]]) -> Evaluation:
    """Choose for every prompt by itself and count; `choose` gives names in serving order."""
    judged = [(case, tuple(choose(case.text))) for case in cases]
    needing = [(case, chosen) for case, chosen in judged if case.skills]
    right = sum(len({*case.skills} & {*chosen}) for case, chosen in judged)
    return Evaluation(
        prompts=len(judged),
        needing_none=len(judged) - len(needing),
        precision=_ratio(
            right, sum(len({*chosen} - ({*case.acceptable} - {*case.skills})) for case, chosen in judged)
        ),
        recall=_ratio(right, sum(len({*case.skills}) for case, _ in judged)),
        top1=_ratio(sum(_is_hit(case, chosen) for case, chosen in needing), len(needing)),
        none=_ratio(
            sum(not chosen for case, chosen in judged if not case.skills), len(judged) - len(needing)
        ),
        misses=tuple(
            Miss(case.text, case.skills, chosen, case.id)
            for case, chosen in judged
            if not _is_hit(case, chosen)
        ),
    )


def _is_hit(case: Case, chosen: Sequence[str]) -> bool:
    return chosen[0] in case.skills if chosen and case.skills else not chosen and not case.skills


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
