"""The customer came back: say what our ledger says (Shopware sheet, section 4.3).

That the browser returned proves nothing, and its parameters are not looked at. No provider is asked. The answer is an action that is
allowed from the state in which the shop has the transaction, in the words of its version; asked again, it is answered again.
"""

from __future__ import annotations

from adapters.shopware.endpoints.handshake import Refused
from adapters.shopware.endpoints.messages import part, text
from adapters.shopware.endpoints.own import Own, View, decisive
from adapters.shopware.endpoints.pay import Answer, Call, refusal
from adapters.shopware.endpoints.states import allowed_in, is_new, next_action, repeat, target_of
from bridge.platforms import Workbench


class Finalize:
    """Answers from the ledger alone."""

    def __init__(self, bench: Workbench) -> None:
        """Take what the story needs."""
        self._own = Own(bench)

    def __call__(self, call: Call) -> Answer:
        """Return Shopware's answer. Raises Refused for a transaction that we do not know."""
        transaction = part(call.body, "orderTransaction")
        current = text(transaction, "stateMachineState", "technicalName") or "unconfirmed"
        if part(transaction, "amount", "totalPrice") == 0:
            return answer_for(current, "paid", call.version)
        known = self._own.payments(call.registration, text(transaction, "id", longest=64))
        if not known:
            raise Refused
        payment = decisive(known)
        if payment["duplicate_of"] is not None:
            return answer_for(current, current, call.version)
        return answer_for(current, target_of(payment), call.version, _why(payment))


def answer_for(current: str, target: str, version: str, why: str = "") -> Answer:
    """Return the answer that brings a transaction from `current` a step nearer to `target`, or keeps it where it is."""
    action = next_action(current, target, allowed_in(current, version))
    if action is None:
        action = (
            "" if is_new(version) and current not in ("failed", "cancelled") else repeat(current)
        )
    if action == "fail":
        return refusal(why or "the payment did not succeed")
    return {"status": action} if action else {}


def _why(payment: View) -> str:
    failure = payment["failure"]
    return f"{payment['id']}: {failure['code']}" if failure else ""
