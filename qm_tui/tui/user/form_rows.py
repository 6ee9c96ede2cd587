"""The rows of the user form: a name, an editor, and messages."""

from collections.abc import Mapping, Sequence
from typing import Final

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from qm_tui.text import pluralize
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.text.severity_symbols import SEVERITY_SYMBOLS, severity_symbol
from qm_tui.tui.user.draft import DEPENDS_ON, UserDraft
from qm_tui.tui.user.field_form import FieldInput
from qm_tui.tui.widgets.option_row import RadioOption, RadioRow
from qm_tui.tui.widgets.suggester import Suggestions
from qm_tui.tui.widgets.text_input import SafeInput
from qm_tui.users.fields import FIELD, MAX_VALUE, Field, User
from qm_tui.users.issues import Issue, Severity
from qm_tui.users.passwords import PASSWORD_TOO_LONG, UNSUPPORTED_CHARACTER
from qm_tui.users.query.licenses import License, call_license_of, call_license_values

_LICENSES: Final = (FIELD["unlimited_license"], FIELD["on_demand_license"])
_NOT_SET: Final = "not set"
_FLAGS: Final = {"1": "yes", "0": "no", "": _NOT_SET}
_LICENSE_WORDS: Final = {
    License.UNLIMITED: "Unlimited",
    License.ON_DEMAND: "On-Demand",
    License.NONE: "none",
}
_NAMES: Final = 32
"""Width of the names in cells."""

_BOTH: Final = "both (invalid)"
_USE_OR_KEEP: Final = "F3: use theirs, F2: keep yours."


