"""The preview of an import: shows the result, and lets the admin change options first."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final, NamedTuple

from rich.cells import cell_len
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message as TextualMessage
from textual.screen import Screen
from textual.widgets import Button, Static

from qm_tui.progress import CHUNK_SIZE, Phase
from qm_tui.progress_line import progress_bar
from qm_tui.text import pluralize, truncate_middle
from qm_tui.transfer.importing import ImportRequest, PreparedImport
from qm_tui.transfer.options.import_options import IMPORT_OPTION, IMPORT_OPTIONS
from qm_tui.transfer.planning.plan import IssueGroup
from qm_tui.transfer.planning.plan_text import removals_text
from qm_tui.tui.changes.confirm_number_dialog import ConfirmDialog
from qm_tui.tui.changes.mass_change import NOT_SAVED
from qm_tui.tui.frame.key_help import COMMAND_PALETTE, KeysScreen, active_keys
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.transfer.preview.correct_screen import CorrectScreen
from qm_tui.tui.transfer.preview.filter_row import ResultTabs, filter_layout
from qm_tui.tui.transfer.preview.options_dialog import ImportOptionsDialog
from qm_tui.tui.transfer.preview.planner import ImportPlanned, ImportPlanner
from qm_tui.tui.transfer.preview.problems_dialog import ProblemsDialog
from qm_tui.tui.transfer.preview.record_list import Numbers, RecordList, users_shown
from qm_tui.tui.transfer.preview.record_screen import RecordScreen
from qm_tui.tui.transfer.preview.save import map_columns, save_records, save_text
from qm_tui.tui.transfer.preview.summary import PreviewSummary, summary_lines
from qm_tui.tui.transfer.preview.view_model import RECORD_FILTERS, Preview, RecordFilter
from qm_tui.tui.user.details_screen import DetailsScreen
from qm_tui.tui.widgets.confirming import Confirms, redraw_pending
from qm_tui.tui.widgets.message_box import ConfirmQuestion, MessageDialog
from qm_tui.tui.widgets.virtual_list import MOVES, VirtualList
from qm_tui.tui.work.flow import flow
from qm_tui.tui.work.job import Job, JobProgressed
from qm_tui.tui.work.session import Session
from qm_tui.users.issues import Severity

_BAR: Final = 12
_AROUND_NAME: Final = 12
"""Cells in the title next to the name of the file and the state: `Import: ` and blanks."""

_MIN_NAME: Final = 12
_LINES_AROUND: Final = 5
"""Title, blank line, the list's header and footer, buttons."""

_MIN_ROWS: Final = 5
_NOTHING_IMPORTED_YET: Final = "Preview – nothing imported yet"
_BLOCKED: Final = "[Import disabled]"
_NO_CHANGES: Final = "[Nothing to import]"
_MOVES: Final = (
    ("up,k", "move", -1),
    ("down,j", "move", 1),
    ("pageup", "move_page", -1),
    ("pagedown", "move_page", 1),
    ("home,g", "move_to_end", -1),
    ("end,G", "move_to_end", 1),
)
"""The keys of the list; they work from everywhere on the screen, and focus the list."""

_CLOSING: Final = ("escape", "q")
_COMMITTING: Final = ("enter", "space", "i", "r", "w")


class Decision(NamedTuple):
    """The import to commit.

    Attributes:
        prepared: the import that was shown.
        confirmed: the number that was typed to confirm a mass change; 0 if none was required.
    """

    prepared: PreparedImport
    confirmed: int


class ReadFailed(NamedTuple):
    """The file could not be read.

    Attributes:
        message: the error message.
    """

    message: str


class _UsersCollected(TextualMessage):
    """The users of all records shown were collected."""

    def __init__(self, user_ids: Sequence[str]) -> None:
        super().__init__()
        self.user_ids = user_ids


