"""A route may only make a request cheaper: a model dearer than the one asked for is not served."""

from msgspec.structs import replace

from tidegate.domain.routing import Routed, Tier
from tidegate.ports import Prices
from tidegate.serving.assign import Assignment


def no_dearer(assignment: Assignment, asked: str, prices: Prices) -> Assignment:
    """The assignment; its route is taken back where that model is dearer than `asked`, or a price unknown."""
    routed = assignment.routed
    if routed is None or routed.model is None or routed.model == asked:
        return assignment
    price, known = prices.price(routed.model), prices.price(asked)
    if (
        price is not None
        and known is not None
        and price.input <= known.input
        and price.output <= known.output
    ):
        return assignment
    return replace(assignment, routed=Routed(Tier.ASKED, None, routed.skill, routed.score))
