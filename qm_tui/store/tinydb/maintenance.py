"""What is done to the files of a store: create, share, back up, check and recover."""

import errno
import grp
import io
import os
import pwd
import shutil
import stat
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final

from qm_tui.directory import (
    OWNER_ONLY,
    SHARED,
    SHARED_FOLDER,
    Directory,
    Permissions,
    apply_permissions,
    real_path,
)
from qm_tui.errors import os_error_text
from qm_tui.progress import Phase, ProgressCallback, ignore_progress
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import (
    Maintenance,
    RecoveryReport,
    StoreIssue,
    StoreIssueSeverity,
    TransactionSummary,
)
from qm_tui.store.memory.maps import UserMaps, users_without_own_name
from qm_tui.store.tinydb import entries, snapshot
from qm_tui.store.tinydb.lock import Lock, Names, Position, note_of
from qm_tui.store.tinydb.log import Log, base_payloads
from qm_tui.store.tinydb.new_store import write_new_store
from qm_tui.store.tinydb.storage import LogStorage
from qm_tui.store.user_names import USE_ANOTHER_NAME, name_in_use_issue
from qm_tui.text import pluralize, sanitize
from qm_tui.users.screening import invalid_stored_rows
from qm_tui.users.validation import stored_user_issues

_ABOVE: Final = Permissions(0o755)
"""Directories above a shared one: all of the group must get through."""


_BLOCK: Final = 64 * 1024
_MAX_INVALID: Final = 20
"""The number of users with invalid values that a check names."""

_SOON: Final = timedelta(minutes=1)
"""Age of a transaction, after which the snapshot should have been rewritten."""


