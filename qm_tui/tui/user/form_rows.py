"""The rows of the form in which a user is edited: a name, an editor, and what is to be said."""

from collections.abc import Mapping, Sequence
from typing import Final

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from qm_tui.text import counted
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.text.severity_symbols import SIGNS, sign_of
from qm_tui.tui.user.draft import NEEDS, Draft
from qm_tui.tui.user.field_form import FieldInput
from qm_tui.tui.widgets.option_row import ChoiceLine, Option
from qm_tui.tui.widgets.suggester import Suggestions
from qm_tui.tui.widgets.text_input import PlainInput
from qm_tui.users.fields import FIELD, MAX_VALUE, Field, User
from qm_tui.users.issues import Fault, Severity
from qm_tui.users.query.licenses import License, call_license_of, call_license_values

_LICENSES: Final = (FIELD["unlimited_license"], FIELD["on_demand_license"])
_FLAGS: Final = {"1": "yes", "0": "no", "": "not said"}
_LICENSE_WORDS: Final = {
    License.UNLIMITED: "Unlimited",
    License.ON_DEMAND: "On-Demand",
    License.NONE: "none",
}
_NAMES: Final = 32
"""Cells of the names' column."""

_BOTH: Final = "both, which cannot be"


class FormRow(Widget):
    """A row of the form: the name and the editor, and below them what is to be said.

    The line for that is made once it is needed: to make all of them with the form would take
    twice as long as a key may wait.

    Args:
        fields: the fields that it is about.
        name: what is said before the editor.
        is_mandatory: whether there must be a value.
    """

    class Refused(Message):
        """What was typed or pasted was not taken, or not all of it.

        Args:
            row: in which row.
            sentence: why.
        """

        def __init__(self, row: "FormRow", sentence: str) -> None:
            super().__init__()
            self.row, self.sentence = row, sentence

    def __init__(self, fields: Sequence[Field], name: str, *, is_mandatory: bool = False) -> None:
        super().__init__()
        self.fields = fields
        self.title = name
        self._label = f"{name}{'*' if is_mandatory else ''}"
        self._shown: tuple[object, ...] = ((), "", "")
        self._label_line = Static(safe(f"  {self._label}"), classes="field-name")
        self._below: Static | None = None

    def make_editor(self) -> Widget:
        """The widget in which the value is given."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The name and the editor in one line."""
        yield self._label_line
        yield self.make_editor()

    @property
    def editor(self) -> Widget | None:
        """What takes the focus; None where nothing can be changed."""
        return None

    def values(self) -> Mapping[str, str]:
        """The values as they stand now, by field key."""
        return {}

    def show(self, draft: Draft) -> None:
        """Show the values of a draft."""

    def say(self, faults: Sequence[Fault], conflict: str = "", note: str = "") -> None:
        """Say what is wrong with it, what somebody else saved, and why it does not count."""
        if (faults, conflict, note) == self._shown:
            return  # most rows at most keys
        self._shown = (faults, conflict, note)
        lines = [f"{SIGNS[one.severity]} {one.message}" for one in faults]
        if conflict:
            lines.insert(0, f"! {conflict} F3 takes the other, F2 saves this.")
        sign = "!" if conflict else sign_of(faults)
        self._label_line.update(safe(f"{sign} {self._label}"), layout=False)
        is_faulty = bool(conflict) or any(one.severity is Severity.ERROR for one in faults)
        self.set_class(is_faulty, "-faulty")
        said = [safe(f"  {line}", 300).stylize("bold") for line in lines]
        if note:
            said.append(safe(" " * _NAMES + note))
        if self._below is None and said:
            self._below = Static(classes="field-said")
            self.mount(self._below)
        if self._below is not None:
            self._below.update(Content("\n").join(said))
            self._below.display = bool(said)

    @property
    def said(self) -> str:
        """What is said below it now."""
        is_shown = self._below is not None and self._below.display
        return str(self._below.content) if is_shown and self._below is not None else ""


class FixedRow(FormRow):
    """A row that says something that cannot be changed here.

    Args:
        fields: the fields that it is about.
        name: what is said before it.
        text: what is said of a user.
    """

    def __init__(self, fields: Sequence[Field], name: str, text: str) -> None:
        super().__init__(fields, name)
        self._text = text

    def make_editor(self) -> Widget:
        """The text."""
        return Static(safe(self._text), classes="field-fixed")


class TextRow(FormRow):
    """A row with a line to type in.

    Args:
        field: the field.
        in_use: the values of it that users have, those of most users first.
    """

    def __init__(self, field: Field, in_use: Sequence[str] = ()) -> None:
        super().__init__([field], field.name, is_mandatory=field.mandatory)
        self.field = field
        self.in_use = in_use
        self._input = FormInput(self)

    def make_editor(self) -> Widget:
        """The line."""
        return self._input

    @property
    def editor(self) -> Widget | None:
        """The line."""
        return self._input

    def values(self) -> Mapping[str, str]:
        """What is typed, without blanks around it."""
        return {self.field.key: self._input.typed or ""}

    def show(self, draft: Draft) -> None:
        """Show the value, and whether it counts."""
        value = draft.user[self.field.index]
        if value != (self._input.typed or ""):
            self._input.show(self.field, value, "")
        self._input.field = self.field
        self._input.disabled = not draft.is_needed(self.field)

    def begin(self, draft: Draft) -> None:
        """Show the value that the draft begins with."""
        self._input.show(self.field, draft.user[self.field.index], "")
        self.show(draft)


