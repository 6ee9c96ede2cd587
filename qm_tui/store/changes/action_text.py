"""What a transaction is, in words: for lists, for questions and for sentences.

An action has a kind and a subject, which are data. This is the one place that makes text of them.
Subjects come from users and file names: each is made visible and limited here.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from qm_tui.store.action_subject import USER_ACTIONS
from qm_tui.store.interface import Action, TransactionKind, TransactionSummary
from qm_tui.text import pluralize, sanitize

_SHOWN: Final = 60
"""Characters of a subject that are shown."""

_NUMBERED: Final = (TransactionKind.UNDO, TransactionKind.REDO)
"""Kinds whose subject is the number of a transaction, and whose details are what that was."""


class _Words(NamedTuple):
    """The words of a kind of action.

    Attributes:
        verb: in a list.
        noun: in a sentence.
        verb_of: in a list, with its subject, if that does not follow the verb.
        noun_of: in a sentence, with its subject, if `of` does not connect them.
        undo: on the button that undoes it, if that is not `Undo` with the noun.
    """

    verb: str
    noun: str
    verb_of: str = ""
    noun_of: str = ""
    undo: str = ""


_UNREADABLE: Final = "Unreadable (damaged log entry)", "unreadable transaction"
_WORDS: Final[Mapping[TransactionKind, _Words]] = {
    TransactionKind.ADD: _Words("Add", "addition"),
    TransactionKind.EDIT: _Words("Edit", "edit"),
    TransactionKind.ACTIVATE: _Words("Activate", "activation"),
    TransactionKind.INACTIVATE: _Words("Inactivate", "inactivation"),
    TransactionKind.SET: _Words("Set", "change"),
    TransactionKind.RENAME: _Words("Rename", "rename"),
    TransactionKind.PASSWORD: _Words("Change password", "password change", "Change password of {}"),
    TransactionKind.DELETE: _Words("Delete", "deletion"),
    TransactionKind.IMPORT: _Words("Import", "import"),
    # undoing an undo is a redo
    TransactionKind.UNDO: _Words("Undo", "undo", noun_of="undo of transaction {}", undo="Redo"),
    TransactionKind.REDO: _Words("Redo", "redo", noun_of="redo of transaction {}"),
    TransactionKind.SCRIPT: _Words("Script", "script", "Script '{}'", "script '{}'"),
    TransactionKind.TAKEOVER: _Words("Take over", "takeover"),
    TransactionKind.UNREADABLE: _Words(*_UNREADABLE, *_UNREADABLE, "Undo"),
}


def list_text(action: Action, users: int = 0) -> str:
    """Return what an action is, for a list: `Edit Anna Berg`, `Delete 3 users`, `Undo 12`.

    Args:
        action: the action.
        users: the number of affected users, if it is known.
    """
    words, subject = _WORDS[action.kind], _subject(action, users)
    return (words.verb_of or f"{words.verb} {{}}").format(subject) if subject else words.verb


def noun_text(action: Action, users: int = 0) -> str:
    """Return what an action is, inside a sentence: `edit of Anna Berg`, `import of sales.csv`.

    Args:
        action: the action.
        users: the number of affected users, if it is known.
    """
    words, subject = _WORDS[action.kind], _subject(action, users)
    return (words.noun_of or f"{words.noun} of {{}}").format(subject) if subject else words.noun


def heading(action: Action, users: int = 0) -> str:
    """Return what an action is, as a heading: `Undo of transaction 12 (edit of Anna Berg)`.

    Args:
        action: the action.
        users: the number of affected users, if it is known.
    """
    text = noun_text(action, users)
    if action.kind in _NUMBERED and action.details:
        text += f" ({sanitize(action.details, 2 * _SHOWN)})"
    return text[0].upper() + text[1:]


def signed_heading(transaction: TransactionSummary) -> str:
    """Return what a transaction was, whose, and when: `Edit of Anna Berg by mheller, 2026-11-25 …`.

    The time is that of the local time zone.
    """
    time = transaction.time.astimezone()
    what = heading(transaction.action, transaction.users)
    return f"{what} by {sanitize(transaction.login, _SHOWN)}, {time:%Y-%m-%d %H:%M}"


def undo_caption(action: Action) -> str:
    """Return the caption of the button that undoes an action: `Undo edit`, `Redo`."""
    words = _WORDS[action.kind]
    return words.undo or f"Undo {words.noun}"


def undone_text(transaction: TransactionSummary) -> str:
    """Return what its undo has done: `Undid edit of Anna Berg`, `Redid edit of Anna Berg`."""
    action = transaction.action
    if action.kind is not TransactionKind.UNDO:
        return f"Undid {noun_text(action, transaction.users)}"
    if not action.details:
        return short_undone_text(transaction)
    return f"Redid {sanitize(action.details, 2 * _SHOWN)}"


def short_undone_text(transaction: TransactionSummary) -> str:
    """Return what its undo has done, with the number only: `Undid transaction 12`."""
    if transaction.kind is TransactionKind.UNDO:
        return f"Redid transaction {_subject(transaction.action, transaction.users)}"
    return f"Undid transaction {transaction.number:,}"


def details_text(action: Action) -> str:
    """Return more about an action, for the view of one transaction; empty if there is no more."""
    # those of an undo are in its heading
    return "" if action.kind in _NUMBERED else sanitize(action.details, 1000)


def _subject(action: Action, users: int) -> str:
    if action.subject:
        return sanitize(action.subject, _SHOWN)
    return pluralize(users, "user") if users and action.kind in USER_ACTIONS else ""
