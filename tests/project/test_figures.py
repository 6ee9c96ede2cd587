"""The tables of the benchmarks."""

import pytest

from benchmarks.figures import OURS, Row, Table, Unit


@pytest.mark.parametrize(
    ("values", "bound", "ends"),
    [
        ([2.0, 3.0, 9.0], None, "3.0 ms     9.0 ms"),
        ([2.0, 3.0, 9.0], 3.0, "3.0 ms     9.0 ms     3.0 ms"),
        ([2.0, 3.0, 9.0], 2.9, "3.0 ms     9.0 ms     2.9 ms   OVER"),
        ([2.0, None, 4.0], 5.0, "5.0 ms   1 of 3 times NO ANSWER"),
        ([None], 5.0, "no answer                5.0 ms"),
    ],
    ids=["median and longest", "within", "over", "some without an answer", "no answer"],
)
def test_row_contains_median_maximum_and_bound(values, bound, ends):
    row = Row("a key", Unit.MILLISECONDS)
    row.bound = bound
    for value in values:
        row.add(OURS, value)

    assert row.line([]).endswith(ends)


def test_row_contains_ratio_to_other_programs():
    row = Row("a key", Unit.BYTES)
    row.add(OURS, 500)
    row.add("other", 2000)

    assert row.line(["other", "one that lacks it"]).endswith(
        "500 B      500 B               2,000 B     0.25 x"
    )


def test_table_prints_rows_in_order_of_creation(capsys):
    table = Table("Keys")
    table.row("second", Unit.SECONDS, 3).add(OURS, 2)
    table.row("first", Unit.SECONDS).add(OURS, 1)
    table.row("second", Unit.SECONDS).add(OURS, 4)

    table.print()

    title, _, second, first, *_ = capsys.readouterr().out.split("\n")
    assert title == "Keys"
    assert second.split() == ["second", "3.00", "s", "4.00", "s", "3.00", "s"]
    assert first.split()[0] == "first"
