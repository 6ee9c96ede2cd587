"""Validation of User Names on the store as it will be after an import.

Source: the users file, section 3, "Duplicates". Two users may swap names. If two would have the
same name, the later record is rejected. The user of a rejected record retains its stored name,
which may cause another record to be rejected, and so on. A name that is not changed is no reason to
reject a record, even if several stored users have it (users file, section 4).
"""

from array import array
from collections.abc import Collection, Sequence
from itertools import repeat
from typing import Final

from qm_tui.progress import CHUNK_SIZE, Phase, ProgressCallback, ignore_progress, in_chunks
from qm_tui.store.state import State
from qm_tui.users.fields import FIELD, User
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.issues import Issue, truncate

_USER_NAME: Final = FIELD["user_name"]

NAME_OF_STORED_USER: Final = "User Name is already in use"
"""The error of records that may be meant to update the user with this name."""

NAME_OF_ANOTHER_USER: Final = "User Name belongs to another user"
USE_ANOTHER_NAME: Final = f"Use another {_USER_NAME.name}."
"""What to do about a name in use, if no record of a file has it."""

DUPLICATE_NAME: Final = "Duplicate User Name in the file"


class NameClaims:
    """The users after accepted records, and the names that they claim.

    The data is in parallel lists: for 100,000 users that takes a tenth of the time that one object
    for each would take.
    """

    def __init__(self) -> None:
        self.numbers: array[int] = array("q")
        self.lines: array[int] = array("q")
        self.user_ids: list[str] = []
        self.keys: list[str] = []
        """The claimed names, as `normalize_user_name` makes them comparable."""
        self.stored: list[User | None] = []
        self.users: list[User | None] = []
        """The users; None if the caller does not need them."""
        self.claimed: set[str] = set()
        """The same names, without duplicates."""

    def add(self, number: int, line: int, user: User, stored: User | None) -> None:
        """Add the claim of a record.

        Args:
            number: its number.
            line: the line on which it starts.
            user: the user after it.
            stored: the user before it; None if it would add a user.
        """
        key = normalize_user_name(user.user_name)
        self.numbers.append(number)
        self.lines.append(line)
        self.user_ids.append(user.user_id)
        self.keys.append(key)
        self.stored.append(stored)
        self.users.append(user)
        self.claimed.add(key)

    def are_claimed(self, keys: Sequence[str]) -> bool:
        """Return whether one of these new names is claimed twice, or already claimed."""
        return len(set(keys)) < len(keys) or not self.claimed.isdisjoint(keys)

    def add_new(
        self,
        numbers: Sequence[int],
        lines: Sequence[int],
        keys: Sequence[str],
        users: Sequence[User],
        *,
        keep_users: bool,
    ) -> None:
        """Add the claims of many new users, as `add` does; `users` is None for each if not kept."""
        self.numbers.extend(numbers)
        self.lines.extend(lines)
        self.user_ids += [user.user_id for user in users]
        self.keys += keys
        self.stored += repeat(None, len(keys))
        self.users += users if keep_users else repeat(None, len(keys))
        self.claimed.update(keys)


def name_in_use_issue(user_name: str, owner: User, *, is_new: bool) -> Issue:
    """Return the error of a User Name that another user has.

    Args:
        user_name: the name.
        owner: the user that has it.
        is_new: whether the record has no User ID, and may be meant for the owner.
    """
    name = f"{owner.first_name} {owner.last_name}".strip()
    return Issue(
        _USER_NAME,
        f"User Name '{truncate(user_name)}' is already used by {truncate(name)}",
        "Use another User Name, or add the User ID of that user to update the user."
        if is_new
        else "Use another User Name, or correct the record that should release this one.",
        reason=NAME_OF_STORED_USER if is_new else NAME_OF_ANOTHER_USER,
    )


def duplicate_name_issue(user_name: str, line: int) -> Issue:
    """Return the error of a User Name that an earlier record claims.

    Args:
        user_name: the name.
        line: the line of that record.
    """
    return Issue(
        _USER_NAME,
        f"User Name '{truncate(user_name)}' is already used in line {line}",
        "Use a unique User Name for each user.",
        reason=DUPLICATE_NAME,
    )


