"""The summary above the records of a preview: findings, counts, problems, licenses, options."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final, NamedTuple

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from qm_tui.text import fitted, visible
from qm_tui.transfer.importing import Prepared
from qm_tui.transfer.options.import_options import Choices
from qm_tui.transfer.planning.plan import LISTED, Group, Plan
from qm_tui.transfer.planning.plan_text import (
    SEVERITY_WORDS,
    TOTAL_WORDS,
    choices_text,
    corrected_text,
    counts_text,
    cured_by,
    taken_text,
)
from qm_tui.tui.text.safe_content import safe
from qm_tui.users.issues import Severity

_LABEL: Final = 9
_COUNT: Final = 4
_CORRECT: Final = "c  correct manually"
_MOST_FINDINGS: Final = 4
"""Lines of findings that are shown even if groups of problems need the room."""


class HeadLine(NamedTuple):
    """A line above the records.

    Attributes:
        text: the sanitized text.
        is_bold: whether it is bold.
        group: the group of problems that the line shows.
        cure_at: the cell where the fix of the group starts; 0 if the line shows no fix.
    """

    text: str
    is_bold: bool = False
    group: Group | None = None
    cure_at: int = 0


class PreviewHead(Static):
    """The lines above the records. A click on a group shows it; a click on its fix applies it."""

    ALLOW_SELECT = False

    class CureChosen(Message):
        """The fix of a group was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class GroupChosen(Message):
        """A group was clicked."""

        def __init__(self, group: Group) -> None:
            super().__init__()
            self.group = group

    def __init__(self) -> None:
        super().__init__(id="head")
        self._lines: Sequence[HeadLine] = ()

    def show(self, lines: Sequence[HeadLine]) -> None:
        """Show the lines."""
        self._lines = lines
        self.styles.height = len(lines)
        styled = [safe(line.text).stylize("bold" if line.is_bold else "") for line in lines]
        self.update(Content("\n").join(styled))

    def on_click(self, event: events.Click) -> None:
        """Apply the fix that was clicked, or show the group."""
        offset = event.get_content_offset(self)
        if offset is None or not 0 <= offset.y < len(self._lines):
            return
        line = self._lines[offset.y]
        if line.group is None:
            return
        if line.group.cure is not None and line.cure_at and offset.x >= line.cure_at:
            self.post_message(self.CureChosen(line.group.cure.key))
        else:
            self.post_message(self.GroupChosen(line.group))


_NARROWEST: Final = 20


