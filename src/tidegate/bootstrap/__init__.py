"""The only wiring: which implementation stands behind which port.

`gateway` makes a serving process, `control` what one command on a home needs; each imports only its own.
"""
