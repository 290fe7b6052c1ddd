"""The order in which the demo's story is told."""

from __future__ import annotations

from collections.abc import Callable

from bridge.demo import cards, story
from bridge.demo.story import Story

CHAPTERS: tuple[tuple[str, Callable[[Story], None]], ...] = (
    ("Is everybody here?", story.everybody_answers),
    ("Bought, and partly returned", story.bought_and_partly_returned),
    ("Declined", story.declined),
    ("A callback is lost", story.callback_lost),
    ("An answer is lost", story.answer_lost),
    ("Paid by card, and partly returned", cards.paid_with_a_challenge),
    ("A card is declined", cards.card_declined),
    ("Captured in part, and released", cards.captured_and_released),
    ("Begun in an app", cards.begun_in_an_app),
    ("Nothing missed", story.nothing_missed),
    ("The books", story.books_agree),
)