def head_lines(
    prepared: Prepared, notice: str, width: int, height: int, *, shows_counts: bool = True
) -> list[HeadLine]:
    """Return the summary of a planned import in at most `height` lines.

    Args:
        prepared: the import.
        notice: a message shown first; may be empty.
        width: the cells of a line.
        height: the number of lines available.
        shows_counts: whether to show the number of records by result.
    """
    plan = prepared.plan
    width = max(width, _NARROWEST)  # a terminal that is too small shows none of it
    first = [HeadLine(line, is_bold=True) for line in wrap(notice, width, max_lines=3)]
    counts_lines = wrap(counts_text(plan), width) if shows_counts else []
    counts = [HeadLine(line, is_bold=True) for line in counts_lines]
    last = [*_totals(plan, width), *_chosen(plan.choices, width), *_notes(prepared, width)]
    findings = [HeadLine(line) for line in _packed(prepared.findings.sentences, width)]
    groups = list(_groups(plan, width))
    errors = sum(group.severity is Severity.ERROR for group in plan.groups)
    room = height - len(first) - len(counts) - len(last)
    if len(findings) + len(groups) > room:
        findings = _cut(findings, max(_MOST_FINDINGS, room - len(groups)), width)
    room -= len(findings)
    if len(groups) > room:
        # groups of errors must not displace all groups of warnings and their fixes
        kept = min(errors, max(room // 2, room - (len(groups) - errors)))
        warnings = groups[errors:]
        groups = _cut(groups[:errors], kept, width) if errors else []
        groups += _cut(warnings, room - len(groups), width) if warnings else []
    return (first + findings + counts + groups + last)[: max(1, height)]


def _cut(lines: list[HeadLine], room: int, width: int) -> list[HeadLine]:
    """Return the first lines, followed by the number of lines omitted."""
    room = max(1, room)
    if len(lines) <= room:
        return lines
    more = f"… {len(lines) - room + 1:,} more (w saves the report)"
    return [*lines[: room - 1], HeadLine(fitted(more, width))]


def _packed(sentences: Sequence[str], width: int) -> Iterator[str]:
    """Pack sentences into lines: short ones share a line, long ones take two."""
    line = ""
    for sentence in sentences:
        together = f"{line}  {sentence}" if line else sentence
        if len(together) <= width and together.endswith("."):
            line = together
            continue
        if line:
            yield line
        *whole, line = wrap(sentence, width, max_lines=2, placeholder=" …") or [""]
        yield from whole
        if not line.endswith("."):
            yield line
            line = ""
    if line:
        yield line


def _groups(plan: Plan, width: int) -> Iterator[HeadLine]:
    """Yield the groups of problems, each with its fix and the key of the fix."""
    fixes = [_cure(group, plan) for group in plan.groups]
    errors = [group for group in plan.groups if group.severity is Severity.ERROR]
    for index, group in enumerate(errors):
        if group.cure is None and plan.outcomes and plan.outcomes.values.get(group.first):
            fixes[index] = _CORRECT
            break
    count = max((len(f"{group.records:,}") for group in plan.groups), default=0)
    count = max(_COUNT, count)
    room = max(20, width - _LABEL - count - 4 - max(map(len, fixes), default=0))
    severity: Severity | None = None
    for group, fix in zip(plan.groups, fixes, strict=True):
        label = SEVERITY_WORDS[group.severity] if group.severity is not severity else ""
        severity = group.severity
        text = f"{label:<{_LABEL}}{group.records:>{count},}  "
        fix_at = len(text) + room + 2
        if fix:
            text += f"{fitted(visible(group.reason, 300), room)}  {fix}"
        else:
            text += visible(group.reason, 300)
        yield HeadLine(fitted(text, width), False, group, fix_at if fix and group.cure else 0)


def _cure(group: Group, plan: Plan) -> str:
    value = cured_by(group.cure, plan.choices)
    if group.cure is None or value is None:
        return ""
    return f"{group.cure.letter or 'o':<2} {value.cure}"


def _totals(plan: Plan, width: int) -> Iterator[HeadLine]:
    """Yield the licenses and the active users before and after, in as few lines as possible."""
    keys = sorted(TOTAL_WORDS, key=lambda key: key == "is_active")  # licenses first
    parts = [
        f"{TOTAL_WORDS[key]} {plan.totals[key].before:,} → {plan.totals[key].after:,}"
        for key in keys
        if key in plan.totals
    ]
    label, line = f"{'Licenses':<{_LABEL}}  ", ""
    for part in parts:
        together = f"{line}   {part}" if line else part
        if line and len(label) + len(together) > width:
            yield HeadLine(label + line)
            label, together = " " * len(label), part
        line = together
    if line:
        yield HeadLine(label + line)


def _chosen(choices: Choices, width: int) -> Iterator[HeadLine]:
    """Yield the options that are not the default."""
    options = choices_text(choices)
    if options:
        yield from map(
            HeadLine,
            wrap(
                f"{'Options':<{_LABEL}}  {options}",
                width,
                max_lines=2,
                placeholder=" … (o shows all)",
                subsequent_indent=" " * (_LABEL + 2),
            ),
        )


def _notes(prepared: Prepared, width: int) -> Iterator[HeadLine]:
    plan = prepared.plan
    if prepared.asked.corrections:
        yield HeadLine(corrected_text(len(prepared.asked.corrections)))
    if prepared.findings.needs_mapping:
        yield HeadLine("Required fields have no column. Press m to map columns to fields.", True)
    if plan.is_held_back:
        text = "Import disabled: some records are rejected (option: import nothing)."
        yield HeadLine(text, is_bold=True)
    if plan.must_confirm:
        lines = wrap(taken_text(plan), width, max_lines=2)
        yield from (HeadLine(line, is_bold=True) for line in lines)
    if plan.records > LISTED:
        text = (
            f"Only the first {LISTED:,} records are listed. All records are counted and imported."
        )
        yield from map(HeadLine, wrap(text, width, max_lines=2))
