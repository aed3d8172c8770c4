"""What the ledger says of a variant's settings, and which it proposes."""
