"""One more door in front of the same use cases, with Shopware's signature as its guard. `adapter.py` puts it together."""
