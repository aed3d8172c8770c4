"""Several serving processes on one machine: a supervisor that holds the socket, and its workers."""
