"""1cs Online Bezahlsystem: cards on a hosted form. `provider.py` is the client, `sandbox.py` the other side of the wire.

Nothing is imported here, so that the sandbox never loads the client it judges.
"""