class TinyDBMaintenance(Maintenance):
    """What is done to the files of a store in a TinyDB database.

    Args:
        files: the store; it need not be loaded.
    """

    def __init__(self, files: LogStorage) -> None:
        self._files = files
        self._directory, self._names = files.directory, files.names

    def create(self) -> None:
        """Create an empty store."""
        if self._files.exists:
            raise StoreError(f"The store {self._files.shown} already exists. Nothing was changed.")
        with self._files.writing("init"), self._translated("Cannot create"):
            self._files.prepare()

    def files(self) -> Sequence[tuple[str, int]]:
        """Return the path and the size in bytes of each file of the store."""
        names = self._own_names() if self._directory.exists else []
        found = ((name, self._directory.status(name)) for name in names)
        return [(str(self._directory.path / name), one.st_size) for name, one in found if one]

    def _own_names(self) -> list[str]:
        names = self._names
        own = [names.snapshot, *map(names.segment, names.segments(self._directory)), names.lock]
        return [name for name in own if self._directory.status(name)]

    @contextmanager
    def _translated(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"{verb} the store {self._files.shown}: {os_error_text(error)}."
            ) from error

    # Sharing

    def share(self, group: str) -> int:
        """Share the store with a group; create an empty one if there is none."""
        number = _group_number(group)
        directory, folder = self._directory, Permissions(SHARED_FOLDER, number)
        with self._translated("Cannot share"):
            if directory.exists:
                self._require_nothing_else(folder)
            directory.create(folder, _ABOVE)
            with self._of_its_owner(str(directory.path), directory.descriptor):
                apply_permissions(directory.descriptor, folder)
            had = len(self._own_names())
            with self._files.writing("init"):
                if not self._files.exists:
                    self._files.prepare()
                for name in self._own_names():
                    self._share_file(name, Permissions(SHARED, number))
        return had

    def _require_nothing_else(self, folder: Permissions) -> None:
        """Check that the directory contains nothing else that would be shared."""
        status = os.fstat(self._directory.descriptor)
        is_shared = (stat.S_IMODE(status.st_mode), status.st_gid) == folder
        for name in self._directory.names():
            if not is_shared and not name.removeprefix(".").startswith(self._names.stem):
                raise StoreError(
                    f"The folder {sanitize(str(self._directory.path))} contains other files, "
                    f"for example {sanitize(name, 60)}. They would be shared, too. Nothing was "
                    "changed. Use a separate folder for the store."
                )

    def _share_file(self, name: str, access: Permissions) -> None:
        """Give a file to the group, if by its content it is one of the store."""
        descriptor = self._directory.open(name)
        try:
            if not self._is_own(name, descriptor):
                raise StoreError(
                    f"{sanitize(name)} is not a file of a store, so it is not shared. Move it away."
                )
            with self._of_its_owner(name, descriptor):
                apply_permissions(descriptor, access)
        finally:
            os.close(descriptor)

    @contextmanager
    def _of_its_owner(self, name: str, descriptor: int) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            owner = _owner(os.fstat(descriptor).st_uid)
            raise StoreError(
                f"{sanitize(name)} belongs to {owner}. Only {owner} or root can share this store."
            ) from error

    def _is_own(self, name: str, descriptor: int) -> bool:
        if name == self._names.lock:
            note = os.pread(descriptor, 2 * len(note_of({})), 0)
            is_note = len(note) <= len(note_of({})) and note[8:10] == b" {"
            return not note or (is_note and set(note[:8]) <= set(b"0123456789abcdef"))
        if name != self._names.snapshot:
            return os.pread(descriptor, 12, 0).startswith(b'{"segment":')
        with snapshot.SnapshotFile(os.dup(descriptor)) as file:
            return not file.size or file.verify()

    # Backup

    def backup(self, file: Path, progress: ProgressCallback = ignore_progress) -> int:
        """Write the whole store to one new file, consistent while others write."""
        files, opened = self._files, dict[str, int]()
        target = real_path(file)
        try:
            with files.lock.shared(files.lock.wait) as is_quiet:
                if not is_quiet:
                    raise files.lock.busy()
                files.load()
                if not files.log.is_open:
                    raise StoreError(f"There is no store at {files.shown}. Nothing was written.")
                position = files.log.position
                for name in self._own_names()[:-1]:
                    opened[name] = self._directory.open(name)
            folder = Directory(target.parent)
            for left_behind in folder.temporary_files(target.name):
                folder.remove(left_behind)
            with (
                folder.atomic_write(target.name, permissions=OWNER_ONLY, overwrite=False) as out,
                tarfile.open(fileobj=out, mode="w") as archive,
            ):
                for name, descriptor in opened.items():
                    is_last = name == self._names.segment(position.segment)
                    size = position.offset if is_last else os.fstat(descriptor).st_size
                    with os.fdopen(os.dup(descriptor), "rb") as source:
                        _add(archive, name, size, source)
                    progress(Phase.SAVING, size, size)
                note = note_of({"acknowledged": position})
                _add(archive, self._names.lock, len(note), io.BytesIO(note))
        except FileExistsError as error:
            raise StoreError(
                f"{sanitize(str(file))} already exists. Nothing was written. Choose another name."
            ) from error
        except OSError as error:
            raise StoreError(
                f"Cannot write {sanitize(str(file))}: {os_error_text(error)}. Do not use this file."
            ) from error
        finally:
            for descriptor in opened.values():
                os.close(descriptor)
        return position.number

    # Check

    def check(self, progress: ProgressCallback = ignore_progress) -> Sequence[StoreIssue]:
        """Check everything that can be checked."""
        if not self._files.exists:
            raise StoreError(f"There is no store at {self._files.shown}.")
        with self._translated("Cannot read"):
            warnings = list(self._unexpected_files())
            salvage = _Salvage(self._directory, self._names, progress, log_only=True)
        damage = list(salvage.losses)
        try:
            self._files.load()
        except StoreError as error:
            if isinstance(error.__cause__, entries.VersionMismatch):
                raise  # it is not damaged, and must not be recovered
            damage = [str(error), *salvage.snapshot_losses, *damage]
        else:
            warnings += self._files.notices
            warnings += self._behind(salvage)
            users = self._files.contents.state.users
            is_same = salvage.contents.state.number == self._files.contents.state.number
            if is_same and salvage.contents.state.users != users and not damage:
                damage.append(f"{self._names.snapshot} and the log contain different users.")
            warnings += _invalid_users(self._files.contents.state)
        found = [StoreIssue(StoreIssueSeverity.DAMAGE, text) for text in damage]
        return found + [StoreIssue(StoreIssueSeverity.WARNING, text) for text in warnings]

    def _behind(self, salvage: "_Salvage") -> Iterator[str]:
        """Yield that the snapshot is behind, unless it is about to be written."""
        number, last = salvage.snapshot_number, salvage.summaries.get(salvage.last)
        if number is None or last is None or number >= last.number:
            return
        if datetime.now(UTC) - last.time > _SOON:
            yield (
                f"{self._names.snapshot} is behind: it includes the transactions up to "
                f"{number:,} of {last.number:,}. The next change writes it."
            )

    def _unexpected_files(self) -> Iterator[str]:
        """Yield findings about the modes of the files, and about other files in the folder."""
        wanted, own = self._directory.permissions, self._own_names()
        for name in own:
            status = self._directory.status(name)
            mode = stat.S_IMODE(status.st_mode) if status else wanted.mode
            if status and not stat.S_ISREG(status.st_mode):
                yield f"{sanitize(name)} is not a regular file. Nothing can be saved. Move it away."
            elif mode != wanted.mode or (status and wanted.group not in (-1, status.st_gid)):
                fix = f"qm-tui init --shared {sanitize(str(self._directory.path))} --group NAME"
                fix = f"Run {fix}." if wanted.group != -1 else f"It should be {wanted.mode:04o}."
                yield f"{sanitize(name)} has the mode {mode:04o}, or the wrong group. {fix}"
        if stat.S_IMODE(os.fstat(self._directory.descriptor).st_mode) & 0o007:
            yield f"The folder {sanitize(str(self._directory.path))} is open to all users."
        next_segment = max(self._names.segments(self._directory), default=0) + 1
        targets, left_behind = {*own, self._names.segment(next_segment)}, list[str]()
        with self._directory.locked(1) as is_quiet, self._files.lock.shared(1):
            if is_quiet:  # else one is being written
                left_behind = [
                    name for target in targets for name in self._directory.temporary_files(target)
                ]
        for name in sorted(left_behind):
            yield f"{sanitize(name)} was left by a killed program. The next change removes it."

    # Recovery

    def recover(self, target: Path, progress: ProgressCallback = ignore_progress) -> RecoveryReport:
        """Write what can be read of the store, or of a backup, to a new store."""
        path, lock = self._directory.path / self._names.snapshot, self._files.lock
        losses: list[str] = []
        with self._translated("Cannot read"), ExitStack() as stack:
            directory, names = self._directory, self._names
            if path.is_file() and _is_backup(path):
                directory = archive = stack.enter_context(closing(_Archive(path)))
                names = archive.store_names
                if names.lock not in archive.names():
                    losses.append("The backup is incomplete: its end is missing.")
            elif not self._files.exists:
                raise StoreError(f"There is no store at {self._files.shown}.")
            elif not stack.enter_context(lock.shared(lock.wait)):
                raise lock.busy()
            salvage = _Salvage(directory, names, progress)
            if not salvage.is_readable:
                raise StoreError(f"No part of the store {self._files.shown} can be read.")
            if _Salvage(directory, names, progress, log_only=True).losses:
                salvage.intact_end = None
            number = _write(target, salvage)
        losses += salvage.snapshot_losses + salvage.losses
        return RecoveryReport(len(salvage.contents.state.users), number, losses)


