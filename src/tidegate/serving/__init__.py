"""The request path: one exchange from the client to the upstream and back."""
