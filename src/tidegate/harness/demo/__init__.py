"""The demonstration: real processes, real sockets, three rollouts of a tide gate's life."""