def _invalid_users(state: UserMaps) -> Iterator[str]:
    """Yield the users who break today's rules: the first of them, and the number of the others."""
    users = list(state.users.values())
    issues = {
        users[row].user_id: stored_user_issues(users[row])[0] for row in invalid_stored_rows(users)
    }
    for key, user_ids in users_without_own_name(state).items():
        owner = state.users[state.names[key]]
        for user_id in user_ids:
            name = state.users[user_id].user_name
            issue = name_in_use_issue(name, owner, is_new=False)
            issues.setdefault(user_id, issue._replace(fix=USE_ANOTHER_NAME))
    order = [user for user in users if user.user_id in issues] if issues else []
    for user in order[:_MAX_INVALID]:
        who = sanitize(f"{user.first_name} {user.last_name} ({user.user_id})", 200)
        issue = issues[user.user_id]
        yield f"{who}: {sanitize(issue.message, 200)}. {issue.fix}"
    if len(order) > _MAX_INVALID:
        more = pluralize(len(order) - _MAX_INVALID, "more user")
        yield f"Values of {more} are not valid. To list all of them, use the filter valid:no."


class _Salvage:
    """What can be read of a store: whole entries of the log, and whole documents.

    Args:
        directory: that of the store.
        names: the names of its files.
        progress: the progress.
        log_only: whether to read all users from the log, if it has them.

    Attributes:
        contents: what the store holds, as far as it can be read.
        losses: what of the log cannot be read; sentences.
        snapshot_losses: what of the snapshot cannot be read; sentences.
        snapshot_number: the transaction that the snapshot stands for; None if that is unknown.
        summaries: the transactions, by number.
        is_readable: whether anything could be read.
        intact_end: the end of the log, if all of it could be read; None if not.
    """

    def __init__(
        self,
        directory: Directory,
        names: Names,
        progress: ProgressCallback,
        *,
        log_only: bool = False,
    ) -> None:
        self._directory, self._names, self._progress = directory, names, progress
        self.contents, self.is_readable = snapshot.Contents(), False
        self.losses: list[str] = []
        self.snapshot_losses: list[str] = []
        self.summaries: dict[int, TransactionSummary] = {}
        self.intact_end: Position | None = None
        self._before = 0
        self._saved = Lock(directory, names).acknowledged()
        stored, position = self._read_snapshot()
        self.snapshot_number = position.number if position else None
        if position is not None and not log_only:
            self.contents, self.is_readable = stored, True
            self._read_log(position.segment, position.offset)
        else:
            self._read_log(0, 0)
        if not self.is_readable:
            self.contents, self.is_readable = stored, bool(stored.state.users)
        last = max(self.contents.state.number, self.last)
        if self._saved is not None and self._saved.number > last:
            self.losses.append(
                f"Transaction {self._saved.number:,} was saved, according to {self._names.lock}. "
                f"The last one that can be read is {last:,}."
            )

    @property
    def last(self) -> int:
        """The number of the last transaction that was read."""
        return max(self._before, *self.summaries, 0)

    def _read_snapshot(self) -> tuple[snapshot.Contents, Position | None]:
        name = self._names.snapshot
        try:
            with snapshot.SnapshotFile(self._directory.open(name)) as file:
                if file.verify():
                    return file.read(), file.position
                contents, damage = file.salvage()
        except (OSError, entries.FilesUnusable) as error:
            why = os_error_text(error) if isinstance(error, OSError) else sanitize(str(error))
            self.snapshot_losses.append(f"Cannot read {sanitize(name)}: {why}.")
            return snapshot.Contents(), None
        self.snapshot_losses.append(f"{sanitize(name)} was damaged, or changed by another program.")
        self.snapshot_losses += damage
        return contents, None

    def _read_log(self, known_segment: int, known_offset: int) -> None:
        """Read all segments; up to a place in one of them, what the store holds is known."""
        log, chain, losses = Log(self._directory, self._names), "", len(self.losses)
        is_end, damage = False, (0, 0)
        for number in self._names.segments(self._directory):
            if is_end:
                break  # the program was killed before it closed this segment
            before, payload = len(self.losses), b""
            try:
                segment = log.open_segment(number)
            except (entries.FilesUnusable, OSError) as error:
                self.losses.append(f"{sanitize(str(error))}.")
                continue
            if chain and segment.chain != chain:
                self.losses.append(f"{sanitize(log.name)} does not continue the one before it.")
            self._before = segment.first - 1
            changes = snapshot.Changeset(snapshot.Contents(), is_lenient=True)
            for entry in entries.read_entries(
                log.descriptor, 0, log.size, segment.chain, skip_corrupt=True
            ):
                was_damaged, is_first = not payload, entry.start == 0
                chain, payload = entry.chain, entry.payload
                is_known = (number, entry.end) <= (known_segment, known_offset)
                try:
                    self._apply(entries.decode(entry.payload), changes, is_known=is_known)
                except (ValueError, TypeError, LookupError, RecursionError):
                    where = f"{sanitize(log.name)}, byte {entry.start:,}"
                    if payload or is_first or not was_damaged:  # one sentence for all in a row
                        damage = number, entry.start
                        self.losses.append(f"{where}: an entry is damaged or inconsistent.")
                    changes = snapshot.Changeset(self.contents, is_lenient=True)
                if changes.is_applied or is_known:
                    if not entry.is_part:
                        self.intact_end = Position(number, entry.end, chain, self.last)
                    self.losses += changes.losses
                    changes = snapshot.Changeset(self.contents, is_lenient=True)
                self._progress(Phase.OPENING, entry.end, log.size)
            if not payload and self._saved is not None and damage >= self._saved[:2]:
                self.losses.pop()  # the end, of a transaction that was interrupted
            if len(self.losses) == before and not payload.startswith(b'{"closed":'):
                is_end = number >= max(known_segment, self._saved.segment if self._saved else 0)
                self.losses += () if is_end else [f"The end of {sanitize(log.name)} is missing."]
        if len(self.losses) > losses:
            self.intact_end = None

    def _apply(self, about: dict[str, Any], changes: snapshot.Changeset, *, is_known: bool) -> None:
        for one in about.get("transactions", ()):
            summary = entries.decode_summary(one)
            self.summaries[summary.number] = summary
        is_transaction = "time" in about and "number" in about
        if is_transaction:
            summary = entries.decode_summary(about)
            self.summaries[summary.number] = summary
        if not is_known:
            changes.add(about.get("users", []))
            if is_transaction or about.get("base") == "end" or about.get("first") == 1:
                self.contents = changes.apply(self.last, about.get("tables", ""))
                self.is_readable = True

    def copy_log(self, directory: Directory, names: Names) -> None:
        """Copy the log up to its sound end.

        Raises:
            OSError: it could not be copied.
        """
        for number in self._names.segments(self._directory):
            with (
                os.fdopen(self._directory.open(self._names.segment(number)), "rb") as source,
                directory.atomic_write(names.segment(number)) as copy,
            ):
                shutil.copyfileobj(source, copy)
                if self.intact_end is not None and number == self.intact_end.segment:
                    copy.truncate(self.intact_end.offset)


