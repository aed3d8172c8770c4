"""The attack catalogue: what is tried against an installation, as data that tests and an audit share."""
