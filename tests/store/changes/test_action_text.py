"""The words for a transaction: in a list, in a sentence, and as a heading."""

from datetime import UTC, datetime

import pytest

from qm_tui.store.action_subject import with_user
from qm_tui.store.changes.action_text import (
    details_text,
    heading,
    list_text,
    noun_text,
    short_undone_text,
    signed_heading,
    undo_caption,
    undone_text,
)
from qm_tui.store.interface import Action, TransactionKind, TransactionSummary
from tests.helpers import ANNA, user

BO = user("bo")
HOSTILE = "[@click=app.quit]x[/] \x1b]52;c;cm0=\x07 \u202eevil {0} {}"


def test_action_has_words_for_lists_sentences_and_buttons():
    texts = """
        add|Anna Berg|1|Add Anna Berg|addition of Anna Berg|Undo addition
        edit|Anna Berg|1|Edit Anna Berg|edit of Anna Berg|Undo edit
        edit||0|Edit|edit|Undo edit
        activate||1|Activate 1 user|activation of 1 user|Undo activation
        inactivate||1200|Inactivate 1,200 users|inactivation of 1,200 users|Undo inactivation
        set|Location|9|Set Location|change of Location|Undo change
        rename|Location|9|Rename Location|rename of Location|Undo rename
        password|Bo|1|Change password of Bo|password change of Bo|Undo password change
        delete||3|Delete 3 users|deletion of 3 users|Undo deletion
        import|a.csv|55|Import a.csv|import of a.csv|Undo import
        undo|12|1|Undo 12|undo of transaction 12|Redo
        redo|12|1|Redo 12|redo of transaction 12|Undo redo
        script|clean-up|2|Script 'clean-up'|script 'clean-up'|Undo script
        script||2|Script|script|Undo script
        takeover|users.json|3|Take over users.json|takeover of users.json|Undo takeover
        unreadable||0|Unreadable (damaged log entry)|unreadable transaction|Undo
    """
    kinds = set()
    for line in texts.strip().splitlines():
        kind, subject, users, in_list, in_sentence, caption = line.strip().split("|")
        action = Action(TransactionKind(kind), subject)
        assert list_text(action, int(users)) == in_list
        assert noun_text(action, int(users)) == in_sentence
        assert undo_caption(action) == caption
        kinds.add(kind)
    assert kinds == set(TransactionKind)


def test_heading_of_an_undo_says_what_was_undone(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time = datetime(2026, 11, 25, 9, 36, 5, tzinfo=UTC)
    action = Action(TransactionKind.REDO, "12", "edit of Anna Berg")
    summary = TransactionSummary(13, time, "mheller", "10.1.2.3", action, 0, 1, 0)
    text = "Redo of transaction 12 (edit of Anna Berg)"
    assert signed_heading(summary) == f"{text} by mheller, 2026-11-25 09:36"
    assert details_text(action) == ""
    assert details_text(Action(TransactionKind.IMPORT, "a.csv", "1 KB")) == "1 KB"


@pytest.mark.parametrize(
    ("action", "text", "short"),
    [
        (("edit", "Anna Berg"), "Undid edit of Anna Berg", "Undid transaction 1,300"),
        (("undo", "12", "edit of Anna Berg"), "Redid edit of Anna Berg", "Redid transaction 12"),
        (
            ("redo", "12", "import of a.csv"),
            "Undid redo of transaction 12",
            "Undid transaction 1,300",
        ),
    ],
)
def test_undo_of_an_undo_is_a_redo(action, text, short):
    kind, *subject = action
    summary = TransactionSummary(
        1300, datetime.now(UTC), "mh", "", Action(TransactionKind(kind), *subject), 0, 1, 0
    )
    assert undone_text(summary) == text
    assert short_undone_text(summary) == short


@pytest.mark.parametrize("kind", ["edit", "script", "undo"])
@pytest.mark.parametrize("text", [HOSTILE, "x" * 5000, "\ud800", "a\n\tb\u0301\u0301\u0301\u0301"])
def test_untrusted_text_is_safe_and_limited(kind, text):
    action = Action(TransactionKind(kind), text, text, text)
    summary = TransactionSummary(1, datetime.now(UTC), text, text, action, 0, 1, 0)
    shown = (
        list_text(action, 1),
        noun_text(action, 1),
        heading(action, 1),
        signed_heading(summary),
        undone_text(summary),
        short_undone_text(summary),
    )
    for one in shown:
        assert len(one) < 350
        assert not {"\x1b", "\x07", "\u202e", "\n", "\t", "\ud800"} & {*one}
    assert not {"\x1b", "\n", "\ud800"} & {*details_text(action)}


def test_user_is_named_only_if_one_is_changed_and_the_action_is_about_users():
    edit, users = Action(TransactionKind.EDIT), {ANNA.user_id: ANNA, BO.user_id: BO}
    moved = {ANNA.user_id: ANNA._replace(location="x"), BO.user_id: BO}
    assert with_user(edit, users, moved).subject == "Anna Berg"
    assert with_user(edit, users, {BO.user_id: None}).subject == "Bo Bosen"
    assert with_user(edit, {}, {BO.user_id: BO}).subject == "Bo Bosen"
    assert with_user(edit, users, {**moved, BO.user_id: None}).subject == ""
    assert with_user(edit, users, users).subject == ""
    assert with_user(edit._replace(subject="x"), users, moved).subject == "x"
    for kind in ("import", "script", "rename"):
        assert with_user(Action(TransactionKind(kind)), users, moved).subject == ""
    nameless = ANNA._replace(first_name="", last_name="", user_name="")
    for changed, name in (
        (nameless._replace(user_name="anna"), "anna"),
        (nameless, ANNA.user_id),
        (nameless._replace(last_name="x" * 4096), "x" * 60),
    ):
        assert with_user(edit, {}, {ANNA.user_id: changed}).subject == name
