"""Cashcloud, a prepaid wallet: the payer types a user name, and accepts the money request in the wallet's app.

Deliberately empty of imports: `provider.py` and `sandbox.py` stand here side by side and must not load each other.
"""
