"""The hosted loop: what a model asks of the gateway between the client's request and its answer."""
