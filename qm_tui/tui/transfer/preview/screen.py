"""The preview of an import: shows the result, and lets the admin change options first."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final

from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Button

from qm_tui.transfer.importing import ImportRequest, PreparedImport
from qm_tui.transfer.options.import_options import IMPORT_OPTION, IMPORT_OPTIONS
from qm_tui.tui.frame.key_help import COMMAND_PALETTE
from qm_tui.tui.keys.keymap import LIST_MOVES, bind, is_key_of, is_move, with_keys
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.transfer.preview import actions
from qm_tui.tui.transfer.preview.filter_row import ResultTabs
from qm_tui.tui.transfer.preview.options_dialog import ImportOptionsDialog
from qm_tui.tui.transfer.preview.record_list import RecordList
from qm_tui.tui.transfer.preview.summary import PreviewSummary, PreviewTitle
from qm_tui.tui.transfer.preview.view_model import (
    RECORD_FILTERS,
    ImportPlanner,
    Preview,
    RecordFilter,
    lost_text,
)
from qm_tui.tui.widgets.dialog import Confirms, redraw_pending
from qm_tui.tui.widgets.message_box import MessageDialog
from qm_tui.tui.work.flow import flow
from qm_tui.tui.work.job import JobProgressed, job_end_message
from qm_tui.tui.work.session import Session

_LINES_AROUND: Final = 5
"""Title, blank line, the list's header and footer, buttons."""

_MIN_ROWS: Final = 5
WAITING: Final = "Waiting for the server…"
_CANNOT_MARK: Final = "Only users in the store can be marked."
_NOTHING_IMPORTED_YET: Final = "Preview – nothing imported yet"
_COMMITTING: Final = ("preview.import", "preview.save_rejected", "preview.save_report")


