"""Plan the import of a preview in a thread."""

from functools import partial
from typing import Any

from textual.message import Message
from textual.screen import Screen

from qm_tui.config.preferences import save_preferences
from qm_tui.progress import Cancelled
from qm_tui.transfer.importing import ImportRequest, PreparedImport, prepare_import
from qm_tui.transfer.planning.plan import ImportPlan
from qm_tui.tui.transfer.preview.save import with_saved_options
from qm_tui.tui.transfer.preview.view_model import (
    Preview,
    free_plan,
    free_plan_in_background,
    make_preview,
)
from qm_tui.tui.work.job import Job, job_end_message
from qm_tui.tui.work.session import Session


class ImportPlanned(Message):
    """Planning has ended.

    Args:
        job: the job that planned the import.
        preview: the preview; None if planning failed.
        message: the error message if planning failed.
    """

    def __init__(self, job: Job, preview: Preview | None, message: str = "") -> None:
        super().__init__()
        self.job, self.preview, self.message = job, preview, message


class ImportPlanner:
    """Plans an import in a thread, again each time the admin changes an option.

    Args:
        screen: receives progress and `ImportPlanned`, which it passes to `accept`.
        session: the session shared by the pages.
        request: the file and the options.
        prepared: the import, if it has been planned already; if None, the saved options are used.

    Attributes:
        request: the file and the current options.
        preview: the last preview; None before the first.
    """

    def __init__(
        self,
        screen: Screen[Any],
        session: Session,
        request: ImportRequest,
        prepared: PreparedImport | None,
    ) -> None:
        self.request = request
        self.preview: Preview | None = None
        self._screen, self._session = screen, session
        self._initial = prepared
        self._pinned: Preview | None = None
        self._job: Job | None = None

    @property
    def is_planning(self) -> bool:
        """Whether the import is being planned."""
        return self._job is not None

    @property
    def plan(self) -> ImportPlan | None:
        """The last plan; None before the first."""
        return self.preview.plan if self.preview is not None else None

    def replan(self, request: ImportRequest) -> None:
        """Plan with other options; the last preview stays until that is done."""
        self.stop()
        self.request = request
        self._job = Job(self._screen.post_message)
        self._start(partial(self._make, request, self._job))

    def stop(self) -> None:
        """Stop planning, and return to the options of the last preview."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
        if self.preview is not None:
            self.request = self.preview.prepared.request

    def accept(self, event: ImportPlanned) -> bool:
        """Accept the result of planning. Return whether it belongs to the current options."""
        if event.job is not self._job:
            if event.preview is not None:
                self._free(event.preview)
            return False
        if event.preview is None:
            self.stop()
            return True
        before, self.preview, self._job = self.preview, event.preview, None
        self.request = event.preview.prepared.request
        if before is not None:
            self._free(before)
            options = self.request.options
            if options != before.plan.options:
                self._start(partial(save_preferences, options))
        return True

    def pin(self, preview: Preview | None) -> None:
        """Keep a preview that a dialog uses, even if the import is planned again."""
        before, self._pinned = self._pinned, preview
        if before is not None and before is not self.preview:
            self._free(before)

    def detach(self) -> PreparedImport | None:
        """Return the last planned import, and drop it, so that the old state can be freed."""
        preview, self.preview = self.preview, None
        return preview.prepared if preview is not None else None

    def close(self) -> None:
        """Free the last preview."""
        preview, self.preview = self.preview, None
        if preview is not None:
            self._free(preview)

    def _free(self, preview: Preview) -> None:
        if preview is not self._pinned:
            free_plan_in_background(self._screen.app, preview.plan)

    def _start(self, work: partial[None]) -> None:
        # without a description, Textual would build one from all arguments
        self._screen.app.run_worker(work, thread=True, description="plan")

    def _make(self, request: ImportRequest, job: Job) -> None:
        prepared, self._initial = self._initial, None
        try:
            if prepared is None:
                if self.preview is None:
                    request = with_saved_options(request)
                prepared = prepare_import(request, self._session.store.state, job.report_progress)
            preview = make_preview(prepared, job.report_progress)
        except Exception as error:
            if prepared is not None:
                free_plan(prepared.plan)
            if not isinstance(error, Cancelled):
                self._screen.post_message(
                    ImportPlanned(job, None, job_end_message(error, "").message)
                )
        else:
            if job.is_cancelled:  # the screen may be closed, so that no one would free it
                free_plan(prepared.plan)
            else:
                self._screen.post_message(ImportPlanned(job, preview))
