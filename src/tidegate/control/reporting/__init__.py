"""Reports: read the ledger and the event log, and put them into the shape of `domain/reporting`."""
