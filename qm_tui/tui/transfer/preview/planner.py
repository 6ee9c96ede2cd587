"""The import that a preview is about: what is asked for, what is planned, and the work at it."""

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
    """An import was planned, or could not be.

    Args:
        job: the work at it.
        preview: what it would do; None where it could not be planned.
        sentence: why it could not.
    """

    def __init__(self, job: Job, preview: Preview | None, sentence: str = "") -> None:
        super().__init__()
        self.job, self.preview, self.sentence = job, preview, sentence


class Planning:
    """Plans an import in a thread, again and again as the admin chooses otherwise.

    Args:
        screen: told of progress, and by `Planned` what came of it, which it hands to `take`.
        session: what the pages share.
        asked: what is to be imported, and how.
        prepared: the import, where it is planned already; else what the admin chose the last time
            counts too.

    Attributes:
        asked: what is asked for now.
        preview: what was planned last; None before the first time.
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
        """Whether what was planned last is not yet what is asked for."""
        return self._job is not None

    @property
    def plan(self) -> Plan | None:
        """What becomes of each record, as it was planned last."""
        return self.preview.plan if self.preview is not None else None

    def ask(self, asked: Asked) -> None:
        """Plan by other choices; the plan before stays until that is done."""
        self.stop()
        self.asked = asked
        self._job = Job(self._screen.post_message)
        self._start(partial(self._make, asked, self._job))

    def stop(self) -> None:
        """Stop planning; what was planned last counts again."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
        if self.preview is not None:
            self.asked = self.preview.prepared.asked

    def take(self, event: Planned) -> bool:
        """Take what came of planning; whether it is of what is asked for now."""
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
        """Keep a plan that a dialog looks at, even if it is planned again meanwhile."""
        before, self._pinned = self._pinned, preview
        if before is not None and before is not self.preview:
            self._let_go(before)

    def hand_over(self) -> Prepared | None:
        """What was planned last; it is not kept, so that the store's state before can go."""
        preview, self.preview = self.preview, None
        return preview.prepared if preview is not None else None

    def leave(self) -> None:
        """Forget what was planned."""
        preview, self.preview = self.preview, None
        if preview is not None:
            self._let_go(preview)

    def _let_go(self, preview: Preview) -> None:
        if preview is not self._pinned:
            let_go_soon(self._screen.app, preview.plan)

    def _start(self, work: partial[None]) -> None:
        # without a description Textual would make one of all that the work is about
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
            if job.is_cancelled:  # nobody may be there any more to take it
                let_go_of(prepared.plan)
            else:
                self._screen.post_message(Planned(job, preview))
