"""The catalogue is complete, and its checker really finds what is wrong."""

from tools import check_words

from postroad import language


def test_every_message_is_complete_used_and_known():
    assert check_words.entry_faults() + check_words.use_faults() + check_words.schema_faults() == []


def test_the_checker_finds_a_missing_language_and_different_facts(monkeypatch):
    broken = {
        "room.a": {"zh": "甲 {x}", "en": "a {y}"},
        "room.b": {"zh": "乙"},
        "room.c": {"zh": "丙", "en": "c", "fr": "c"},
    }
    monkeypatch.setattr(check_words, "catalogue", lambda: broken)
    assert len(check_words.entry_faults()) == 3


def test_the_checker_finds_an_idle_key(monkeypatch):
    known = {**language.catalogue(), "face.never_said_by_anyone": {"zh": "无", "en": "none"}}
    monkeypatch.setattr(check_words, "catalogue", lambda: known)
    assert "face.never_said_by_anyone: in the catalogue but not used" in check_words.use_faults()
