"""The HTTP surface: gateway API, control API, probes and metrics."""
