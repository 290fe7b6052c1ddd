"""Provider door: raw bytes are handed over to be stored before anybody understands them."""

from __future__ import annotations

from falcon import Request, Response

from bridge import errors
from bridge.web import parse
from bridge.web.audience import Audience, Resource
from bridge.web.operation import operation


class CallbacksResource(Resource):
    """/v1/callbacks/{provider}/{merchant}"""

    audience = Audience.PROVIDER

    @operation({200: "text/plain"}, query=None, problems=(errors.NotFound,))
    def on_post(self, req: Request, resp: Response, provider: str, merchant: str) -> None:
        """Take a callback.

        Whatever its content type. Answered 2xx as soon as it is safely stored, a forged one too: it is kept and changes nothing. 503 only when it cannot be stored.
        """
        reply = self.services.receive_callback(provider, merchant, parse.raw_callback(req))
        resp.content_type = reply.content_type
        resp.data = reply.body
