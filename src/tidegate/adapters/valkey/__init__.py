"""Valkey: what several gateway processes share beside the store, and can serve without."""
