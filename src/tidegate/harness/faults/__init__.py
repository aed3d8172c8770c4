"""Every fault of a provider under load, one after the other, each against its bounds."""
