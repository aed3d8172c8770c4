"""The catalogue of metrics: a name not in it cannot be emitted (naming: Prometheus practices)."""

from tidegate.domain import sandbox_metrics
from tidegate.domain.metric import Across, Kind, Metric

DURATION_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds; 5 and 10 are bounds because latency objectives are set there."""

FIRST_TOKEN_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0)
OVERHEAD_BUCKETS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 1.0, 5.0, 10.0)

# ---- the request path -----------------------------------------------------------------------------------

REQUESTS = Metric(
    name="tidegate_requests_total",
    kind=Kind.COUNTER,
    help="Requests under /v1, refused ones too, by route (messages, chat_completions, count_tokens, models, "
    "files, batches, skills, feedback or other), arm and what the user got.",
    labels=("route", "arm", "outcome"),
)
REQUEST_DURATION = Metric(
    name="tidegate_request_duration_seconds",
    kind=Kind.HISTOGRAM,
    help="From a request's arrival to its recorded end.",
    labels=("route", "arm"),
    buckets=DURATION_BUCKETS,
)
FIRST_TOKEN = Metric(
    name="tidegate_time_to_first_token_seconds",
    kind=Kind.HISTOGRAM,
    help="From a streamed request's arrival to the first content byte of its answer.",
    labels=("arm",),
    buckets=FIRST_TOKEN_BUCKETS,
)
GATEWAY_OVERHEAD = Metric(
    name="tidegate_gateway_overhead_seconds",
    kind=Kind.HISTOGRAM,
    help="From a request's last byte to sending it upstream: what the gateway itself adds in front.",
    labels=("route",),
    buckets=OVERHEAD_BUCKETS,
)
SKILL_REQUESTS = Metric(
    name="tidegate_skill_requests_total",
    kind=Kind.COUNTER,
    help="Exchanges that were served with a skill or tried to be, by what came of the skill path.",
    labels=("skill", "version", "outcome"),
)
SKILL_TIMEOUTS = Metric(
    name="tidegate_skill_timeouts_total",
    kind=Kind.COUNTER,
    help="Exchanges whose skill path gave no first content byte within the variant's timeout.",
    labels=("skill",),
)
NATIVE_SKILLS = Metric(
    name="tidegate_native_skills_total",
    kind=Kind.COUNTER,
    help="Uses of skills whose mode is native; result is native (the provider serves it) or why it was "
    "served hosted: not_synced, no_room, tool_choice, tools or own_workspace.",
    labels=("skill", "result"),
)
FALLBACKS = Metric(
    name="tidegate_fallbacks_total",
    kind=Kind.COUNTER,
    help="Steps down the fallback chain: to the plain request because the skill path failed, or (upstream_…) "
    "to another model or provider, by reason.",
    labels=("reason",),
)
ROUTED = Metric(
    name="tidegate_routed_total",
    kind=Kind.COUNTER,
    help="Exchanges whose model a variant's route decided: small, middle, or asked (left as it was).",
    labels=("tier",),
)
HOSTED_TURNS = Metric(
    name="tidegate_hosted_turns_total",
    kind=Kind.COUNTER,
    help="Further upstream turns within one exchange; move is run (skill tools were answered), last (a limit "
    "was told to the model) or continue (the provider had paused).",
    labels=("move",),
)
RETRIES = Metric(
    name="tidegate_retries_total",
    kind=Kind.COUNTER,
    help="Retries of one request at the same upstream: made, or refused because the retry budget was spent.",
    labels=("upstream", "result"),
)
BREAKER_STATE = Metric(
    name="tidegate_breaker_state",
    kind=Kind.GAUGE,
    help="2 while a breaker is open, 1 half-open, 0 closed; kind is upstream (UPSTREAM/MODEL) or skill "
    "(NAME@VERSION). One that has never opened is not shown.",
    labels=("kind", "target"),
    across=Across.MAX,
)
BREAKER_TRANSITIONS = Metric(
    name="tidegate_breaker_transitions_total",
    kind=Kind.COUNTER,
    help="Moves of breakers, by the state they went to: open, half_open or closed.",
    labels=("kind", "target", "state"),
)
SHED = Metric(
    name="tidegate_shed_requests_total",
    kind=Kind.COUNTER,
    help="Requests refused (529) because too much was going on: full (no room in the queue), late (waited "
    "in vain), displaced (by one of a higher priority) or bodies (no room for its bytes).",
    labels=("priority", "reason"),
)
SKILL_TOOL_CALLS = Metric(
    name="tidegate_skill_tool_calls_total",
    kind=Kind.COUNTER,
    help="Calls of the gateway's own tools; tool is read or run; result is ok, or the reason of the error.",
    labels=("tool", "result"),
)
SEALS = Metric(
    name="tidegate_seals_total",
    kind=Kind.COUNTER,
    help="Calls of skill tools that clients keep sealed: sealed, too_large, opened, forged, unassigned, "
    "repeated or over_limit.",
    labels=("result",),
)
TOKENS = Metric(
    name="tidegate_tokens_total",
    kind=Kind.COUNTER,
    help="Billed tokens; kind is input, output, cache_read, cache_write_5m or cache_write_1h.",
    labels=("model", "kind", "arm"),
)
COST = Metric(
    name="tidegate_cost_usd_total",
    kind=Kind.COUNTER,
    help="Cost of priced exchanges in US dollars, every attempt included.",
    labels=("model", "arm"),
)
UNPRICED = Metric(
    name="tidegate_unpriced_requests_total",
    kind=Kind.COUNTER,
    help="Exchanges without a cost because the model's price is unknown.",
    labels=("model",),
)
FEEDBACK = Metric(
    name="tidegate_feedback_total",
    kind=Kind.COUNTER,
    help="Votes taken by POST /v1/feedback; result is counted, repeated or parked.",
    labels=("vote", "result"),
)

QUOTA_REFUSALS = Metric(
    name="tidegate_quota_refusals_total",
    kind=Kind.COUNTER,
    help="Requests refused with 429 because a quota was used up; scope is key or tenant, limit is requests, "
    "tokens or usd.",
    labels=("scope", "limit"),
)

# ---- rollouts -------------------------------------------------------------------------------------------

ROLLOUT_WEIGHT = Metric(
    name="tidegate_rollout_weight_percent",
    kind=Kind.GAUGE,
    across=Across.MAX,
    help="Share of units in the candidate, in percent; 0 when the rollout is not serving it.",
    labels=("rollout",),
)
ROLLOUT_PHASE = Metric(
    name="tidegate_rollout_phase",
    kind=Kind.GAUGE,
    across=Across.MAX,
    help="1 for the phase the rollout is in, 0 for every other.",
    labels=("rollout", "phase"),
)
GATE_VERDICT = Metric(
    name="tidegate_gate_verdict",
    kind=Kind.GAUGE,
    across=Across.MIN,
    help="What a gate said at the last look: 1 pass, 0 unsure, -1 fail.",
    labels=("rollout", "gate"),
)
E_VALUE = Metric(
    name="tidegate_e_value",
    kind=Kind.GAUGE,
    across=Across.MAX,
    help="Evidence of a sequential gate against 'candidate and control are alike'.",
    labels=("rollout", "gate"),
)
SAVINGS = Metric(
    name="tidegate_savings_ratio",
    kind=Kind.GAUGE,
    across=Across.MAX,
    help="What the candidate saves of concurrent control's mean cost per triggered request, in this stage; "
    "bound is point, and low and high of a 95 % interval that holds at any time.",
    labels=("rollout", "bound"),
)
EFFECTIVENESS = Metric(
    name="tidegate_skill_effectiveness",
    kind=Kind.GAUGE,
    across=Across.MAX,
    help="The published score, 0 to 1, by which routes choose a model for a skill version.",
    labels=("skill", "version"),
)
DECISIONS = Metric(
    name="tidegate_decisions_total",
    kind=Kind.COUNTER,
    help="Decisions the controller committed, by kind.",
    labels=("rollout", "kind"),
)
NOTIFICATIONS = Metric(
    name="tidegate_notifications_total",
    kind=Kind.COUNTER,
    help="Notices taken from the outbox; result is delivered: one that cannot be stays and is tried again.",
    labels=("kind", "result"),
)

# ---- upstream credentials -------------------------------------------------------------------------------

CREDENTIAL_READS = Metric(
    name="tidegate_credential_reads_total",
    kind=Kind.COUNTER,
    help="Readings of an upstream credential from its source; result is changed, same or failed (the last "
    "good value goes on being used).",
    labels=("credential", "result"),
)
CREDENTIAL_REFUSALS = Metric(
    name="tidegate_credential_refusals_total",
    kind=Kind.COUNTER,
    help="Requests whose credential the upstream refused, by status: 401 or 403.",
    labels=("credential", "status"),
)
CREDENTIAL_STALE = Metric(
    name="tidegate_credential_stale_seconds",
    kind=Kind.GAUGE,
    help="For how long an upstream credential could not be read anew; 0 while its source is well.",
    labels=("credential",),
    across=Across.MAX,
)

# ---- the process ----------------------------------------------------------------------------------------

SWITCH_STATE = Metric(
    name="tidegate_switch_state",
    kind=Kind.GAUGE,
    across=Across.MAX,
    help="1 while this process serves with the switch off; a switch on again is 0.",
    labels=("scope", "target"),
)
SNAPSHOT_AGE = Metric(
    name="tidegate_snapshot_age_seconds",
    kind=Kind.GAUGE,
    across=Across.MAX,
    help="Since the store last confirmed the routing snapshot this process serves from.",
)
EXCHANGES_OPEN = Metric(
    name="tidegate_exchanges_open",
    kind=Kind.GAUGE,
    help="Exchanges in progress now; limits.concurrency is the most there may be in a process.",
    across=Across.SUM,
)
ADMISSION_QUEUED = Metric(
    name="tidegate_admission_queued",
    kind=Kind.GAUGE,
    help="Requests that wait for a place now.",
    across=Across.SUM,
)
LEDGER_QUEUED = Metric(
    name="tidegate_ledger_queued",
    kind=Kind.GAUGE,
    across=Across.SUM,
    help="Exchanges in the spool that the store does not have yet.",
)
LEDGER_SPOOLED = Metric(
    name="tidegate_ledger_spooled_bytes",
    kind=Kind.GAUGE,
    across=Across.SUM,
    help="Bytes in the spool that the store does not have yet, those of dead processes included.",
)
LEDGER_DROPPED = Metric(
    name="tidegate_ledger_dropped_total",
    kind=Kind.COUNTER,
    help="Exchanges the spool could not take (disk full or past its limit): reports lack them.",
)
CACHE_LOOKUPS = Metric(
    name="tidegate_cache_lookups_total",
    kind=Kind.COUNTER,
    help="Requests whose variant allows reuse, by result: hit (kept from before), shared (with an equal "
    "request in progress), miss (asked of the provider), bypass (such a request's answer is never kept). "
    "The hit ratio is hit + shared over all but bypass.",
    labels=("result",),
)
CACHE_ANSWERS = Metric(
    name="tidegate_cache_answers_total",
    kind=Kind.COUNTER,
    help="Answers that could have been kept, by result: kept, too_large, or unfit (an error, a fallback, "
    "a stop reason other than end_turn, stop_sequence and max_tokens, or content that cannot be replayed).",
    labels=("result",),
)
CACHE_ENTRIES = Metric(
    name="tidegate_cache_entries",
    kind=Kind.GAUGE,
    across=Across.SUM,
    help="Answers kept in this process.",
)
CACHE_BYTES = Metric(
    name="tidegate_cache_bytes",
    kind=Kind.GAUGE,
    across=Across.SUM,
    help="Memory that the answers kept in this process take, bounded by cache.memory.",
)
CACHE_EVICTIONS = Metric(
    name="tidegate_cache_evictions_total",
    kind=Kind.COUNTER,
    help="Answers forgotten by this process: size (the least recently used made room), expired or cleared.",
    labels=("reason",),
)
VALKEY_COMMANDS = Metric(
    name="tidegate_valkey_commands_total",
    kind=Kind.COUNTER,
    help="Commands for Valkey by use (cache, quota); result is ok, refused (an error reply), timeout, error, "
    "or skipped: not sent, since the server is away.",
    labels=("use", "result"),
)
VALKEY_UP = Metric(
    name="tidegate_valkey_up",
    kind=Kind.GAUGE,
    across=Across.MIN,
    help="1 while commands are sent to Valkey, 0 while it is away or where none is configured.",
)

WORKERS = Metric(
    name="tidegate_workers",
    kind=Kind.GAUGE,
    across=Across.MAX,
    help="Worker processes of `tidegate up --workers`: state is wanted or serving.",
    labels=("state",),
)
WORKER_EXITS = Metric(
    name="tidegate_worker_exits_total",
    kind=Kind.COUNTER,
    help="Workers that ended: how is replaced (a rolling restart), died, or hung (killed for not answering).",
    labels=("how",),
)
WORKER_FAULTS = Metric(
    name="tidegate_worker_faults_total",
    kind=Kind.COUNTER,
    help="What went wrong in the supervisor while the workers went on: what is launch (refused), "
    "message (one it does not know), or task.",
    labels=("what",),
)

CATALOGUE: tuple[Metric, ...] = (
    REQUESTS,
    REQUEST_DURATION,
    FIRST_TOKEN,
    GATEWAY_OVERHEAD,
    SKILL_REQUESTS,
    SKILL_TIMEOUTS,
    NATIVE_SKILLS,
    FALLBACKS,
    ROUTED,
    HOSTED_TURNS,
    RETRIES,
    BREAKER_STATE,
    BREAKER_TRANSITIONS,
    SHED,
    SKILL_TOOL_CALLS,
    SEALS,
    *sandbox_metrics.ALL,
    TOKENS,
    COST,
    UNPRICED,
    FEEDBACK,
    QUOTA_REFUSALS,
    CREDENTIAL_READS,
    CREDENTIAL_REFUSALS,
    CREDENTIAL_STALE,
    ROLLOUT_WEIGHT,
    ROLLOUT_PHASE,
    GATE_VERDICT,
    E_VALUE,
    SAVINGS,
    EFFECTIVENESS,
    DECISIONS,
    NOTIFICATIONS,
    SWITCH_STATE,
    SNAPSHOT_AGE,
    EXCHANGES_OPEN,
    ADMISSION_QUEUED,
    LEDGER_QUEUED,
    LEDGER_SPOOLED,
    LEDGER_DROPPED,
    CACHE_LOOKUPS,
    CACHE_ANSWERS,
    CACHE_ENTRIES,
    CACHE_BYTES,
    CACHE_EVICTIONS,
    VALKEY_COMMANDS,
    VALKEY_UP,
    WORKERS,
    WORKER_EXITS,
    WORKER_FAULTS,
)
"""Everything a gateway process emits, in the order of the reference page."""
