"""The closed list of reasons: each has an effect and a sentence in both languages, and no sentence tells too much."""

from __future__ import annotations

import re

import pytest

from bridge.domain.events import OPERATION_EVENTS, PAYMENT_EVENTS, EventType, NoteType
from bridge.domain.language import LANGUAGES
from bridge.domain.operation import Kind, OperationStatus
from bridge.domain.payment import Status
from bridge.domain.reasons import MEANINGS, Effect, Reason, text_for_payer


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("language", LANGUAGES)
def test_text__every_reason__is_whole_sentences_in_every_language(reason, language):
    text = text_for_payer(reason, language)
    assert re.fullmatch(r"[A-ZÄÖÜ].*[.]", text) and len(text) <= 140


@pytest.mark.parametrize("reason", Reason)
def test_text__every_reason__differs_between_the_languages(reason):
    assert len({text_for_payer(reason, language) for language in LANGUAGES}) == len(LANGUAGES)


def test_text__each_language__is_that_language():
    assert text_for_payer(Reason.GIVEN_UP, "en") == "The payment was canceled."
    assert text_for_payer(Reason.GIVEN_UP, "de") == "Die Zahlung wurde abgebrochen."


def test_text__unknown_language__is_english():
    assert text_for_payer(Reason.EXPIRED, "fr") == text_for_payer(Reason.EXPIRED, "en")


@pytest.mark.parametrize(
    "pair",
    [(Reason.PAYER_UNKNOWN, Reason.PAYER_BLOCKED), (Reason.CARD_DECLINED, Reason.SUSPECTED_FRAUD)],
)
def test_text__what_a_payer_may_not_know__reads_alike(pair):
    assert MEANINGS[pair[0]] == MEANINGS[pair[1]]


@pytest.mark.parametrize("reason", Reason)
def test_text__every_reason__names_no_system_and_no_code(reason):
    told = " ".join(text_for_payer(reason, language) for language in LANGUAGES).lower()
    assert not re.search(
        r"provider|merchant|server|error|fehler|http|api|blocked|fraud|gesperrt|\d", told
    )


def test_meanings__every_reason__has_one():
    assert set(MEANINGS) == set(Reason) and {
        meaning.effect for meaning in MEANINGS.values()
    } == set(Effect)


def test_correctable__only_reasons_about_the_name__ask_again():
    assert {reason for reason, meaning in MEANINGS.items() if meaning.correctable} == {
        Reason.PAYER_UNKNOWN,
        Reason.PAYER_BLOCKED,
    }


def test_events__every_status_of_a_payment__is_told():
    assert set(PAYMENT_EVENTS) == set(Status)


def test_events__every_end_of_a_refund_or_capture__is_told():
    told = {
        (kind, status) for kind in (Kind.REFUND, Kind.CAPTURE) for status in OperationStatus
    } - {(Kind.CAPTURE, OperationStatus.PENDING)}
    assert set(OPERATION_EVENTS) == told


def test_events__names__are_dotted_words_and_notes_are_told_apart():
    assert all(
        re.fullmatch(r"(payment|capture|refund|shop)\.[a-z_]+", event) for event in EventType
    )
    assert all(note.startswith("note.") for note in NoteType)
