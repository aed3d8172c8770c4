"""The control API over HTTP (FastAPI): rollouts, switches, keys, skills and the ledger."""

from tidegate.web.control_api.app import create_control_api

__all__ = ["create_control_api"]
