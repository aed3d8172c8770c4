"""What is said of one setting: a proposal with its evidence, or why there is none."""

import msgspec


class Advice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`present` and `proposed` in the setting's unit (seconds, or a score); None: `why` says why not.

    `missing`: how many more observations a proposal needs, 0 where that is not what is wrong.
    """

    setting: str
    present: float | None
    n: int
    evidence: str
    proposed: float | None = None
    effect: str = ""
    """What it would have changed in the period."""
    why: str = ""
    missing: int = 0
    spared: float = 0.0
    """The share of all the variant's requests that would no longer be asked of the provider."""
