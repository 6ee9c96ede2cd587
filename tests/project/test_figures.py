"""The tables of the benchmarks."""

from benchmarks.figures import OURS, Table, Unit


def test_table_has_median_longest_bound_and_ratio(capsys):
    table = Table("Keys")
    row = table.row("second", Unit.SECONDS, 3)
    for seconds in (2, 4, 9):
        row.add(OURS, seconds)
    row.add("other", 8)
    table.row("first", Unit.MILLISECONDS, 5.0).add(OURS, None)
    table.print()
    title, _, second, first, *_ = capsys.readouterr().out.split("\n")
    assert title == "Keys"
    for text in ("4.00 s", "9.00 s", "3.00 s", "OVER"):
        assert text in second
    assert "0.5 x" in row.line(["other"])
    assert first.split()[:3] == ["first", "no", "answer"]


def test_table_has_the_percentile_if_it_is_wanted(capsys):
    table = Table("Keys", has_percentile=True)
    row = table.row("first", Unit.MILLISECONDS)
    for milliseconds in range(101):
        row.add(OURS, milliseconds)
    table.row("second", Unit.MILLISECONDS).add(OURS, 7)
    table.print()
    _, heads, first, second, *_ = capsys.readouterr().out.split("\n")
    assert heads.split() == [OURS, "95", "%", "longest", "bound"]
    assert first.split() == ["first", "50.0", "ms", "95.0", "ms", "100.0", "ms"]
    assert second.split() == ["second", "7.0", "ms", "7.0", "ms", "7.0", "ms"]
