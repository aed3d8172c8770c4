"""Scenarios that have a name."""

from collections.abc import Mapping
from types import MappingProxyType

NAMED: Mapping[str, str] = MappingProxyType(
    {
        "aa": "{}",
        "errors-2x": "faults: [{arm: candidate, at: 0h, errors: 1.6%}]",
        "errors-5pct": "faults: [{arm: candidate, at: 0h, errors: 5%}]",
        "outage-both-arms": "faults: [{arm: both, at: 50h, for: 10m, errors: 100%}]",
        "slow-1.3x": "faults: [{arm: candidate, at: 0h, latency: {factor: 1.3}}]",
        "tail": "faults: [{arm: candidate, at: 0h, latency: {sigma: 0.84}}]",
        "cost-up": "faults: [{arm: candidate, at: 0h, cost: {factor: 2}}]",
        "savings-40": "candidate: {cost: {mean: 0.012}}",
        "savings-20": "faults: [{arm: candidate, at: 0h, cost: {factor: 1.333333}}]",
        "feedback-drop": "faults: [{arm: candidate, at: 0h, down: 40%}]",
        "late-onset-30h": "faults: [{arm: candidate, at: 30h, errors: 5%}]",
        "diurnal": "traffic: {diurnal: 0.6}",
        "sticky-users": "control: {user_spread: 1.5, daily_drift: 0.5}",
        "more-usage": "candidate: {usage: 1.5}",
        "low-traffic": "traffic: {per_minute: 40, users: 1000}",
        "replica-lag": "traffic: {replica_lag: 60s}",
    }
)
"""Each as the text of a scenario file. But for what it says the candidate is as control, and saves 40 %."""
