"""What would be said of one record of a planned import, if it had other values."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from qm_tui.progress import STEP, Phase, Tick, no_tick
from qm_tui.store.state import State
from qm_tui.transfer.options.import_options import Choices
from qm_tui.transfer.planning.corrections import record_of
from qm_tui.transfer.planning.partial_state import Excerpts
from qm_tui.transfer.planning.plan import RESULTS, Plan, Result
from qm_tui.transfer.planning.planner import plan_of
from qm_tui.transfer.reading.reader import Values
from qm_tui.users.fields import FIELD
from qm_tui.users.identity import name_key
from qm_tui.users.issues import Fault, Severity, shortened

_USER_ID: Final = FIELD["user_id"]
_USER_NAME: Final = FIELD["user_name"]
_REJECTED: Final = RESULTS.index(Result.REJECTED)


class _Corrected(NamedTuple):
    """A record that has other values than the plan knows."""

    line: int
    user_id: str
    name: str
    is_rejected: bool


class Judge:
    """Says what is wrong with a record, held against the store and the file's other records.

    It looks through the whole plan once, when it is made. A question then takes the same short
    time however large file and store are.

    Args:
        state: what the store holds.
        choices: what the admin chose.
        plan: the plan of the file, made for that state by these choices, with its outcomes.
        tick: told how far it is with the plan's records; it may raise `Cancelled`.
    """

    def __init__(self, state: State, choices: Choices, plan: Plan, tick: Tick = no_tick) -> None:
        if plan.outcomes is None:
            msg = "the plan was made without its outcomes"
            raise ValueError(msg)
        self._choices, self._outcomes = choices, plan.outcomes
        self._names: dict[str, str] = {}
        """By User Name, as it is compared, the User ID of the user to whom the file gives it."""
        self._holders: dict[str, int] = {}
        """By User ID, the first record that has it."""
        self._more_holders: dict[str, list[int]] = {}
        self._corrected: dict[int, _Corrected] = {}
        self._excerpts = Excerpts(state, plan, tick)
        for at, user in enumerate(plan.changes.values()):
            if not at % STEP:
                tick(Phase.CHECKING, at, len(plan.changes))
            self._names[name_key(user.user_name)] = user.user_id
        self._take_user_ids(tick)

    def _take_user_ids(self, tick: Tick) -> None:
        outcomes = self._outcomes
        for at, user in enumerate(outcomes.users):
            if not at % STEP:
                tick(Phase.CHECKING, at, len(outcomes))
            number = at + 1
            if user is None:
                values = outcomes.values.get(number)
                user_id = values[_USER_ID.index] if values else ""
            else:
                user_id = user.user_id
            if user_id and self._holders.setdefault(user_id, number) != number:
                self._more_holders.setdefault(user_id, []).append(number)

    def correct(self, number: int, line: int, values: Values) -> None:
        """Take note that a record has other values now, for the questions about the others."""
        is_rejected = any(
            fault.severity is Severity.ERROR for fault in self.faults(number, line, values)
        )
        self._corrected[number] = _Corrected(
            line,
            values[_USER_ID.index] or "",
            name_key(values[_USER_NAME.index] or ""),
            is_rejected,
        )

    def faults(self, number: int, line: int, values: Values) -> list[Fault]:
        """What would be said of a record with these values, warnings too, in field order.

        Args:
            number: its number.
            line: the line on which it starts.
            values: its 26 values as they were typed.
        """
        state = self._excerpts.around(values)
        alone = plan_of([record_of(number, line, values)], state, self._choices)
        faults = [Fault(one.field, one.message, one.remedy, one.severity) for one in alone.problems]
        faults += self._faults_in_the_file(number, values, faults)
        return sorted(faults, key=lambda fault: fault.field.number if fault.field else 0)

    def _faults_in_the_file(
        self, number: int, values: Values, faults: list[Fault]
    ) -> Iterator[Fault]:
        user_id = values[_USER_ID.index] or ""
        holder = self._holder(number, user_id) if user_id else ""
        if holder:
            yield Fault(
                _USER_ID,
                f"User ID {shortened(user_id)} stands in {holder} already",
                "Keep one record for each user: empty User ID to add a new user, or correct it.",
            )
        user_name = values[_USER_NAME.index] or ""
        is_said = any(one.field is _USER_NAME and one.severity is Severity.ERROR for one in faults)
        claimant = "" if is_said or not user_name else self._claimant(number, user_id, user_name)
        if claimant:
            yield Fault(
                _USER_NAME,
                f"User Name '{shortened(user_name)}' stands in {claimant} already",
                "Give each user a User Name of its own.",
            )

    def _holder(self, number: int, user_id: str) -> str:
        """Where another record stands that keeps the record from having this User ID."""
        for other, corrected in self._corrected.items():
            is_first = not corrected.is_rejected or other < number
            if corrected.user_id == user_id and other != number and is_first:
                return f"line {corrected.line}"
        first = self._holders.get(user_id)
        if first is None:
            return ""
        outcomes = self._outcomes
        for other in (first, *self._more_holders.get(user_id, ())):
            is_first = other < number or outcomes.results[other - 1] != _REJECTED
            if other != number and other not in self._corrected and is_first:
                return f"line {outcomes.lines[other - 1]}"
        return ""

    def _claimant(self, number: int, user_id: str, user_name: str) -> str:
        """Where another record stands that claims the User Name for another user."""
        key = name_key(user_name)
        for other, corrected in self._corrected.items():
            is_another = other != number and not (user_id and corrected.user_id == user_id)
            if corrected.name == key and is_another and not corrected.is_rejected:
                return f"line {corrected.line}"
        owner_id = self._names.get(key)
        if owner_id is None or owner_id == user_id:
            return ""
        holder = self._holders.get(owner_id)
        # only the first records of a very long file are listed with their lines
        return f"line {self._outcomes.lines[holder - 1]}" if holder else "a later line"
