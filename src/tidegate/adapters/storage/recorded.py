"""Fields of exchanges as they were recorded, within SQL; a field that has its default is not in the JSON."""

from sqlalchemy import BigInteger, Boolean, ColumnElement, Text, cast, func, literal, or_, select, type_coerce
from sqlalchemy.types import JSON

from tidegate.adapters.storage.schema import EXCHANGE
from tidegate.domain.account import CACHED, PICOS


class Recorded:
    """Expressions over the column `body` in the dialect of the store."""

    def __init__(self, *, sqlite: bool) -> None:
        self._sqlite = sqlite
        self._json = type_coerce(EXCHANGE.c.body, JSON) if sqlite else cast(EXCHANGE.c.body, JSON)

    def text(self, name: str) -> ColumnElement[str]:
        """A text; "" where it is absent."""
        return func.coalesce(self._json[name].as_string(), "")

    def flag(self, name: str, *, default: bool = False) -> ColumnElement[bool]:
        """Yes or no."""
        return func.coalesce(self._json[name].as_boolean(), literal(default, Boolean))

    def counts(self) -> ColumnElement[bool]:
        """Whether it counts in its arm; what came after a rollout (it has no stage) is in no evidence."""
        return or_(self.flag("counted", default=True), EXCHANGE.c.stage.is_(None))

    def cost(self) -> ColumnElement[float]:
        """US dollars; null without a price."""
        return self._json["cost_usd"].as_float()

    def number(self, name: str) -> ColumnElement[float]:
        """A number; null where it is absent."""
        return self._json[name].as_float()

    def picos(self) -> ColumnElement[int]:
        """The cost in whole 10⁻¹² dollars; 0 without a price."""
        return func.coalesce(cast(func.round(self.cost() * float(PICOS)), BigInteger), 0)

    def tokens(self, kind: str) -> ColumnElement[int]:
        """Tokens of one kind."""
        return func.coalesce(self._json[("usage", kind)].as_integer(), 0)

    def cached(self) -> ColumnElement[bool]:
        """Whether the answer was one given before."""
        return self.text("cache").in_(sorted(CACHED))

    def skills(self, name: str) -> ColumnElement[str]:
        """The uses in `name` as `skill@version` by comma, in their order; null for none."""
        if self._sqlite:
            each = func.json_each(EXCHANGE.c.body, f"$.{name}").table_valued("value", name=name)
            joined = func.group_concat(_use(each.c.value), ",")
        else:
            each = func.json_array_elements(self._json[name]).table_valued("value", name=name)
            joined = func.string_agg(_use(each.c.value), ",")
        return select(joined).select_from(each).scalar_subquery()


def _use(value: ColumnElement[object]) -> ColumnElement[str]:
    name, version = (cast(value.op("->>")(field), Text) for field in ("name", "version"))
    return name + "@" + version
