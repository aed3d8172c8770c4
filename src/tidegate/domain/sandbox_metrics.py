"""What the catalogue of metrics has of scripts and their sandbox."""

from tidegate.domain.metric import Across, Kind, Metric

SCRIPT_BUCKETS = (0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

RUNS = Metric(
    name="tidegate_sandbox_runs_total",
    kind=Kind.COUNTER,
    help="Skills' scripts: ok, failed (an exit code other than 0), ended for time, memory or output, "
    "refused, unfit (the sandbox could not start it), cancelled.",
    labels=("result",),
)
SECONDS = Metric(
    name="tidegate_sandbox_run_seconds",
    kind=Kind.HISTOGRAM,
    help="From asking for a script to its end, the wait for its place included.",
    buckets=SCRIPT_BUCKETS,
)
OPEN = Metric(
    name="tidegate_sandbox_open",
    kind=Kind.GAUGE,
    help="Scripts that run now.",
    across=Across.SUM,
)
QUEUED = Metric(
    name="tidegate_sandbox_queued",
    kind=Kind.GAUGE,
    help="Scripts that wait for their place now.",
    across=Across.SUM,
)
CONTAINED = Metric(
    name="tidegate_sandbox_contained",
    kind=Kind.GAUGE,
    help="Whether the sandbox held when it was tried at the start, by check; one 0, and no script is run.",
    labels=("check",),
    across=Across.MIN,
)
ALL = (RUNS, SECONDS, OPEN, QUEUED, CONTAINED)
"""All of them, in the order of the reference page."""