class FormInput(FieldInput):
    """A line of the form. It says what it does not take, and suggests values in use.

    Args:
        row: its row.
    """

    def __init__(self, row: TextRow) -> None:
        super().__init__()
        self._row = row
        if row.in_use:
            self.suggester = Suggestions(lambda: row.in_use)

    def left_out(self, characters: int) -> None:
        """Say that characters were left out."""
        count = counted(characters, "character")
        are = "was" if characters == 1 else "were"
        text = f"{count} that cannot be shown {are} left out of what was pasted or typed"
        self.post_message(FormRow.Refused(self._row, text))

    def too_long(self, characters: int) -> None:
        """Say that it would be too long."""
        name = self._row.title
        self.post_message(
            FormRow.Refused(
                self._row,
                f"{name} would have {characters:,} characters, {MAX_VALUE:,} at most are allowed: "
                "it stays as it was",
            )
        )


class FlagRow(FormRow):
    """A row with yes and no.

    Args:
        field: the field.
    """

    def __init__(self, field: Field) -> None:
        super().__init__([field], field.name, is_mandatory=field.mandatory)
        self.field = field
        self._line = ChoiceLine()

    def make_editor(self) -> Widget:
        """The choices."""
        return self._line

    @property
    def editor(self) -> Widget | None:
        """The choices."""
        return self._line

    def values(self) -> Mapping[str, str]:
        """The flag."""
        return {self.field.key: self._line.value}

    def show(self, draft: Draft) -> None:
        """Show the choice. What another program put there is one as well, until it is changed."""
        value = draft.user[self.field.index]
        options = [Option("1", "yes"), Option("0", "no")]
        if not self.field.mandatory and "" in (value, draft.before[self.field.index]):
            options.append(Option("", _FLAGS[""]))
        if value not in _FLAGS or (self.field.mandatory and not value):
            options.append(Option(value, value or "not said"))
        self._line.show(options, value)


class LicenseRow(FormRow):
    """The row with licenses 14 and 15 as one choice."""

    def __init__(self) -> None:
        super().__init__(_LICENSES, "Call recording license", is_mandatory=True)
        self._line = ChoiceLine()
        self._kept: Mapping[str, str] = {}

    def make_editor(self) -> Widget:
        """The choices."""
        return self._line

    @property
    def editor(self) -> Widget | None:
        """The choices."""
        return self._line

    def values(self) -> Mapping[str, str]:
        """Both flags."""
        if not self._line.value:
            return self._kept
        return call_license_values(License(self._line.value))

    def show(self, draft: Draft) -> None:
        """Show the choice; both at once, if another program put that there."""
        options = [Option(one.value, _LICENSE_WORDS[one]) for one in draft.licenses]
        license = call_license_of(draft.user)
        chosen = license.value if license in draft.licenses and license is not None else ""
        if not chosen:
            self._kept = _flags_of(draft.user)
            options.append(Option("", _BOTH if license is None else _LICENSE_WORDS[License.NONE]))
        self._line.show(options, chosen)


def _flags_of(user: User) -> Mapping[str, str]:
    return {field.key: user[field.index] for field in _LICENSES}


class SecretInput(PlainInput):
    """A line in which a password is typed. Nothing of it is shown.

    A password that holds what cannot be typed is not altered, and not taken.
    """

    class Refused(Message):
        """What was pasted was not taken.

        Args:
            sentence: why.
        """

        def __init__(self, sentence: str) -> None:
            super().__init__()
            self.sentence = sentence

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(MAX_VALUE, id=id)
        self.password = True

    def left_out(self, characters: int) -> None:
        """Take nothing of it, and say so."""
        self.value = ""
        self.post_message(
            self.Refused("The password contains a character that cannot be typed. Type it anew")
        )

    def too_long(self, characters: int) -> None:
        """Say that it is too long."""
        self.post_message(self.Refused(f"A password has {MAX_VALUE:,} characters at most"))


class PasswordRow(FormRow):
    """A row in which the password of a new user is typed.

    Args:
        name: what is said before it.
    """

    def __init__(self, name: str, fields: Sequence[Field]) -> None:
        super().__init__(fields, name, is_mandatory=True)
        self.input = SecretInput()

    def make_editor(self) -> Widget:
        """The line."""
        return self.input

    @property
    def editor(self) -> Widget | None:
        """The line."""
        return self.input


def note_of(field: Field, draft: Draft) -> str:
    """Why a field does not count; empty where it does."""
    return "" if draft.is_needed(field) else f"only with {NEEDS[field.key].name}"
