"""All outgoing HTTP: total deadlines, one session per thread, a breaker per lane, transcripts without secrets.

    HttpTransport(connect=5.0, failures=5, seconds=5.0, ca_file=None, proxy=None, on_transcript=None)     fulfils ports.Transport
    Patient(transport, clock)     the same, and obeys the 429 of providers
    transport(lane, method, url, deadline=…, params=, form=, multipart=, body=, headers=, secrets=) -> HttpAnswer
    transport.close()

NotSent: not one byte of the request can have left (name unknown, refused, connect or TLS failed, breaker open, time up).
NoAnswer: from the first byte on, whatever happened.
"""

from bridge.transport.http import HttpTransport
from bridge.transport.patience import Patient
from bridge.transport.transcript import Transcript

__all__ = ["HttpTransport", "Patient", "Transcript"]
