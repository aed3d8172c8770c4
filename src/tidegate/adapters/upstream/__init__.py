"""HTTP clients that reach the LLM provider: `http1`, our own, and `aiohttp_upstream` behind the same port.

Import them from their modules: aiohttp alone takes a quarter of a second to import.
"""
