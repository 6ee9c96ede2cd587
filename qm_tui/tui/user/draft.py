"""A user who is being edited or added: what was typed so far, and what is wrong with it."""

from collections.abc import Mapping
from typing import Final

from qm_tui.store.changes.edit import Conflict
from qm_tui.store.state import State
from qm_tui.store.validation import ValidationOptions, validate_changes
from qm_tui.text import visible
from qm_tui.users.fields import FIELD, FIELDS, Field, User
from qm_tui.users.issues import Fault, shown_value
from qm_tui.users.passwords import Encrypted
from qm_tui.users.query.licenses import CALL_LICENSES, License, call_license_of
from qm_tui.users.warnings import warnings_of

NEEDS: Final[Mapping[str, Field]] = {
    "windows_login": FIELD["computer_recording_license"],
    "secondary_phone_ip": FIELD["dual_endpoints_enabled"],
}
"""Fields that count only where a flag is 1: the flag by their keys (users file, fields 17, 26)."""


class Draft:
    """What a user would be, if what is typed were saved.

    Args:
        before: the user as it was when the form was opened; of one who is added, what the form
            begins with.
        is_new: whether the user is added.
        allow_unlicensed: whether the admin chose that users may have no license.

    Attributes:
        user: the user as it would be. The password of a new one is not there before it is saved.
        conflicts: what somebody else saved meanwhile in fields that were changed here, by key.
    """

    def __init__(self, before: User, *, is_new: bool, allow_unlicensed: bool) -> None:
        self.before = self.user = before
        self.is_new = is_new
        self.terms = ValidationOptions(allow_unlicensed)
        self.conflicts: dict[str, Conflict] = {}

    @property
    def is_changed(self) -> bool:
        """Whether something would be saved that is not as it was."""
        return self.user != self.before

    @property
    def licenses(self) -> tuple[License, ...]:
        """The choices of licenses 14 and 15: none of them where that is allowed, or so already."""
        has_none = call_license_of(self.before) is License.NONE
        may_have_none = self.terms.allow_unlicensed or (has_none and not self.is_new)
        return CALL_LICENSES if may_have_none else CALL_LICENSES[:-1]

    def give(self, values: Mapping[str, str]) -> None:
        """Change values, by field key."""
        self.user = self.user._replace(**values)

    def is_needed(self, field: Field) -> bool:
        """Whether a field counts: what it depends on is so."""
        flag = NEEDS.get(field.key)
        return flag is None or self.user[flag.index] == "1"

    def faults(self, state: State, password: Encrypted | None = None) -> list[Fault]:
        """All that is wrong with it on a state of the store, warnings last.

        Args:
            state: the state.
            password: that of a new user, if it is known that one was typed.
        """
        user = self.user if password is None else self.user._replace(**password._asdict())
        found = validate_changes({user.user_id: user}, state, terms=self.terms)
        stored = None if self.is_new else state.users.get(user.user_id)
        return [*found.get(user.user_id, ()), *warnings_of(user, stored)]

    def take_over(self, now: User, conflicts: list[Conflict]) -> None:
        """Somebody else saved the user meanwhile: take over what was not changed here.

        Args:
            now: the user as it is now.
            conflicts: the fields that both changed.
        """
        mine = {
            one.key: self.user[one.index]
            for one in FIELDS
            if self.user[one.index] != self.before[one.index]
        }
        self.before, self.user = now, now._replace(**mine)
        self.conflicts = {one.field.key: one for one in conflicts if one.field is not None}

    def conflict_text(self, field: Field) -> str:
        """What somebody else saved in a field, and what stands here; empty without a conflict."""
        conflict = self.conflicts.get(field.key)
        if conflict is None:
            return ""
        if field.is_secret:
            return f"{field.name} was changed by somebody else meanwhile, and here."
        theirs = visible(shown_value(field, conflict.theirs)) or "empty"
        mine = visible(shown_value(field, conflict.mine)) or "empty"
        return f"Changed to {theirs} by somebody else meanwhile; here it is {mine}."
