"""Reports: numbers from the ledger, made readable."""
