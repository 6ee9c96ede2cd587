"""Plan the import of a preview in a thread."""

from functools import partial
from typing import Any

from textual.message import Message
from textual.screen import Screen

from qm_tui.preferences import remember
from qm_tui.progress import Cancelled
from qm_tui.transfer.importing import Asked, Prepared, prepare
from qm_tui.transfer.planning.plan import Plan
from qm_tui.tui.transfer.preview.save import as_before
from qm_tui.tui.transfer.preview.view_model import Preview, let_go_of, let_go_soon, previewed
from qm_tui.tui.work.job import Job, ended_by
from qm_tui.tui.work.session import Session


class Planned(Message):
    """Planning has ended.

    Args:
        job: the job that planned the import.
        preview: the preview; None if planning failed.
        sentence: the error message if planning failed.
    """

    def __init__(self, job: Job, preview: Preview | None, sentence: str = "") -> None:
        super().__init__()
        self.job, self.preview, self.sentence = job, preview, sentence


class Planning:
    """Plans an import in a thread, again each time the admin changes an option.

    Args:
        screen: receives progress and `Planned`, which it passes to `take`.
        session: the session shared by the pages.
        asked: the file and the options.
        prepared: the import, if it has been planned already; if None, the saved options are used.

    Attributes:
        asked: the file and the current options.
        preview: the last preview; None before the first.
    """

    def __init__(
        self, screen: Screen[Any], session: Session, asked: Asked, prepared: Prepared | None
    ) -> None:
        self.asked = asked
        self.preview: Preview | None = None
        self._screen, self._session = screen, session
        self._given = prepared
        self._pinned: Preview | None = None
        self._job: Job | None = None

    @property
    def is_at_work(self) -> bool:
        """Whether the import is being planned."""
        return self._job is not None

    @property
    def plan(self) -> Plan | None:
        """The last plan; None before the first."""
        return self.preview.plan if self.preview is not None else None

    def ask(self, asked: Asked) -> None:
        """Plan with other options; the last preview stays until that is done."""
        self.stop()
        self.asked = asked
        self._job = Job(self._screen.post_message)
        self._start(partial(self._make, asked, self._job))

    def stop(self) -> None:
        """Stop planning, and return to the options of the last preview."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
        if self.preview is not None:
            self.asked = self.preview.prepared.asked

    def take(self, event: Planned) -> bool:
        """Accept the result of planning. Return whether it belongs to the current options."""
        if event.job is not self._job:
            if event.preview is not None:
                self._let_go(event.preview)
            return False
        if event.preview is None:
            self.stop()
            return True
        before, self.preview, self._job = self.preview, event.preview, None
        self.asked = event.preview.prepared.asked
        if before is not None:
            self._let_go(before)
            choices = self.asked.choices
            if choices != before.plan.choices:
                self._start(partial(remember, choices))
        return True

    def pin(self, preview: Preview | None) -> None:
        """Keep a preview that a dialog uses, even if the import is planned again."""
        before, self._pinned = self._pinned, preview
        if before is not None and before is not self.preview:
            self._let_go(before)

    def hand_over(self) -> Prepared | None:
        """Return the last planned import, and drop it, so that the old state can be freed."""
        preview, self.preview = self.preview, None
        return preview.prepared if preview is not None else None

    def leave(self) -> None:
        """Free the last preview."""
        preview, self.preview = self.preview, None
        if preview is not None:
            self._let_go(preview)

    def _let_go(self, preview: Preview) -> None:
        if preview is not self._pinned:
            let_go_soon(self._screen.app, preview.plan)

    def _start(self, work: partial[None]) -> None:
        # without a description, Textual would build one from all arguments
        self._screen.app.run_worker(work, thread=True, description="plan")

    def _make(self, asked: Asked, job: Job) -> None:
        prepared, self._given = self._given, None
        try:
            if prepared is None:
                if self.preview is None:
                    asked = as_before(asked)
                prepared = prepare(asked, self._session.store.state, job.tick)
            preview = previewed(prepared, job.tick)
        except Exception as error:
            if prepared is not None:
                let_go_of(prepared.plan)
            if not isinstance(error, Cancelled):
                self._screen.post_message(Planned(job, None, ended_by(error, "").sentence))
        else:
            if job.is_cancelled:  # the screen may be closed, so that no one would free it
                let_go_of(prepared.plan)
            else:
                self._screen.post_message(Planned(job, preview))
