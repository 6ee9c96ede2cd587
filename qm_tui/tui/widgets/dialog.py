"""What every dialog is: a screen on top of another, which is closed once and gives a result."""

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType


class Dialog(ModalScreen[ScreenResultType]):
    """A dialog.

    Of keys that come in one burst, or of two clicks, the first that closes it counts. Textual
    would close what is below it with the second.
    """

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close it with a result, if it is still open and on top."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()
