"""Metrics for the world outside: the Prometheus text exposition."""
