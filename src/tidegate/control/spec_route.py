"""The route of a variant: which models its skills' effectiveness chooses between."""

from tidegate.control.spec_node import Block, Problems
from tidegate.control.spec_value import TEXT, Value
from tidegate.domain.routing import Route


def read_route(block: Block, problems: Problems) -> Route:
    """The route in a spec; what is wrong with it is noted."""
    block.only("small", "middle", "thresholds")
    thresholds = _thresholds(block, problems)
    return Route(
        small=block.read("small", TEXT, "", required=True),
        middle=block.read("middle", TEXT, None) if "middle" in block else None,
        thresholds=thresholds,
    )


def _thresholds(block: Block, problems: Problems) -> tuple[float, float]:
    default = Route(small="").thresholds
    if "thresholds" not in block:
        return default
    found = block.texts("thresholds", _SCORE, ())
    if len(found) != 2 or "" in found or not float(found[0]) > float(found[1]):
        problems.add(block.where("thresholds"), "expected two scores, the higher first, as in [0.8, 0.5]")
        return default
    return float(found[0]), float(found[1])


def _score(text: str) -> str | None:
    try:
        return text if 0.0 <= float(text) <= 1.0 else None
    except ValueError:
        return None


_SCORE = Value("a score from 0 to 1, such as 0.8", _score)