class PreviewScreen(Confirms, Screen[Decision | ReadFailed | None]):
    """Shows what an import would do. The result is None if the import is canceled.

    Args:
        session: the session shared by the pages.
        request: the file and the options.
        prepared: the import, if it has been planned already.
        note: a message shown first; may be empty.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "import", "Import"),
        Binding("o", "show_options", "Options"),
        *(
            Binding(option.letter, f"turn('{option.key}')", option.title)
            for option in IMPORT_OPTIONS
            if option.letter
        ),
        *(
            Binding(str(number), f"show_filter({number})", "Filter records")
            for number in range(1, len(RECORD_FILTERS) + 1)
        ),
        Binding("v", "show_problems", "Show all problems"),
        Binding("c", "correct", "Correct rejected records"),
        Binding("r", "save_rejected", "Save rejected records"),
        Binding("w", "save_text", "Save the report"),
        Binding("m", "map_columns", "Map columns to fields"),
        *(
            Binding(keys, f"to_list('{move}', {by})", "Go to records", show=False)
            for keys, move, by in _MOVES
        ),
        Binding("colon", "app.command_palette", COMMAND_PALETTE),
        Binding("question_mark,f1", "show_keys", "Keys", key_display="?"),
        Binding("escape,q", "back", "Cancel"),
    ]

    def __init__(
        self,
        session: Session,
        request: ImportRequest,
        prepared: PreparedImport | None = None,
        note: str = "",
    ) -> None:
        super().__init__()
        self._session, self._note = session, note
        self._planner = ImportPlanner(self, session, request, prepared)
        self._filter: RecordFilter | None = None
        self._dialog: ImportOptionsDialog | None = None

    @property
    def is_planning(self) -> bool:
        """Whether the import is being planned with other options than those shown."""
        return self._planner.is_planning

    def may_confirm(self, key: str) -> bool:
        """Whether a key may import or write a file; the others open screens or change options."""
        return key in _COMMITTING

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until the import has been planned."""
        if self.preview is None:
            return key not in _CLOSING
        return self.is_planning and key not in (*_CLOSING, *MOVES)

    @property
    def preview(self) -> Preview | None:
        """The preview shown; None until the file has been read."""
        return self._planner.preview

    @property
    def request(self) -> ImportRequest:
        """The file and the options."""
        return self._planner.request

    def compose(self) -> ComposeResult:
        with Horizontal(id="preview-title"):
            yield Static(id="preview-name")
            yield Static(id="preview-state")
        yield PreviewSummary()
        yield ResultTabs()
        yield RecordList(self._session.marks)
        with Horizontal(id="preview-buttons"):
            yield Button(safe("[i Import]"), id="import", compact=True, action="screen.import")
            yield Button(
                safe("[o Options]"), id="options", compact=True, action="screen.show_options"
            )
            yield Button(
                safe("[r Save rejected]"),
                id="save-rejected",
                compact=True,
                action="screen.save_rejected",
            )
            yield Button(safe("[Cancel]"), id="leave", compact=True, action="screen.back")

    def on_mount(self) -> None:
        self.add_class("-first-time")
        self._show_buttons()
        self.query_one("#leave").focus()
        self.replan(self.request)

    def on_unmount(self) -> None:
        self._planner.stop()

    def on_resize(self) -> None:
        self._show_name(self.query_one("#preview-state").size.width)
        self.call_after_refresh(self._show_head)

    # Planning

    def replan(self, request: ImportRequest) -> None:
        """Plan with other options; the current preview is shown until that is done."""
        self._planner.replan(request)
        self._show_status("Reading…")

    @on(JobProgressed)
    def _progressed(self, event: JobProgressed) -> None:
        if self.is_planning:
            self._show_status(f"{event.text}  {progress_bar(event.done, event.total, _BAR)}")

    @on(ImportPlanned)
    def _planned(self, event: ImportPlanned) -> None:
        is_first = self.preview is None
        if not self._planner.accept(event):
            return
        if event.preview is None:
            self._planning_failed(event.message)
            return
        self._show()
        if is_first:
            self.query_one("#import" if self._can_import else "#records").focus()
            if event.preview.prepared.file_report.dialect.has_unknown_names:
                self.action_map_columns()
        if self._dialog is not None:
            self._dialog.show(event.preview.prepared.file_report, event.preview.plan, self.request)

    def _planning_failed(self, message: str) -> None:
        """Show the error message; the last preview stays."""
        if self.preview is None:
            self.dismiss(ReadFailed(message))
            return
        self._show_status()
        if self._dialog is not None:
            self._dialog.show_error(message, self.request)
        else:
            self.app.push_screen(MessageDialog(message))

    # Display

    def _show(self) -> None:
        preview = self.preview
        if preview is None:
            return
        redraw_pending(self)
        self.remove_class("-first-time")
        if self._filter is None or not preview.rows[self._filter]:
            self._filter = preview.first_filter
        self._show_status()
        self._show_head()
        self._show_filter(self._filter)
        self._show_buttons()

    def _show_status(self, progress: str = "") -> None:
        marked = len(self._session.marks)
        text = progress or (f"{marked:,} marked   " if marked else "") + _NOTHING_IMPORTED_YET
        for state in self.query("#preview-state").results(Static):  # none once it is closed
            state.update(safe(text))
            self._show_name(cell_len(text))
        if progress and self._dialog is not None:
            self._dialog.show_progress(progress)

    def _show_name(self, state_width: int) -> None:
        """Show the name of the file in the room next to the state."""
        room = self.size.width - state_width - _AROUND_NAME
        name = truncate_middle(self.request.path.name, max(_MIN_NAME, room))
        self.query_one("#preview-name", Static).update(safe(f"Import: {name}"))

    def _show_head(self) -> None:
        if self.preview is None:
            return
        width, height = self.size.width - 2, self.size.height
        rows = max(_MIN_ROWS, (height - 14) // 2)
        filter_lines = filter_layout(self.preview.counts, width).height
        room = height - _LINES_AROUND - filter_lines - rows
        lines = summary_lines(
            self.preview.prepared, self._note, width, room, shows_counts=filter_lines == 1
        )
        self.query_one(PreviewSummary).show(lines)

    def _show_filter(self, record_filter: RecordFilter) -> None:
        if self.preview is None:
            return
        self._filter = record_filter
        self.query_one(ResultTabs).show(record_filter, self.preview.counts)
        self.query_one(RecordList).show(self.preview, record_filter)

    def _show_buttons(self) -> None:
        plan, button = self._planner.plan, self.query_one("#import", Button)
        if plan is not None:
            label = (
                f"[i Import {pluralize(plan.write_count, 'change')}]"
                if plan.write_count
                else _NO_CHANGES
            )
            button.label = safe(_BLOCKED if plan.is_blocked else label)
            button.refresh(layout=True)
        button.disabled = not self._can_import
        self.query_one("#save-rejected").display = bool(plan is not None and plan.rejected)
        self.refresh_bindings()

    @property
    def _can_import(self) -> bool:
        return self._planner.plan is not None and self._planner.plan.imported > 0

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        plan = self._planner.plan
        if action == "import":
            return self._can_import or None
        if action in ("correct", "save_rejected"):
            return bool(plan is not None and plan.rejected) or None
        if action not in ("back", "show_keys"):
            return plan is not None or None
        return True

    # Filters and records

    def action_show_filter(self, number: int) -> None:
        """Show the records of a filter, by its key."""
        self._show_filter(RECORD_FILTERS[number - 1])
        self.query_one(RecordList).focus()

    def action_to_list(self, move: str, by: int) -> None:
        """Focus the list and move its cursor."""
        rows = self.query_one(RecordList)
        rows.focus()
        getattr(rows, f"action_{move}")(by)

    @on(ResultTabs.TabSelected)
    def _tab_selected(self, event: ResultTabs.TabSelected) -> None:
        self._show_filter(event.tab)

    @on(PreviewSummary.GroupSelected)
    def _group_selected(self, event: PreviewSummary.GroupSelected) -> None:
        self._show_group(event.group)

    @on(PreviewSummary.AllRequested)
    @work
    async def action_show_problems(self) -> None:
        """Show all problems; then go to the records of the selected group."""
        if self.preview is None:
            return
        self._planner.pin(self.preview)
        group = await self.app.push_screen_wait(ProblemsDialog(self.preview.prepared))
        self._planner.pin(None)
        if group is not None:
            self._show_group(group)

    def _show_group(self, group: IssueGroup) -> None:
        """Show the first record of a group."""
        is_error = group.severity is Severity.ERROR
        self._show_filter(RecordFilter.REJECTED if is_error else RecordFilter.WARNINGS)
        self.query_one(RecordList).move_cursor_to(group.first)
        self.query_one(RecordList).focus()

    @on(VirtualList.RowSelected)
    @flow
    async def _open_record(self, event: VirtualList.RowSelected) -> None:
        outcomes, row = self.query_one(RecordList).outcomes, event.cursor_row
        if not outcomes:
            await self._open_user(row)
            return
        self._planner.pin(self.preview)
        screen = RecordScreen(outcomes[row], outcomes, row, self.request.options)
        closed = await self.app.push_screen_wait(screen)
        self._planner.pin(None)
        self.query_one(RecordList).move_cursor_to(closed.number)
        if closed.correct:
            await self._correct(closed.number)

    async def _open_user(self, row: int) -> None:
        """Show a user that is not in the file."""
        if self.preview is not None:
            prepared = self.preview.prepared
            user_ids, users = prepared.plan.not_in_file, prepared.state.users
            screen = DetailsScreen(user_ids, row, users, self._session.store)
            self.query_one(RecordList).cursor_row = await self.app.push_screen_wait(screen)

    @on(RecordList.MarkRequested)
    def _mark_requested(self, event: RecordList.MarkRequested) -> None:
        self._mark([event.user_id])

    @on(RecordList.AllMarksRequested)
    def _all_marks_requested(self) -> None:
        if self.preview is not None and self._filter is not None:
            self._find_users(self.preview, self._filter)

    @work(thread=True, exclusive=True, group="marks", description="find users")
    def _find_users(self, preview: Preview, record_filter: RecordFilter) -> None:
        job, count = Job(lambda _progress: None), len(preview.rows[record_filter])
        user_ids: list[str] = []
        for start in range(0, count, CHUNK_SIZE):
            user_ids += users_shown(preview, record_filter, start, start + CHUNK_SIZE)
            job.report_progress(Phase.CHECKING, start, count)
        self.post_message(_UsersCollected(user_ids))

    @on(_UsersCollected)
    def _users_collected(self, event: _UsersCollected) -> None:
        self._mark(event.user_ids)

    def _mark(self, user_ids: Sequence[str]) -> None:
        self._session.toggle_marks(user_ids)
        self.query_one(RecordList).refresh()
        if not self.is_planning:
            self._show_status()

    # Options

    def action_turn(self, key: str) -> None:
        """Change an option to the value that fixes a problem, or back; then plan again."""
        self.replan(
            replace(self.request, options=IMPORT_OPTION[key].with_fix(self.request.options))
        )

    @on(PreviewSummary.FixSelected)
    def _fix_selected(self, event: PreviewSummary.FixSelected) -> None:
        self.action_turn(event.key)

    @flow
    async def action_show_options(self) -> None:
        """Show all options."""
        if self.preview is None or self._dialog is not None:
            return
        prepared = self.preview.prepared
        dialog = ImportOptionsDialog(
            prepared.file_report, prepared.plan, self.request, self.replan, self.action_map_columns
        )
        self._dialog = dialog
        await self.app.push_screen_wait(dialog)
        self._dialog = None

    # Corrections

    @flow
    async def action_correct(self) -> None:
        """Correct the rejected records, starting with the current one."""
        await self._correct(self.query_one(RecordList).number)

    async def _correct(self, number: int | None) -> None:
        preview = self.preview
        if preview is None or not preview.plan.rejected:
            return
        self._planner.pin(preview)
        numbers = Numbers(preview.rows[RecordFilter.REJECTED])
        screen = CorrectScreen(preview.prepared, numbers, begin_with=number)
        corrected = await self.app.push_screen_wait(screen)
        self._planner.pin(None)
        if corrected:
            corrections = {**self.request.corrections, **corrected}
            self._session.unsaved = (
                f"{pluralize(len(corrections), 'corrected record')} will be lost"
            )
            self.replan(replace(self.request, corrections=corrections))

    # Files

    @flow
    async def action_save_text(self) -> None:
        """Save the report."""
        if self.preview is not None:
            location = self._session.store.location
            await self._with_pinned(partial(save_text, location=location), self.preview)

    @flow
    async def action_save_rejected(self) -> None:
        """Save the rejected records."""
        if self.preview is not None:
            await self._with_pinned(save_records, self.preview)

    async def _with_pinned(
        self, save: Callable[[Screen[Any], Preview], Awaitable[tuple[str, ...]]], preview: Preview
    ) -> None:
        self._planner.pin(preview)
        self._show_status("Saving…")
        paragraphs = await save(self, preview)
        self._planner.pin(None)
        self._show_status()
        if paragraphs:
            await self.app.push_screen_wait(MessageDialog(*paragraphs))

    @flow
    async def action_map_columns(self) -> None:
        """Map the columns of the file to fields."""
        if self.preview is None:
            return
        mapping = await map_columns(self, self.preview.prepared)
        if mapping is not None:
            self.replan(
                replace(
                    self.request, read_options=replace(self.request.read_options, mapping=mapping)
                )
            )

    # Closing

    @flow
    async def action_import(self) -> None:
        """Import; a mass change must be confirmed first."""
        preview = self.preview
        if preview is None or self.is_planning or not self._can_import:
            return
        plan, confirmed = preview.plan, 0
        if plan.required_confirmation:
            text = f"{removals_text(plan)} {NOT_SAVED}"
            dialog = ConfirmDialog(
                plan.required_confirmation, text, title="Import with mass changes?", yes="Import"
            )
            typed = await self.app.push_screen_wait(dialog)
            if typed is None or preview is not self.preview or self.is_planning:
                return
            confirmed = typed
        self.query_one(RecordList).show(None, RecordFilter.ALL)
        prepared = self._planner.detach()
        if prepared is not None:
            self.dismiss(Decision(prepared, confirmed))

    @flow
    async def action_back(self) -> None:
        """Stop planning, or cancel the import; ask first if corrections would be lost."""
        if self.is_planning and self.preview is not None:
            self._planner.stop()
            self._show_status()
            return
        if self.request.corrections:
            question = ConfirmQuestion(
                f"Cancel the import? {self._session.unsaved}.",
                yes="Cancel import",
                no="Continue import",
            )
            if not await self.app.push_screen_wait(question):
                return
        self.query_one(RecordList).show(None, RecordFilter.ALL)
        self._planner.close()
        self.dismiss(None)

    def action_show_keys(self) -> None:
        """Show the keyboard shortcuts."""
        self.app.push_screen(KeysScreen(active_keys(self)))
