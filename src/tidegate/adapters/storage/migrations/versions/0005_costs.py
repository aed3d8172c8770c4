"""Sums of usage and cost by account, filled from the exchanges that are there."""

from collections import Counter

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_TOKENS = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
)
_PLACES = ("slot", "tenant", "key_id", "model", "rollout", "skills")
_COUNTS = ("requests", "priced", "unpriced", "cache_hits", *_TOKENS, "cost_picos")


def upgrade() -> None:
    table = op.create_table(
        "cost",
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _PLACES[1:]),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint(*_PLACES, name="pk_cost"),
    )
    _fill(table)


def _fill(table: sa.Table) -> None:
    connection = op.get_bind()
    sums: dict[tuple[object, ...], Counter[str]] = {}
    page = sa.text("SELECT seq, body FROM exchange WHERE seq > :last ORDER BY seq LIMIT 1000")
    last = 0
    while found := connection.execute(page, {"last": last}).all():
        for _, body in found:
            place, counts = _read(_LINE.decode(body))
            sums.setdefault(place, Counter()).update(counts)
        last = found[-1][0]
    rows = [
        {**dict(zip(_PLACES, place, strict=True)), **{name: counts[name] for name in _COUNTS}}
        for place, counts in sums.items()
    ]
    if rows:
        connection.execute(table.insert(), rows)


class _Use(msgspec.Struct):
    name: str


class _Line(msgspec.Struct):
    """What this migration reads of an exchange."""

    at: float
    tenant: str
    key_id: str
    model: str = ""
    rollout: str | None = None
    skills: tuple[_Use, ...] = ()
    usage: dict[str, int] = {}
    cost_usd: float | None = None
    cache: str | None = None


_LINE = msgspec.json.Decoder(_Line)


def _read(line: _Line) -> tuple[tuple[object, ...], dict[str, int]]:
    cost = line.cost_usd
    skills = ",".join(sorted({use.name for use in line.skills}))
    counts = {
        "requests": 1,
        "priced": int(cost is not None),
        "unpriced": int(cost is None and any(line.usage.values())),
        "cache_hits": int(line.cache in ("hit", "shared")),
        **{name: line.usage.get(name, 0) for name in _TOKENS},
        "cost_picos": 0 if cost is None else round(cost * 10**12),
    }
    return (int(line.at // 900), line.tenant, line.key_id, line.model, line.rollout or "", skills), counts
