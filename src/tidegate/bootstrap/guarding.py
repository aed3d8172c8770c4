"""How requests are kept from failing together: what the settings say of breakers, retries and chains."""

from dataclasses import replace

from tidegate.config import Settings
from tidegate.domain.breaker import Policy
from tidegate.domain.retry_budget import RetryPolicy
from tidegate.serving.chains import Chains, Hop
from tidegate.serving.settings import ServingSettings


def with_guards(serving: ServingSettings, settings: Settings) -> ServingSettings:
    """The serving settings with the resilience that is configured."""
    breakers, retries = settings.breakers, settings.retries
    return replace(
        serving,
        queue=settings.limits.queue,
        queue_seconds=settings.limits.queue_wait,
        breaking=Policy(breakers.failures, breakers.window, breakers.probe_interval),
        skill_breaking=Policy(breakers.skill_failures, breakers.skill_window, breakers.probe_interval),
        retrying=RetryPolicy(retries.percent / 100, float(retries.floor)),
        chains=Chains(
            {
                model: tuple(Hop(name, upstream) for upstream, name in chain)
                for model, chain in settings.chains.items()
            }
        ),
        try_seconds=settings.fallback.timeout,
    )