def find_name_conflicts(
    claims: NameClaims,
    state: State,
    progress: ProgressCallback = ignore_progress,
    given_up: Collection[str] = (),
    deleted: Collection[str] = (),
) -> dict[int, Issue]:
    """Return the errors of the claims that must be rejected, by their index.

    Args:
        claims: the claims.
        state: the state of the store.
        progress: progress callback; may raise `Cancelled`.
        given_up: names that no user of the store retains, apart from these claims.
        deleted: User IDs of users who will be deleted.
    """
    owners: list[str | None] = []
    for start in range(0, len(claims.keys), CHUNK_SIZE):
        owners += state.owners(claims.keys[start : start + CHUNK_SIZE])
    if len(claims.claimed) == len(claims.keys) and not any(owners):
        return {}  # all names are new, and each is claimed once
    return _ConflictResolver(claims, owners, state, progress, given_up, deleted).rejected


class _ConflictResolver:
    """Resolves conflicting claims."""

    def __init__(
        self,
        claims: NameClaims,
        owners: Sequence[str | None],
        state: State,
        progress: ProgressCallback,
        given_up: Collection[str],
        deleted: Collection[str],
    ) -> None:
        self._claims, self._owners, self._given_up = claims, owners, given_up
        self._leaving = set(deleted)
        self._first_to_claim: dict[str, int] = {}
        self._unresolved: list[int] = []
        self._retained: set[int] = set()
        self.rejected: dict[int, Issue] = {}
        contested = self._collect_claims(state, progress)
        for index, owner in contested:
            self._reject_in_use(index, owner)
        self._resolve()

    def _collect_claims(self, state: State, progress: ProgressCallback) -> list[tuple[int, User]]:
        """Reject later claims to a name; return the claims to names that stored users retain."""
        claims, leaving = self._claims, self._leaving
        contested: list[tuple[int, str, str]] = []
        for index, key in enumerate(claims.keys):
            if not index % CHUNK_SIZE:
                progress(Phase.CHECKING, index, len(claims.keys))
            stored = claims.stored[index]
            before = None if stored is None else normalize_user_name(stored.user_name)
            if before == key:
                self._retained.add(index)
            elif stored is not None and before is not None:
                leaving.add(stored.user_id)
            first = self._first_to_claim.setdefault(key, index)
            if first != index:
                self._reject(index, self._duplicate_claim(index, first))
            owner_id = None if key in self._given_up else self._owners[index]
            if owner_id is not None and owner_id != claims.user_ids[index]:
                contested.append((index, key, owner_id))
        others = state.users_without_own_name() if leaving else {}
        found: list[tuple[int, User]] = []
        for batch in in_chunks(contested):
            # a name may belong to the next user who has it
            retained = [
                next((one for one in (owner_id, *others.get(key, ())) if one not in leaving), "")
                for _, key, owner_id in batch
            ]
            owners = state.users(retained)
            found += (
                (index, owner)
                for (index, _, _), owner in zip(batch, owners, strict=True)
                if owner is not None and owner.user_id != claims.user_ids[index]
            )
        return found

    def _duplicate_claim(self, index: int, first: int) -> Issue:
        return duplicate_name_issue(self._name(index), self._claims.lines[first])

    def _reject(self, index: int, issue: Issue) -> None:
        if index not in self.rejected and index not in self._retained:
            self.rejected[index] = issue
            self._unresolved.append(index)

    def _reject_in_use(self, index: int, owner: User) -> None:
        is_new = self._claims.stored[index] is None
        self._reject(index, name_in_use_issue(self._name(index), owner, is_new=is_new))

    def _name(self, index: int) -> str:
        user = self._claims.users[index]
        return self._claims.keys[index] if user is None else user.user_name

    def _resolve(self) -> None:
        """Reject claims to the stored names of users with rejected records."""
        claims = self._claims
        while self._unresolved:
            stored = claims.stored[self._unresolved.pop()]
            if stored is None:
                continue
            claimant = self._first_to_claim.get(normalize_user_name(stored.user_name))
            if claimant is not None and claims.user_ids[claimant] != stored.user_id:
                self._reject_in_use(claimant, stored)
