"""The fields that can be set for several users at once, and the effect of setting one as text."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from qm_tui.config.preferences import load_preferences
from qm_tui.progress import ProgressCallback
from qm_tui.store.changes.bulk import BulkChange, BulkPlan, bulk_warnings, plan_bulk
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.state import State
from qm_tui.store.validation import ValidationOptions
from qm_tui.text import pluralize, with_full_stop
from qm_tui.transfer.reading.csv_rows import BLANKS
from qm_tui.tui.widgets.option_row import RadioOption
from qm_tui.users.fields import CATEGORICAL, FIELD, Field
from qm_tui.users.issues import Issue, truncate
from qm_tui.users.query.licenses import CALL_LICENSES, License, call_license_values

_COMPUTER: Final = FIELD["computer_recording_license"]
_FIRST: Final = (FIELD["recording_profile"], FIELD["security_profile"])
"""The fields that are set most often."""

_LABELS: Final = {
    License.UNLIMITED: "Unlimited",
    License.ON_DEMAND: "On-Demand",
    License.NONE: "none",
}
_MAX_WARNINGS: Final = 2
"""The number of warnings that are shown; the others are counted."""


class BulkField(NamedTuple):
    """A field, or a group of fields, that can be set for several users.

    Attributes:
        name: its name.
        field: the field, if its value is typed.
        options: the options, if one is selected.
        values: returns the values for an option, by field key.
    """

    name: str
    field: Field | None
    options: Sequence[RadioOption]
    values: Callable[[str], Mapping[str, str]]


def bulk_fields(*, allow_unlicensed: bool) -> Sequence[BulkField]:
    """Return all fields that can be set for several users, in the order of the dialog.

    Args:
        allow_unlicensed: whether users without a license are allowed.
    """
    licenses = CALL_LICENSES if allow_unlicensed else CALL_LICENSES[:-1]
    options = [RadioOption(license.value, _LABELS[license]) for license in licenses]
    yes_no = (RadioOption("1", "yes"), RadioOption("0", "no"))
    return (
        *map(_typed, _FIRST),
        *(_typed(field) for field in CATEGORICAL if field not in _FIRST),
        BulkField(
            "Call recording license", None, options, lambda key: call_license_values(License(key))
        ),
        BulkField(_COMPUTER.name, None, yes_no, lambda flag: {_COMPUTER.key: flag}),
    )


def _typed(field: Field) -> BulkField:
    return BulkField(field.name, field, (), lambda text: {field.key: text.strip(BLANKS)})


class FieldSetting(NamedTuple):
    """What a value of a field would do to several users.

    Attributes:
        plan: the plan.
        effect: the effect, line by line.
        name: the name of the field.
    """

    plan: BulkPlan
    effect: Sequence[str]
    name: str

    @property
    def values(self) -> Mapping[str, str]:
        """The values that it sets, by field key."""
        return self.plan.change.values or {}

    def result_text(self, done: BulkPlan) -> str:
        """Return what was done, for the Actions bar."""
        return f"Set {self.name} for {pluralize(len(done.changes), 'user')}"


async def allows_unlicensed() -> bool:
    """Return whether users without a license are allowed, by the saved import options."""
    return (await asyncio.to_thread(load_preferences)).import_options.allow_unlicensed


def plan_setting(
    bulk_field: BulkField,
    values: Mapping[str, str],
    select: Callable[[State], Iterable[Sequence[str]]],
    state: State,
    allow_unlicensed: bool,
    progress: ProgressCallback,
) -> FieldSetting:
    """Return what a value would do. For worker threads.

    Args:
        bulk_field: the field.
        values: the values to set, by field key.
        select: yields the User IDs of the users.
        state: the state of the store.
        allow_unlicensed: whether users without a license are allowed.
        progress: the progress; it may raise `Cancelled`.
    """
    action = Action(TransactionKind.SET, bulk_field.name)
    change = BulkChange(action, select, values, ValidationOptions(allow_unlicensed))
    plan = plan_bulk(change, state, progress)
    warnings = warning_lines(plan, bulk_warnings(plan, progress))
    return FieldSetting(plan, [*effect_lines(plan, bulk_field), *warnings], bulk_field.name)


def effect_lines(plan: BulkPlan, bulk_field: BulkField) -> Sequence[str]:
    """Return what a change would do, line by line.

    Args:
        plan: the plan.
        bulk_field: the field that is set.
    """
    issue = next(iter(plan.skipped.values()), [None])[0]
    values = plan.change.values or {}
    if issue is not None and not plan.changes and issue.field and issue.field.key in values:
        return (f"! {with_full_stop(issue.message)}", issue.fix)
    changed, same, skipped = len(plan.changes), plan.unchanged, len(plan.skipped)
    lines = []
    if changed:
        total = f" of {plan.users:,}" if plan.users > changed else ""
        users = f"{changed:,}{total} {'user' if plan.users == 1 else 'users'}"
        lines.append(f"{_effect(plan, bulk_field)} for {users}.")
    if same:
        have = "has" if same == 1 else "have"
        value = "this value" if next(iter(values.values())) else "no value"
        users = f"{same:,}" if changed else pluralize(same, "user")
        already = f"{users} already {have} {value}."
        lines.append(already if changed else f"No change: {already}")
    if issue is not None:
        message = with_full_stop(issue.message)
        lines.append(
            f"! {pluralize(skipped, 'user')} cannot be changed. First error: {message}"
            if skipped > 1
            else f"! 1 user cannot be changed: {message}"
        )
    if plan.missing:
        have = "has" if plan.missing == 1 else "have"
        lines.append(f"{pluralize(plan.missing, 'user')} {have} been deleted in the meantime.")
    return lines


def _effect(plan: BulkPlan, bulk_field: BulkField) -> str:
    values = plan.change.values or {}
    if bulk_field.field is not None:
        value = values[bulk_field.field.key]
        name = bulk_field.name
        return f"Sets {name} to {truncate(value, 40)}" if value else f"Clears {name}"
    options = bulk_field.options
    label = next(one.label for one in options if bulk_field.values(one.value) == values)
    return f"Sets {bulk_field.name} to {label}"


def warning_lines(plan: BulkPlan, warnings: Mapping[Issue, int]) -> Sequence[str]:
    """Return the first warnings of a change, and how many more there are.

    Args:
        plan: the plan.
        warnings: the warnings, with the number of users of each.
    """
    lines = []
    for issue, users in islice(warnings.items(), _MAX_WARNINGS):
        those = "" if users == len(plan.changes) else f"{pluralize(users, 'user')}: "
        lines.append(f"? {those}{issue.message}")
    more = len(warnings) - len(lines)
    others = f" (and {pluralize(more, 'more warning')})" if more else ""
    return [f"{line}." for line in lines[:-1]] + [f"{line}{others}." for line in lines[-1:]]
