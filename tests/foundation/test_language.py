import contextvars

import pytest

from postroad import language
from postroad.errors import DataError, Fault, Stopped, UsageError


def test_a_message_is_said_in_the_language_asked_for():
    assert language.say("errors.more", "en", count=3) == "... and 3 more faults."
    assert "3" in language.say("errors.more", "zh", count=3)


def test_the_language_chosen_holds_inside_its_block_only(monkeypatch):
    monkeypatch.delenv("POSTROAD_LANGUAGE", raising=False)
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")

    def told():
        outside = language.current()
        with language.spoken("en"):
            inside = language.current()
        return outside, inside, language.current()

    # A context of its own: what other tests of this process chose does not count.
    assert contextvars.Context().run(told) == ("zh", "en", "zh")


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="klingon"):
        language.choose("klingon")  # type: ignore[arg-type]


def test_a_message_that_does_not_exist_is_named():
    with pytest.raises(KeyError, match=r"errors\.nonsense"):
        language.say("errors.nonsense")


def test_a_text_inside_a_text_is_said_in_the_same_language():
    inner = language.Text.of("errors.more", count=1)
    fault = Fault.of("errors.extra_missing", extra="x", what=inner)
    assert "more faults" in fault.say("en")
    assert "未列出" in fault.say("zh")


def test_a_fault_says_where_what_and_what_to_do_in_both_languages():
    fault = Fault.of("errors.extra_missing", table="places", column="lon", row=7, extra="osm", what="osmium")
    assert fault.say("en").startswith("[places.lon:7] This step needs osmium")
    assert "postroad[osm]" in fault.say("en")
    plain = fault.as_dict()
    assert plain["zh"].startswith("这一步需要")
    assert plain["remedy_zh"]
    assert (plain["table"], plain["column"], plain["row"]) == ("places", "lon", 7)


def test_an_error_holds_every_fault_and_counts_what_it_does_not_print():
    faults = [Fault.of("errors.stopped", done=n, total=60) for n in range(60)]
    error = DataError(faults)
    assert len(error.faults) == 60
    assert error.say("en", most=50).splitlines()[-1] == "... and 10 more faults."


def test_exit_codes():
    assert UsageError.of("errors.more", count=1).exit_code == 2
    assert Stopped.of("errors.stopped", done=1, total=2).exit_code == 130
