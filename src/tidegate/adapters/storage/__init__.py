"""The relational store: one SQL for SQLite and PostgreSQL."""
