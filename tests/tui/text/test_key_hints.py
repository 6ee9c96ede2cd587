"""Key hints, in which the keys stand out."""

from qm_tui.tui.text.safe_content import key_hints


def test_keys_stand_out_in_hints():
    hints = key_hints("1 of 9  ← → next user  Enter add to filter  Space/→ next  type a  ? keys")
    keys = [hints.plain[span.start : span.end] for span in hints.spans]
    assert keys == ["← →", "Enter", "Space/→", "?"]
    assert [key_hints(text).spans != [] for text in ("[D Delete]", "[Sales]")] == [True, False]
    hints = key_hints("Ctrl+T mark  ö sort  Shift+PgUp top  F5 load")
    keys = [hints.plain[span.start : span.end] for span in hints.spans]
    assert keys == ["Ctrl+T", "ö", "Shift+PgUp", "F5"]
