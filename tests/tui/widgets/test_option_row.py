"""A row of options."""

from textual.app import App, ComposeResult

from qm_tui.tui.widgets.option_row import RadioOption, RadioRow

YES_NO = (RadioOption("1", "yes"), RadioOption("0", "no"))


async def test_keys_turn_a_row_in_both_directions():
    class OneRow(App[None]):
        def compose(self) -> ComposeResult:
            yield RadioRow((*YES_NO, RadioOption("", "not set")))

    app = OneRow()
    async with app.run_test() as pilot:
        row = app.query_one(RadioRow)
        assert row.has_focus
        values = []
        for key in ("space", "right", "right", "left", "left"):
            await pilot.press(key)
            values.append(row.value)
        assert values == ["0", "", "1", "", "0"]
