"""A user that is being edited or added: its unsaved values, and their validation."""

from collections.abc import Mapping
from typing import Final

from qm_tui.store.changes.edit import MergeConflict
from qm_tui.store.look_alikes import look_alike_issue
from qm_tui.store.state import State
from qm_tui.store.validation import ValidationOptions, validate_changes
from qm_tui.tui.text.user_details import value_text
from qm_tui.users.fields import FIELD, FIELDS, Field, User
from qm_tui.users.issues import Issue, redact_value
from qm_tui.users.new_values import ValuesInUse
from qm_tui.users.passwords import EncryptedPassword
from qm_tui.users.query.licenses import CALL_LICENSES, License, call_license_of
from qm_tui.users.warnings import user_warnings

DEPENDS_ON: Final[Mapping[str, Field]] = {
    field.key: FIELD[field.requires] for field in FIELDS if field.requires
}
"""The flag that a field requires, by the key of the field (users file, fields 17 and 26)."""

_EMPTY: Final = "(empty)"


class UserDraft:
    """A user with unsaved changes.

    Args:
        before: the user when the form was opened, or the initial values of a new user.
        is_new: whether the user is being added.
        allow_unlicensed: whether users without a license are allowed, by the saved options.

    Attributes:
        user: the user with the changes. A new user has no password before it is saved.
        conflicts: the conflicts with changes by another admin, by field key.
    """

    def __init__(self, before: User, *, is_new: bool, allow_unlicensed: bool) -> None:
        self.before = self.user = before
        self.is_new = is_new
        self.options = ValidationOptions(allow_unlicensed)
        self.conflicts: dict[str, MergeConflict] = {}

    @property
    def is_changed(self) -> bool:
        """Whether there are changes to save."""
        return self.user != self.before

    @property
    def licenses(self) -> tuple[License, ...]:
        """The choices for fields 14 and 15. Includes no license if allowed, or if it is so now."""
        has_none = call_license_of(self.before) is License.NONE
        may_have_none = self.options.allow_unlicensed or (has_none and not self.is_new)
        return CALL_LICENSES if may_have_none else CALL_LICENSES[:-1]

    def set_values(self, values: Mapping[str, str]) -> None:
        """Set values, by field key."""
        self.user = self.user._replace(**values)

    def is_applicable(self, field: Field) -> bool:
        """Return whether a field is used: it requires no flag, or the flag is set."""
        flag = DEPENDS_ON.get(field.key)
        return flag is None or self.user[flag.index] == "1"

    def validate(
        self, state: State, in_use: ValuesInUse, password: EncryptedPassword | None = None
    ) -> list[Issue]:
        """Validate the user against a state of the store.

        Args:
            state: the state.
            in_use: the values in use.
            password: the password of a new user, if one was typed.

        Returns:
            Errors, then warnings.
        """
        user = self.user if password is None else self.user._replace(**password._asdict())
        errors = validate_changes({user.user_id: user}, state, options=self.options)
        stored = None if self.is_new else state.user(user.user_id)
        warnings = [*user_warnings(user, stored), *in_use.issues(user, stored)]
        warnings += filter(None, (look_alike_issue(user, stored, state),))
        return [*errors.get(user.user_id, ()), *warnings]

    def rebase(self, stored: User, conflicts: list[MergeConflict]) -> None:
        """Merge the values that another admin has saved in the meantime.

        Args:
            stored: the user in the store.
            conflicts: the fields that both changed.
        """
        mine = {
            field.key: self.user[field.index]
            for field in FIELDS
            if self.user[field.index] != self.before[field.index]
        }
        self.before, self.user = stored, stored._replace(**mine)
        self.conflicts = {
            conflict.field.key: conflict for conflict in conflicts if conflict.field is not None
        }

    def conflict_text(self, field: Field) -> str:
        """Describe the conflict of a field; an empty string if there is none."""
        conflict = self.conflicts.get(field.key)
        if conflict is None:
            return ""
        if field.is_secret:
            return f"Another admin changed {field.name}, too."
        theirs, mine = _text(field, conflict.theirs), _text(field, conflict.mine)
        return f"Another admin changed {field.name} to {theirs}; your value is {mine}."


def _text(field: Field, value: str) -> str:
    return value_text(field, redact_value(field, value)) or _EMPTY
