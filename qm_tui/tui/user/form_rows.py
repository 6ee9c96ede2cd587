"""The rows of the user form: a name, an editor, and messages."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from qm_tui.text import pluralize
from qm_tui.tui.changes.value_picker import has_picker
from qm_tui.tui.keys.keymap import with_keys
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.text.severity_symbols import SEVERITY_SYMBOLS, severity_symbol
from qm_tui.tui.text.user_cells import LICENSE_NAMES
from qm_tui.tui.user.draft import DEPENDS_ON, UserDraft
from qm_tui.tui.user.field_form import FieldInput
from qm_tui.tui.widgets.option_row import RadioOption, RadioRow
from qm_tui.tui.widgets.suggester import Suggestions, in_use_text
from qm_tui.tui.widgets.text_input import SafeInput
from qm_tui.users.fields import FIELD, MAX_VALUE, Field
from qm_tui.users.issues import Issue, Severity
from qm_tui.users.passwords import PASSWORD_TOO_LONG, UNSUPPORTED_CHARACTER
from qm_tui.users.query.licenses import License, call_license_of, call_license_values

_LICENSES: Final = (FIELD["unlimited_license"], FIELD["on_demand_license"])
_NOT_SET: Final = "not set"
_NAMES: Final = 32
"""Width of the names in cells."""

_BOTH: Final = "both (invalid)"
_USE_OR_KEEP: Final = "<form.use_theirs>: use theirs, <form.save>: keep yours."


class InputRejected(Message):
    """A typed or pasted text was not accepted completely.

    Args:
        editor: the input.
        message: the reason.
    """

    def __init__(self, editor: Widget, message: str) -> None:
        super().__init__()
        self.editor, self.message = editor, message


class FormRow(Widget):
    """A row of the form: the name and the editor, and messages below them.

    It shows the values of a draft from its construction on, since keys may come at any time. The
    widget for messages is created when it is needed, since opening the form would take too long
    otherwise. A field that requires a flag has it always: the rows below must not move under the
    mouse when the flag changes.

    Args:
        fields: the fields that the row edits.
        name: the name shown before the editor.
        content: the editor, or a text that cannot be edited.
        is_required: whether a value is required.

    Attributes:
        editor: the widget that receives the focus, or None if the value cannot be edited.
    """

    def __init__(
        self, fields: Sequence[Field], name: str, content: Widget, *, is_required: bool = False
    ) -> None:
        super().__init__()
        self.fields, self.title = fields, name
        self.editor = content if content.can_focus else None
        self._label = f"{name}{'*' if is_required else ''}"
        self._label_line = Static(safe(f"  {self._label}"), classes="field-name")
        self._content = content
        self._shown: tuple[object, ...] = ((), "", "")
        self._is_reserved = any(field.requires for field in fields)
        self._below = Static(classes="field-said -reserved") if self._is_reserved else None

    def compose(self) -> ComposeResult:
        yield self._label_line
        yield self._content
        if self._below is not None:
            yield self._below

    def values(self) -> Mapping[str, str]:
        """Return the edited values, by field key."""
        return {}

    def show(self, draft: UserDraft) -> None:
        """Show the values of a draft."""

    def help(self, issues: Sequence[Issue], width: int) -> list[str]:
        """Return how to fix the problems of the field, or else what it means.

        Args:
            issues: the problems.
            width: the maximum width of a line in cells.
        """
        field = self.fields[0] if self.fields else FIELD["password"]  # that of its repetition
        return [issue.fix for issue in issues if issue.fix] or [field.meaning]

    def show_issues(self, issues: Sequence[Issue], conflict: str = "", note: str = "") -> None:
        """Show problems, a conflict with another admin, and why the field is not used."""
        if (issues, conflict, note) == self._shown:
            return  # so for most rows at each key
        self._shown = (issues, conflict, note)
        texts = [f"{SEVERITY_SYMBOLS[issue.severity]} {issue.message}" for issue in issues]
        if conflict:
            texts.insert(0, f"! {conflict} {with_keys(_USE_OR_KEEP)}")
        sign = "!" if conflict else severity_symbol(issues)
        self._label_line.update(safe(f"{sign} {self._label}"), layout=False)
        is_faulty = bool(conflict) or any(issue.severity is Severity.ERROR for issue in issues)
        self.set_class(is_faulty, "-faulty")
        lines = [safe(f"  {text}", 300).stylize("bold") for text in texts]
        if note:
            lines.append(safe(" " * _NAMES + note if texts else note))
        if self._below is None and lines:
            self._below = Static(classes="field-said")
            self.mount(self._below)
        if self._below is not None:
            self._below.update(Content("\n").join(lines))
            self._below.set_class(bool(note and not texts), "-note")
            self._below.display = bool(lines) or self._is_reserved

    @property
    def message(self) -> str:
        """The messages shown now."""
        below = self._below
        return str(below.content) if below is not None and below.display else ""


class FormInput(FieldInput):
    """An input of the form. It reports text that it does not accept, and suggests values in use.

    Args:
        in_use: the values of its field that are in use, most frequent first.
    """

    def __init__(self, in_use: Sequence[str]) -> None:
        super().__init__()
        if in_use:
            self.suggester = Suggestions(lambda: in_use)

    def on_characters_dropped(self, characters: int) -> None:
        """Report nonprintable characters, which were removed."""
        text = f"Removed {pluralize(characters, 'nonprintable character')}"
        self.post_message(InputRejected(self, text))

    def too_long(self, characters: int) -> None:
        """Report that a text was not inserted."""
        text = (
            f"{self.field.name} would be too long: {characters:,} characters "
            f"(maximum {MAX_VALUE:,}). Nothing was inserted"
        )
        self.post_message(InputRejected(self, text))


class TextRow(FormRow):
    """A row with an input.

    Args:
        field: the field.
        draft: the user.
        in_use: its values that are in use, most frequent first.
    """

    def __init__(self, field: Field, draft: UserDraft, in_use: Sequence[str] = ()) -> None:
        self.field, self._in_use = field, in_use
        self.input = FormInput(in_use)
        self.input.show(field, draft.user[field.index], "")
        super().__init__([field], field.name, self.input, is_required=field.required)
        self.show(draft)

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

    def help(self, issues: Sequence[Issue], width: int) -> list[str]:
        """Return the help, and the values in use that start with the typed text."""
        lines = super().help(issues, width)
        if has_picker(self.field):
            lines.append(in_use_text(self.values()[self.field.key], self._in_use, width))
        return lines


class _Choice(NamedTuple):
    """An option of a row, and the values that it stands for, by field key."""

    label: str
    values: Mapping[str, str]


class ChoiceRow(FormRow):
    """A row with a choice: a yes/no field, or the licenses of fields 14 and 15 as one choice.

    Invalid values are one of the options until they are changed.

    Args:
        field: the field; either of the licenses for both.
        draft: the user.
    """

    def __init__(self, field: Field, draft: UserDraft) -> None:
        is_license = field in _LICENSES
        self._choices: Sequence[_Choice] = ()
        self._line = RadioRow([RadioOption("0", "")])
        super().__init__(
            _LICENSES if is_license else [field],
            "Call recording license" if is_license else field.name,
            self._line,
            is_required=is_license or field.required,
        )
        self.set_class(is_license, "-wide-options")
        self.show(draft)

    def values(self) -> Mapping[str, str]:
        """Return the values of the selected option."""
        return self._choices[int(self._line.value)].values

    def show(self, draft: UserDraft) -> None:
        """Show the options, and select that of the draft."""
        is_license = len(self.fields) > 1
        selected, self._choices = (
            _license_choices(draft) if is_license else _flag_choices(self.fields[0], draft)
        )
        options = [RadioOption(str(at), label) for at, (label, _) in enumerate(self._choices)]
        self._line.show(options, str(selected))


def _flag_choices(field: Field, draft: UserDraft) -> tuple[int, Sequence[_Choice]]:
    """Return the index of the selected option, and the options."""
    value = draft.user[field.index]
    labels = {"1": "yes", "0": "no"}
    if not field.required and "" in (value, draft.before[field.index]):
        labels[""] = _NOT_SET
    labels.setdefault(value, value or _NOT_SET)
    choices = [_Choice(label, {field.key: flag}) for flag, label in labels.items()]
    return list(labels).index(value), choices


def _license_choices(draft: UserDraft) -> tuple[int, Sequence[_Choice]]:
    """Return the index of the selected option, and the options."""
    choices = [
        _Choice(LICENSE_NAMES[license], call_license_values(license)) for license in draft.licenses
    ]
    current = call_license_of(draft.user)
    if current is not None and current in draft.licenses:
        return draft.licenses.index(current), choices
    label = _BOTH if current is None else LICENSE_NAMES[License.NONE]
    choices.append(_Choice(label, {field.key: draft.user[field.index] for field in _LICENSES}))
    return len(choices) - 1, choices


class SecretInput(SafeInput):
    """A masked input for a password.

    A password with unsupported characters is not accepted, rather than altered.
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(MAX_VALUE, id=id)
        self.password = True

    def on_characters_dropped(self, characters: int) -> None:
        """Clear the input, and report the unsupported characters."""
        self.value = ""
        self.post_message(InputRejected(self, UNSUPPORTED_CHARACTER))

    def too_long(self, characters: int) -> None:
        """Report that the password is too long."""
        self.post_message(InputRejected(self, PASSWORD_TOO_LONG))


def note_of(field: Field, draft: UserDraft) -> str:
    """Return why a field is not used; an empty string if it is used."""
    return "" if draft.is_applicable(field) else f"requires {DEPENDS_ON[field.key].name}"