class FormRow(Widget):
    """A row of the form: the name and the editor, and messages below them.

    It shows the values of a draft from its construction on, since keys may come at any time. The
    widget for messages is created when it is needed, since opening the form would take too long
    otherwise. A field that requires a flag has it always: the rows below must not move under the
    mouse when the flag changes.

    Args:
        fields: the fields that the row edits.
        name: the name shown before the editor.
        is_required: whether a value is required.
    """

    class InputRejected(Message):
        """A typed or pasted text was not accepted completely.

        Args:
            row: the row.
            message: the reason, without a full stop at its end.
        """

        def __init__(self, row: "FormRow", message: str) -> None:
            super().__init__()
            self.row, self.message = row, message

    def __init__(self, fields: Sequence[Field], name: str, *, is_required: bool = False) -> None:
        super().__init__()
        self.fields = fields
        self.title = name
        self._label = f"{name}{'*' if is_required else ''}"
        self._shown: tuple[object, ...] = ((), "", "")
        self._label_line = Static(safe(f"  {self._label}"), classes="field-name")
        is_reserved = any(field.requires for field in fields)
        self._below = Static(classes="field-said -reserved") if is_reserved else None
        self._is_reserved = is_reserved

    def make_editor(self) -> Widget:
        """Return the widget that edits the value."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield self._label_line
        yield self.make_editor()
        if self._below is not None:
            yield self._below

    @property
    def editor(self) -> Widget | None:
        """The widget that receives the focus, or None if the value cannot be edited."""
        return None

    def values(self) -> Mapping[str, str]:
        """Return the edited values, by field key."""
        return {}

    def show(self, draft: UserDraft) -> None:
        """Show the values of a draft."""

    def show_issues(self, issues: Sequence[Issue], conflict: str = "", note: str = "") -> None:
        """Show problems, a conflict with another admin, and why the field is not used."""
        if (issues, conflict, note) == self._shown:
            return  # so for most rows at each key
        self._shown = (issues, conflict, note)
        texts = [f"{SEVERITY_SYMBOLS[issue.severity]} {issue.message}" for issue in issues]
        if conflict:
            texts.insert(0, f"! {conflict} {_USE_OR_KEEP}")
        sign = "!" if conflict else severity_symbol(issues)
        self._label_line.update(safe(f"{sign} {self._label}"), layout=False)
        is_faulty = bool(conflict) or any(issue.severity is Severity.ERROR for issue in issues)
        self.set_class(is_faulty, "-faulty")
        lines = [safe(f"  {text}", 300).stylize("bold") for text in texts]
        if note:
            lines.append(safe(" " * _NAMES + note))
        if self._below is None and lines:
            self._below = Static(classes="field-said")
            self.mount(self._below)
        if self._below is not None:
            self._below.update(Content("\n").join(lines))
            self._below.display = bool(lines) or self._is_reserved

    @property
    def message(self) -> str:
        """The messages shown now."""
        is_shown = self._below is not None and self._below.display
        return str(self._below.content) if is_shown and self._below is not None else ""


class FixedRow(FormRow):
    """A row with a text that cannot be edited.

    Args:
        fields: the fields that the row is about.
        name: the name shown before the text.
        text: the text.
    """

    def __init__(self, fields: Sequence[Field], name: str, text: str) -> None:
        super().__init__(fields, name)
        self._text = text

    def make_editor(self) -> Widget:
        """Return the text."""
        return Static(safe(self._text), classes="field-fixed")


class TextRow(FormRow):
    """A row with an input.

    Args:
        field: the field.
        draft: the user.
        in_use: its values that are in use, most frequent first.
    """

    def __init__(self, field: Field, draft: UserDraft, in_use: Sequence[str] = ()) -> None:
        super().__init__([field], field.name, is_required=field.required)
        self.field = field
        self.in_use = in_use
        self.input = FormInput(self)
        self.input.show(field, draft.user[field.index], "")
        self.show(draft)

    def make_editor(self) -> Widget:
        """Return the input."""
        return self.input

    @property
    def editor(self) -> Widget | None:
        """The input."""
        return self.input

    def values(self) -> Mapping[str, str]:
        """Return the typed value, without surrounding blanks."""
        return {self.field.key: self.input.typed or ""}

    def show(self, draft: UserDraft) -> None:
        """Show the value. The input is disabled if the field is not used."""
        value = draft.user[self.field.index]
        if value != (self.input.typed or ""):
            self.input.show(self.field, value, "")
        self.input.disabled = not draft.is_applicable(self.field)
        if self.input.disabled:
            self.show_issues((), "", note_of(self.field, draft))


class FormInput(FieldInput):
    """An input of the form. It reports text that it does not accept, and suggests values in use.

    Args:
        row: its row.
    """

    def __init__(self, row: TextRow) -> None:
        super().__init__()
        self._row = row
        if row.in_use:
            self.suggester = Suggestions(lambda: row.in_use)

    def on_characters_dropped(self, characters: int) -> None:
        """Report nonprintable characters, which were removed."""
        text = f"Removed {pluralize(characters, 'nonprintable character')}"
        self.post_message(FormRow.InputRejected(self._row, text))

    def too_long(self, characters: int) -> None:
        """Report that a text was not inserted."""
        text = (
            f"{self._row.title} would be too long: {characters:,} characters "
            f"(maximum {MAX_VALUE:,}). Nothing was inserted"
        )
        self.post_message(FormRow.InputRejected(self._row, text))


class FlagRow(FormRow):
    """A row for a yes/no field.

    Args:
        field: the field.
        draft: the user.
    """

    def __init__(self, field: Field, draft: UserDraft) -> None:
        super().__init__([field], field.name, is_required=field.required)
        self.field = field
        self._line = RadioRow(self._options(draft), draft.user[field.index])

    def make_editor(self) -> Widget:
        """Return the choices."""
        return self._line

    @property
    def editor(self) -> Widget | None:
        """The choices."""
        return self._line

    def values(self) -> Mapping[str, str]:
        """Return the flag."""
        return {self.field.key: self._line.value}

    def show(self, draft: UserDraft) -> None:
        """Show the choices."""
        self._line.show(self._options(draft), draft.user[self.field.index])

    def _options(self, draft: UserDraft) -> Sequence[RadioOption]:
        """Return the choices. An invalid value is one of them until it is changed."""
        value = draft.user[self.field.index]
        options = [RadioOption("1", "yes"), RadioOption("0", "no")]
        if not self.field.required and "" in (value, draft.before[self.field.index]):
            options.append(RadioOption("", _FLAGS[""]))
        if value not in _FLAGS or (self.field.required and not value):
            options.append(RadioOption(value, value or _NOT_SET))
        return options


class LicenseRow(FormRow):
    """The row that edits fields 14 and 15 as one choice.

    Args:
        draft: the user.
    """

    def __init__(self, draft: UserDraft) -> None:
        super().__init__(_LICENSES, "Call recording license", is_required=True)
        self._original: Mapping[str, str] = {}
        self._line = RadioRow(*self._choices(draft))

    def make_editor(self) -> Widget:
        """Return the choices."""
        return self._line

    @property
    def editor(self) -> Widget | None:
        """The choices."""
        return self._line

    def values(self) -> Mapping[str, str]:
        """Return both flags."""
        if not self._line.value:
            return self._original
        return call_license_values(License(self._line.value))

    def show(self, draft: UserDraft) -> None:
        """Show the choices."""
        self._line.show(*self._choices(draft))

    def _choices(self, draft: UserDraft) -> tuple[Sequence[RadioOption], str]:
        """Return the choices, and the value of the selected one.

        Invalid flags are one of the choices until they are changed.
        """
        options = [
            RadioOption(license.value, _LICENSE_WORDS[license]) for license in draft.licenses
        ]
        current = call_license_of(draft.user)
        value = current.value if current in draft.licenses and current is not None else ""
        if not value:
            self._original = _flags_of(draft.user)
            options.append(
                RadioOption("", _BOTH if current is None else _LICENSE_WORDS[License.NONE])
            )
        return options, value


def _flags_of(user: User) -> Mapping[str, str]:
    return {field.key: user[field.index] for field in _LICENSES}


class SecretInput(SafeInput):
    """A masked input for a password.

    A password with unsupported characters is not accepted, rather than altered.
    """

    class InputRejected(Message):
        """A pasted text was not accepted.

        Args:
            message: the error message.
        """

        def __init__(self, message: str) -> None:
            super().__init__()
            self.message = message

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(MAX_VALUE, id=id)
        self.password = True

    def on_characters_dropped(self, characters: int) -> None:
        """Clear the input, and report the unsupported characters."""
        self.value = ""
        self.post_message(self.InputRejected(UNSUPPORTED_CHARACTER))

    def too_long(self, characters: int) -> None:
        """Report that the password is too long."""
        self.post_message(self.InputRejected(PASSWORD_TOO_LONG))


class PasswordRow(FormRow):
    """A row for the password of a new user.

    Args:
        name: the name shown before the input.
        fields: the field, or none for the repeated password.
    """

    def __init__(self, name: str, fields: Sequence[Field]) -> None:
        super().__init__(fields, name, is_required=True)
        self.input = SecretInput()

    def make_editor(self) -> Widget:
        """Return the input."""
        return self.input

    @property
    def editor(self) -> Widget | None:
        """The input."""
        return self.input


def note_of(field: Field, draft: UserDraft) -> str:
    """Return why a field is not used; an empty string if it is used."""
    return "" if draft.is_applicable(field) else f"requires {DEPENDS_ON[field.key].name}"
