"""The smallest correct shop: reading matter for module authors, and the shop of the demo and the tests.

It speaks the normalized API over HTTP like any shop module and imports nothing of the service.
"""