def _write(target: Path, salvage: _Salvage) -> int:
    """Write a new store: with the log, if it is sound, else with one that begins with all users.

    Returns:
        The number of its last transaction.
    """
    number = max(salvage.contents.state.number, salvage.last)

    def write_log(directory: Directory, names: Names, log: Log) -> snapshot.Contents:
        if salvage.intact_end is not None and salvage.intact_end.number == number:
            salvage.copy_log(directory, names)
            log.open_at(salvage.intact_end)
        else:
            log.position = log.position._replace(number=number)
            rows, tables = salvage.contents.rows(), salvage.contents.tables
            summaries = [salvage.summaries[one] for one in sorted(salvage.summaries)]
            log.create(base_payloads(rows, tables, summaries))
        return salvage.contents

    write_new_store(target, write_log)
    return number


def _is_backup(path: Path) -> bool:
    """Whether a file begins as a backup does. Compressed archives are none."""
    with suppress(tarfile.TarError), tarfile.open(path, "r:"):
        return True
    return False


class _Archive(Directory):
    """The files in a backup, as far as it goes, as if they were in a directory.

    Args:
        path: the backup.
    """

    def __init__(self, path: Path) -> None:
        # files without names: nothing is left behind if the program is killed
        self._files: dict[str, IO[bytes]] = {}
        super().__init__(path.parent)
        with path.open("rb") as source, suppress(tarfile.TarError), tarfile.open(path, "r:") as tar:
            for member in tar:
                if member.isreg() and Path(member.name).name == member.name:
                    file = self._files[member.name] = tempfile.TemporaryFile()  # noqa: SIM115
                    source.seek(member.offset_data)
                    while block := source.read(min(_BLOCK, member.size - file.tell())):
                        file.write(block)
                    file.flush()

    @property
    def store_names(self) -> Names:
        """The names of the files of the store in it."""
        names = list(self._files)
        is_snapshot = (name for name in names if Names.of(name).lock in names)
        return Names.of(next(is_snapshot, names[0] if names else "users.json"))

    def close(self) -> None:
        """Free the files."""
        super().close()
        for file in self._files.values():
            file.close()

    def names(self) -> list[str]:
        """Return the names of the files."""
        return sorted(self._files)

    def open(self, name: str, flags: int = os.O_RDONLY) -> int:
        """Open a file for reading."""
        if name not in self._files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return os.open(f"/proc/self/fd/{self._files[name].fileno()}", os.O_RDONLY)

    def status(self, name: str) -> os.stat_result | None:
        """Return what the system says of a file; None if there is none."""
        return os.fstat(self._files[name].fileno()) if name in self._files else None


def _add(archive: tarfile.TarFile, name: str, size: int, source: io.BufferedIOBase) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, OWNER_ONLY.mode, int(time.time())
    archive.addfile(member, source)


def _group_number(name: str) -> int:
    """Return the number of a group of which this program's user is a member."""
    shown = sanitize(name, 64)
    try:
        number = grp.getgrnam(name).gr_gid
    except (KeyError, ValueError) as error:
        raise StoreError(
            f"There is no group {shown} on this machine. Create it, or choose another group."
        ) from error
    if os.geteuid() and number not in (os.getegid(), *os.getgroups()):
        msg = f"You are not a member of the group {shown}. Ask a member or root to share it."
        raise StoreError(f"{msg} A new membership takes effect at the next login.")
    return number


def _owner(number: int) -> str:
    with suppress(KeyError):
        return sanitize(pwd.getpwuid(number).pw_name, 64)
    return str(number)
