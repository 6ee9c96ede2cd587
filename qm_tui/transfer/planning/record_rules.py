"""The rules for a record by itself and against the store, and for many new users at a time.

Source: the users file, sections 2 to 4.
"""

from functools import cached_property
from typing import Final

from qm_tui.progress import YieldControl
from qm_tui.store.state import State
from qm_tui.store.values_in_use import values_in_use
from qm_tui.transfer.options.import_options import (
    ImportMode,
    ImportOptions,
    NewValues,
    ShortRecords,
)
from qm_tui.transfer.planning.corrections import read_booleans
from qm_tui.transfer.planning.matching import RecordMatcher, adds_only_issue
from qm_tui.transfer.planning.new_users import NewUserFactory
from qm_tui.transfer.planning.plan import WITH_ERRORS, SourceRules, is_short
from qm_tui.transfer.planning.planned_record import PlannedRecord, in_order
from qm_tui.transfer.planning.stored_users import StoredUsers
from qm_tui.transfer.planning.updating import update_user
from qm_tui.transfer.planning.warnings import ImportWarnings, RecordContext
from qm_tui.transfer.reading.records import CleanRecordBatch, Record
from qm_tui.users.fields import FIELD, User
from qm_tui.users.issues import Issue, Severity

_USER_ID_AT: Final = FIELD["user_id"].index


class RecordRules:
    """Checks records, except for what other records of the file decide.

    Args:
        state: the state of the store.
        options: the import options.
        rest: called about every millisecond of a question about all users.
        context: what concerns the only record; if not given, the store is asked.
        source: the source of the file.
        gives_ids: whether new users get generated User IDs.

    Attributes:
        stored: what the checks ask about stored users.
        matcher: finds the users of records.
        new_users: creates users.
        missing: finds the missing users, if that is wanted.
    """

    def __init__(
        self,
        state: State,
        options: ImportOptions,
        rest: YieldControl,
        context: RecordContext | None,
        source: SourceRules,
        *,
        gives_ids: bool,
    ) -> None:
        self.stored = stored = StoredUsers(state, rest)
        self._options, self._context = options, context
        self._rest = rest
        self.matcher = RecordMatcher(stored, options, source.match)
        self.missing = source.missing_users(state, rest)
        self.new_users = NewUserFactory(stored, options, self._has_warning, gives_ids=gives_ids)

    @cached_property
    def _warnings(self) -> ImportWarnings:
        # the values of all users are counted, and an import that changes nothing does not need it
        context, stored = self._context, self.stored
        in_use = context.in_use if context else values_in_use(stored.state, self._rest)
        return ImportWarnings(stored, in_use)

    def read(self, records: Record | CleanRecordBatch) -> Record | CleanRecordBatch:
        """Return records with the values that the options read in another way."""
        return read_booleans(records) if self._options.read_booleans else records

    def check(self, record: Record, found: User | None) -> PlannedRecord:
        """Return a record with the user that it would add or change, and all its problems.

        Args:
            record: the record.
            found: the user that `matcher.find` returned for it.
        """
        number, line = record.number, record.line
        if not record.is_parsed:
            return PlannedRecord(number, line, User(), None, None, in_order(record.issues))
        issues: list[Issue] = []
        stored = self.matcher.match(record, found, issues)
        of_reader = self._issues_of_reader(record, stored)
        warnings = [issue for issue in of_reader if issue.severity is Severity.WARNING]
        issues += [issue for issue in of_reader if issue.severity is Severity.ERROR]
        if stored is None:
            values = record.new_values
            user = self.new_users.validated(values, issues)
        else:
            values = record.values
            user, of_update = update_user(values, stored, issues, self._options)
            warnings += of_update
            if user is not stored and self._options.mode is ImportMode.ADD:
                issues.append(adds_only_issue())
        if user is not stored and self._options.new_values is NewValues.REJECT:
            issues += self._warnings.new_value_errors(user, stored)
        if issues:
            # a rejected user has no generated User ID
            user = user if stored else user._replace(user_id=values[_USER_ID_AT] or "")
            issues = _without_consequences(issues, record.issues)
            issues += [
                warning._replace(severity=Severity.ERROR, reason=WITH_ERRORS.format(warning.kind))
                for warning in warnings
                if warning.field is None
            ]
        else:
            issues = warnings
            if user is not stored:
                issues += self._warnings.for_user(user, stored)
        return PlannedRecord(number, line, user, stored, values, in_order(issues))

    def _has_warning(self, user: User) -> bool:
        """Return whether a new user has a warning, the User Name apart."""
        return bool(self._warnings.of_values(user, None))

    def _issues_of_reader(self, record: Record, stored: User | None) -> list[Issue]:
        """Return the problems that the reader found, except of values that do not change.

        New rules must not reject what is stored already (users file, section 4).
        """
        rejects_short = self._options.short_records is ShortRecords.REJECT
        return [
            issue._replace(severity=Severity.ERROR)
            if rejects_short and is_short([issue])
            else issue
            for issue in record.issues
            if issue.field is None
            or stored is None
            or record.values[issue.field.index] != stored[issue.field.index]
        ]


def _without_consequences(issues: list[Issue], unreadable: tuple[Issue, ...]) -> list[Issue]:
    """Return the errors; for a value with an invalid character, only that it is invalid."""
    fields = [
        issue.field for issue in unreadable if issue.field and issue.severity is Severity.ERROR
    ]
    return [issue for issue in issues if issue in unreadable or issue.field not in fields]
