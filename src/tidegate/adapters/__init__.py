"""Implementations of the ports: stores, spool, upstream clients."""
