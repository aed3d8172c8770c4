"""A scenario as people write it: YAML, every key optional, unknown keys refused."""

import msgspec
from yaml.nodes import Node

from tidegate.control.spec_node import Block, Problems, compose
from tidegate.control.spec_value import TEXT, choice, count, duration, moment, number, ratio
from tidegate.rehearsal.scenario import CANDIDATE, CONTROL, Cost, Fault, Latency, Scenario, Traffic, Variant

DOCUMENT = "scenario"
MOST_FAULTS = 1000

_VARIANT_KEYS = ("errors", "latency", "cost", "votes", "down", "user_spread", "daily_drift")
_KINDS = ("errors", "latency", "cost", "down")
_SHARE = ratio("0", "100")
_FACTOR = number(0.001, 1000.0)
_SIGMA = number(0.0, 5.0)


def read_scenario(text: str) -> Scenario:
    """Read a scenario; raises InvalidInput with one line per problem (place, key path, what to write)."""
    problems = Problems(DOCUMENT)
    root = Block(compose(text, DOCUMENT, "`traffic:`, or is `{}`"), "", problems)
    root.only("traffic", "control", "candidate", "faults")
    control_block, candidate_block = root.block("control"), root.block("candidate")
    control = _read_variant(control_block, CONTROL, _VARIANT_KEYS) if control_block else CONTROL
    candidate = _read_candidate(candidate_block, control)
    scenario = Scenario(
        traffic=_read_traffic(root.block("traffic"), problems),
        control=control,
        candidate=candidate,
        faults=_read_faults(root, problems),
    )
    problems.refuse()
    return scenario


def _read_traffic(block: Block | None, problems: Problems) -> Traffic:
    usual = Traffic()
    if block is None:
        return usual
    block.only("per_minute", "users", "zipf", "diurnal", "trace", "triggered", "replica_lag")
    if "trace" in block and "diurnal" in block:
        problems.add(block.where("diurnal"), "has no place beside `trace`, which has its own hours; keep one")
    return Traffic(
        per_minute=block.read("per_minute", number(0.0, 999_999.0), usual.per_minute),
        users=block.read("users", count(1, 1_000_000), usual.users),
        zipf=block.read("zipf", number(0.0, 5.0), usual.zipf),
        diurnal=block.read("diurnal", number(0.0, 1.0), usual.diurnal),
        trace=block.read("trace", TEXT, None),
        triggered=block.read("triggered", _SHARE, usual.triggered),
        replica_lag=block.read("replica_lag", moment(), usual.replica_lag),
    )


def _read_candidate(block: Block | None, control: Variant) -> Variant:
    """What is not given is as in control, but for the cost's mean, which has a default of its own."""
    mean = CANDIDATE.cost.mean
    like = Variant(
        errors=control.errors,
        latency=control.latency,
        cost=msgspec.structs.replace(control.cost, mean=mean),
        votes=control.votes,
        down=control.down,
        user_spread=control.user_spread,
        daily_drift=control.daily_drift,
    )
    return _read_variant(block, like, (*_VARIANT_KEYS, "usage")) if block else like


def _read_variant(block: Block, usual: Variant, keys: tuple[str, ...]) -> Variant:
    block.only(*keys)
    return Variant(
        errors=block.read("errors", _SHARE, usual.errors),
        latency=_read_latency(block.block("latency"), usual.latency),
        cost=_read_cost(block.block("cost"), usual.cost),
        votes=block.read("votes", _SHARE, usual.votes),
        down=block.read("down", _SHARE, usual.down),
        user_spread=block.read("user_spread", _SIGMA, usual.user_spread),
        daily_drift=block.read("daily_drift", _SIGMA, usual.daily_drift),
        usage=block.read("usage", number(0.01, 100.0), usual.usage) if "usage" in keys else usual.usage,
    )


def _read_latency(block: Block | None, usual: Latency) -> Latency:
    if block is None:
        return usual
    block.only("median", "sigma")
    return Latency(
        median=block.read("median", duration(), usual.median),
        sigma=block.read("sigma", _SIGMA, usual.sigma),
    )


def _read_cost(block: Block | None, usual: Cost) -> Cost:
    if block is None:
        return usual
    block.only("mean", "sigma", "input_corr", "user_spread")
    sigma = block.read("sigma", _SIGMA, usual.sigma)
    return Cost(
        mean=block.read("mean", number(0.000001, 1000.0), usual.mean),
        sigma=sigma,
        input_corr=block.read("input_corr", number(0.0, 1.0), usual.input_corr),
        user_spread=block.read("user_spread", number(0.0, sigma), min(sigma, usual.user_spread)),
    )


def _read_faults(root: Block, problems: Problems) -> tuple[Fault, ...]:
    nodes = root.nodes("faults", least=0)
    if len(nodes) > MOST_FAULTS:
        problems.add(root.where("faults"), f"has {len(nodes)} faults; expected at most {MOST_FAULTS}")
    return tuple(_read_fault(node, path, problems) for path, node in nodes[:MOST_FAULTS])


def _read_fault(node: Node, path: str, problems: Problems) -> Fault:
    block = Block(node, path, problems)
    block.only("arm", "at", "for", "ramp", "share", *_KINDS)
    if not any(kind in block for kind in _KINDS):
        problems.add(block.place, f"does nothing; expected one of {', '.join(_KINDS)}")
    usual = Fault(arm="candidate", at=0.0)
    return Fault(
        arm=block.read("arm", choice("candidate", "control", "both"), usual.arm, required=True),
        at=block.read("at", moment(), usual.at, required=True),
        lasts=block.read("for", duration(), usual.lasts),
        ramp=block.read("ramp", moment(), usual.ramp),
        share=block.read("share", _SHARE, usual.share),
        errors=block.read("errors", _SHARE, None),
        slower=_read_factor(block, "latency", "sigma"),
        sigma=_read_sigma(block.block("latency")),
        dearer=_read_factor(block, "cost"),
        down=block.read("down", _SHARE, None),
    )


def _read_factor(block: Block, key: str, *others: str) -> float:
    within = block.block(key)
    if within is None:
        return 1.0
    within.only("factor", *others)
    return within.read("factor", _FACTOR, 1.0, required=not any(other in within for other in others))


def _read_sigma(latency: Block | None) -> float | None:
    return latency.read("sigma", _SIGMA, None) if latency else None