class PreviewScreen(Confirms, Screen[actions.Decision | None]):
    """Shows what an import would do. The result is None if the import is canceled.

    Args:
        session: the session shared by the pages.
        request: the file and the options.
        prepared: the import, if it has been planned already.
        note: a message shown first; may be empty.

    Attributes:
        error: why the file could not be read; empty if it could.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("preview.import", "import"),
        bind("preview.options", "show_options"),
        *(
            bind(f"preview.{option.key}", f"turn('{option.key}')")
            for option in IMPORT_OPTIONS
            if option.letter
        ),
        *(
            bind(record_filter.key_action, f"show_filter({number})")
            for number, record_filter in enumerate(RECORD_FILTERS, 1)
        ),
        bind("preview.problems", "show_problems"),
        bind("preview.correct", "correct"),
        bind("preview.save_rejected", "save_rejected"),
        bind("preview.save_report", "save_text"),
        bind("preview.map_columns", "map_columns"),
        *(  # they work from everywhere on the screen, and focus the list
            bind(name, f"to_list('{move}', {by})", "Go to records", show=False)
            for name, move, by in LIST_MOVES
        ),
        bind("screen.palette", "app.command_palette", hint=COMMAND_PALETTE),
        bind("screen.keys", "app.show_keys", hint="Keys"),
        bind("dialog.close", "back", "Cancel"),
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
        self.error = ""

    @property
    def is_planning(self) -> bool:
        """Whether the import is being planned with other options than those shown."""
        return self._planner.is_planning

    def may_confirm(self, key: str) -> bool:
        """Whether a key may import or write a file; the others open screens or change options."""
        return key in ("enter", "space") or is_key_of(key, *_COMMITTING)

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until the import has been planned, or users are marked."""
        if self.preview is None:
            return not is_key_of(key, "dialog.close")
        is_held = self.is_planning and not (is_move(key) or is_key_of(key, "dialog.close"))
        return is_held or self._session.is_marking

    @property
    def preview(self) -> Preview | None:
        """The preview shown; None until the file has been read."""
        return self._planner.preview

    @property
    def request(self) -> ImportRequest:
        """The file and the options."""
        return self._planner.request

    @property
    def _rows(self) -> RecordList:
        return self.query_one(RecordList)

    def compose(self) -> ComposeResult:
        yield PreviewTitle()
        yield PreviewSummary()
        yield ResultTabs()
        yield RecordList(self._session.marks)
        buttons = (
            ("import", "[<preview.import> Import]", "import"),
            ("options", "[<preview.options> Options]", "show_options"),
            ("save-rejected", "[<preview.save_rejected> Save rejected]", "save_rejected"),
            ("leave", "[Cancel]", "back"),
        )
        with Horizontal(id="preview-buttons"):
            for name, label, action in buttons:
                yield Button(
                    safe(with_keys(label)), id=name, compact=True, action=f"screen.{action}"
                )

    def on_mount(self) -> None:
        self.add_class("-first-time")
        self._show_buttons()
        self.query_one("#leave").focus()
        self.replan(self.request)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_head)

    # Planning

    def replan(self, request: ImportRequest) -> None:
        """Plan with other options; the current preview is shown until that is done."""
        self._planner.begin(request)
        self._show_status("Reading…")
        self._plan()

    @work(exclusive=True, group="plan", description="plan an import")
    async def _plan(self) -> None:
        try:
            await self._planner.finish(self.post_message, self._wait_for_server)
        except Exception as error:
            self._planning_failed(job_end_message(error, "").message)
        else:
            self._show()

    def _wait_for_server(self, _message: str) -> None:
        self._show_status(WAITING)

    @on(JobProgressed)
    def _progressed(self, event: JobProgressed) -> None:
        if self.is_planning:
            for title in self.query(PreviewTitle):
                self._show_progress(title.show_progress(self.request.path.name, event))

    def _show_progress(self, text: str) -> None:
        if self._dialog is not None:
            self._dialog.show_progress(text)

    def _planning_failed(self, message: str) -> None:
        """Show the error message; the last preview stays."""
        if self.preview is None:
            self.error = message
            self.dismiss(None)
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
        is_first = self._filter is None
        if self._filter is None or not preview.rows[self._filter]:
            self._filter = preview.first_filter
        self._show_head()
        self._show_filter(self._filter)
        self._show_buttons()
        report = preview.prepared.file_report
        if is_first:
            self.query_one("#import" if preview.plan.imported else "#records").focus()
            if report.dialect.has_unknown_names:
                self.action_map_columns()
        if self._dialog is not None:
            self._dialog.show(report, preview.plan, self.request)

    def _show_status(self, progress: str = "") -> None:
        marked = self._session.marks.number
        text = progress or (f"{marked:,} marked   " if marked else "") + _NOTHING_IMPORTED_YET
        for title in self.query(PreviewTitle):  # none once it is closed
            title.show(self.request.path.name, text)
        if progress:
            self._show_progress(progress)

    def _show_head(self) -> None:
        if self.preview is None:
            return
        width, height = self.size.width - 2, self.size.height
        rows = max(_MIN_ROWS, (height - 14) // 2)
        filter_lines = ResultTabs.height_of(self.preview.counts, width)
        room = height - _LINES_AROUND - filter_lines - rows
        self.query_one(PreviewSummary).show(
            self.preview.prepared, self._note, width, room, shows_counts=filter_lines == 1
        )

    def _show_filter(self, record_filter: RecordFilter) -> None:
        if self.preview is None:
            return
        self._filter = record_filter
        self.query_one(ResultTabs).show(record_filter, self.preview.counts)
        self._rows.show(self.preview, record_filter)
        if not self.is_planning:
            self._show_status()

    def _show_buttons(self) -> None:
        plan, button = self._planner.plan, self.query_one("#import", Button)
        if self.preview is not None:
            button.label = safe(f"[{self.preview.import_label}]")
            button.refresh(layout=True)
        button.disabled = plan is None or not plan.imported
        self.query_one("#save-rejected").display = bool(plan is not None and plan.rejected)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        plan = self._planner.plan
        if action == "back":
            return True
        if plan is None:
            return None
        if action == "import":
            return plan.imported > 0 or None
        return action not in ("correct", "save_rejected") or plan.rejected > 0 or None

    # Filters and records

    def action_show_filter(self, number: int) -> None:
        """Show the records of a filter, by its number from 1."""
        self._show_filter(RECORD_FILTERS[number - 1])
        self._rows.focus()

    def action_to_list(self, move: str, by: int) -> None:
        """Focus the list and move its cursor."""
        self._rows.focus()
        getattr(self._rows, f"action_{move}")(by)

    @on(ResultTabs.TabSelected)
    def _tab_selected(self, event: ResultTabs.TabSelected) -> None:
        self._show_filter(event.tab)

    @on(PreviewSummary.GroupSelected)
    def _group_selected(self, event: PreviewSummary.GroupSelected) -> None:
        """Show the first record of a group."""
        self._show_filter(RecordFilter.REJECTED if event.is_error else RecordFilter.WARNINGS)
        self._rows.move_cursor_to(event.first)
        self._rows.focus()

    @on(PreviewSummary.AllRequested)
    @work
    async def action_show_problems(self) -> None:
        """Show all problems; then go to the records of the selected group."""
        with self._planner.pinned() as preview:
            group = await actions.show_problems(self.app, preview) if preview else None
        if group is not None:
            self._group_selected(PreviewSummary.GroupSelected(group))

    @on(RecordList.RowSelected)
    @flow
    async def _open_record(self, event: RecordList.RowSelected) -> None:
        rows, row, store = self._rows, event.cursor_row, self._session.store
        outcomes = rows.outcomes
        with self._planner.pinned() as preview:
            if preview is None:
                return
            details = rows.details(row, store)
            if details is not None:
                rows.cursor_row = await self.app.push_screen_wait(details)
                return
            closed = await actions.show_record(self.app, preview, outcomes, row)
        rows.move_cursor_to(closed.number)
        if closed.correct:
            await self._correct(closed.number)

    @on(RecordList.MarkRequested)
    @work
    async def _mark_requested(self, event: RecordList.MarkRequested) -> None:
        preview = self.preview
        if preview is None:
            return
        state, absent = preview.prepared.state, self._rows.absent
        if event.user_ids is not None:
            await self._session.toggle_marks(state, event.user_ids)
        elif absent is not None:
            self._session.begin_marking()
            await self._session.toggle_query(state, absent.query)
        self._show_marks(event.user_ids)

    def _show_marks(self, user_ids: Sequence[str] | None) -> None:
        """Show the marks after some users were to be marked; None if they are not in the file."""
        self._rows.refresh()
        if not self.is_planning:
            self._show_status(_CANNOT_MARK if user_ids is not None and not user_ids else "")

    @on(RecordList.MarkRangeRequested)
    @work
    async def _mark_range_requested(self, event: RecordList.MarkRangeRequested) -> None:
        preview = self.preview
        if preview is None:
            return
        state, absent = preview.prepared.state, self._rows.absent
        if event.user_ids is not None:
            await self._session.add_marks(state, event.user_ids)
        elif absent is not None:
            self._session.begin_marking()
            await self._session.mark_range(state, absent.query, event.start, event.end)
        self._show_marks(event.user_ids)

    @on(RecordList.RangeDropped)
    def _range_dropped(self, event: RecordList.RangeDropped) -> None:
        if not self.is_planning:
            self._show_status(event.text)

    # Options

    def action_turn(self, key: str) -> None:
        """Change an option to the value that fixes a problem, or back; then plan again."""
        options = IMPORT_OPTION[key].with_fix(self.request.options)
        self.replan(replace(self.request, options=options))

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

    @flow
    async def action_map_columns(self) -> None:
        """Map the columns of the file to fields."""
        with self._planner.pinned() as preview:
            mapping = await actions.map_columns(self.app, preview.prepared) if preview else None
        if mapping is not None:
            read_options = replace(self.request.read_options, mapping=mapping)
            self.replan(replace(self.request, read_options=read_options))

    @flow
    async def action_correct(self) -> None:
        """Correct the rejected records, starting with the current one."""
        await self._correct(self._rows.number)

    async def _correct(self, number: int | None) -> None:
        with self._planner.pinned() as preview:
            if preview is None or not preview.plan.rejected:
                return
            corrected = await actions.correct_records(self.app, preview, number)
        if corrected:
            corrections = {**self.request.corrections, **corrected}
            self._session.unsaved = lost_text(len(corrections))
            self.replan(replace(self.request, corrections=corrections))

    # Files

    @flow
    async def action_save_text(self) -> None:
        """Save the report."""
        await self._save(partial(actions.save_text, location=self._session.store.location))

    @flow
    async def action_save_rejected(self) -> None:
        """Save the rejected records."""
        await self._save(actions.save_records)

    async def _save(self, save: Callable[[App[Any], Preview], Awaitable[Sequence[str]]]) -> None:
        with self._planner.pinned() as preview:
            if preview is None:
                return
            self._show_status("Saving…")
            messages = await save(self.app, preview)
        self._show_status()
        if messages:
            await self.app.push_screen_wait(MessageDialog(*messages))

    # Closing

    @flow
    async def action_import(self) -> None:
        """Import; a mass change must be confirmed first."""
        preview = self.preview
        if preview is None or self.is_planning or not preview.plan.imported:
            return
        if self._session.read_only_reason:  # the server cannot be reached
            await self.app.push_screen_wait(MessageDialog(self._session.read_only_reason))
            return
        confirmed = await actions.confirm_import(self.app, preview)
        if confirmed is None or preview is not self.preview or self.is_planning:
            return
        self._rows.show(None, RecordFilter.ALL)
        prepared = self._planner.detach()
        if prepared is not None:
            self.dismiss(actions.Decision(prepared, confirmed))

    @flow
    async def action_back(self) -> None:
        """Stop planning, or cancel the import; ask first if corrections would be lost."""
        if self.is_planning and self.preview is not None:
            self.workers.cancel_group(self, "plan")
            self._planner.stop()
            self._show_status()
            return
        if self.request.corrections and not await actions.confirm_cancel(
            self.app, self._session.unsaved
        ):
            return
        self._rows.show(None, RecordFilter.ALL)
        self._planner.close()
        self.dismiss(None)
