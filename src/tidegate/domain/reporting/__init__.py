"""What reports are made of: figures from the ledger's sums, and the shape in which they are told."""
