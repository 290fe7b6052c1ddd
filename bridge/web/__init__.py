"""The doors of the bridge: HTTP in, use cases called, HTTP out. Start reading at `app.py`, the one route table."""
