"""What an operator may set about serving."""

from dataclasses import dataclass, field

from tidegate.domain.breaker import Policy
from tidegate.domain.retry_budget import RetryPolicy
from tidegate.domain.rollout import CachePolicy
from tidegate.serving.chains import NO_CHAINS, Chains


@dataclass(frozen=True, slots=True, kw_only=True)
class ReuseSettings:
    """`everywhere` is the policy of requests outside rollouts, None for none; bytes, seconds."""

    everywhere: CachePolicy | None = None
    entry_bytes: int = 1_000_000
    """A larger message is not kept."""
    wait_seconds: float = 5.0
    """An equal request in progress is waited for so long, then the provider is asked all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingSettings:
    """How requests are served: times in seconds, sizes in bytes.

    `home_secret` keys the hashes of units and conversations, the same on every replica.
    """

    home_secret: bytes = field(repr=False)
    unit_rule: tuple[str, ...] = ("metadata", "header", "key")
    """The first there is: body `metadata.user_id`, header `tidegate-unit`, the key."""
    body_limit: int = 32_000_000
    bodies: int = 1_000_000_000
    """Of all requests that are being read or served, together."""
    answer_limit: int = 64_000_000
    concurrency: int = 1000
    queue: int = 200
    queue_seconds: float = 0.25
    """So many requests more may wait so long for a place."""
    deadline_seconds: float = 600.0
    """For an exchange as a whole where no variant says otherwise."""
    native_dialect: str = "ga"
    """How providers are asked for native skills: `ga`, or `beta` under the headers from before."""
    identify: bool = True
    """Whether answers carry `tidegate-…` headers."""
    conversation_grace: float = 3600.0
    """After a step, an unknown conversation in progress keeps its variant for so long."""
    reuse: ReuseSettings = ReuseSettings()
    pins_at_most: int = 100_000
    """Conversations remembered across a step; the oldest is forgotten beyond."""
    breaking: Policy = field(default_factory=Policy)
    skill_breaking: Policy = field(default_factory=lambda: Policy(failures=20, window=40))
    """More patient than an upstream's: a rollout's gates are to see a skill's failures first."""
    retrying: RetryPolicy = field(default_factory=RetryPolicy)
    chains: Chains = NO_CHAINS
    try_seconds: float = 60.0
    """To the first content byte, where the chain has another model or provider to ask."""
