"""The demo: sandbox, bridge, worker and the reference shop as four processes on this machine, and a check that plays its story.

Nothing here is part of the service. The demo starts the same commands that a person would, and the check speaks only what the
outside may speak, so this package imports nothing of the house but itself.
"""
