"""The local spool: what a client received is on disk before it received it, and ships to the ledger later."""
