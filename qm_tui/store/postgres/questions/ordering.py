"""Orders of users in SQL, and the pages of a query in such an order.

A page begins after a user, not at a number of rows: the server finds it in an index, wherever it
is in the list. Users with equal keys are in the order of the store in both directions, and users
without a value come last in both, as in `qm_tui.users.query.sorting`.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from qm_tui.store.postgres.derived import KEY_PLACE
from qm_tui.store.postgres.questions.conditions import LICENSE_SORT_KEY
from qm_tui.store.postgres.questions.sql import TRUE, Sql, joined
from qm_tui.users.fields import FIELD
from qm_tui.users.query.columns import LICENSE
from qm_tui.users.query.views import SortKey


class OrderKey(NamedTuple):
    """An expression by which users are ordered, and whether downward."""

    expression: str
    descending: bool = False

    def text(self, *, reverse: bool) -> str:
        """Return it as a part of ORDER BY."""
        return f"{self.expression} {'DESC' if self.descending != reverse else 'ASC'}"


class Segment(NamedTuple):
    """Users that are together in an order, and their order.

    Attributes:
        condition: which users of a query they are.
        order: their order; it is never equal for two users.
    """

    condition: Sql
    order: tuple[OrderKey, ...]

    def order_by(self, *, reverse: bool = False) -> str:
        """Return ORDER BY, from the first user or from the last."""
        return "ORDER BY " + ", ".join(key.text(reverse=reverse) for key in self.order)

    def after(self, values: Sequence[object], *, reverse: bool = False) -> Sql:
        """Return the condition of the users after a place, or before it.

        Args:
            values: the values of `order` there.
            reverse: whether those before it are wanted.
        """
        directions = {key.descending != reverse for key in self.order}
        if len(directions) == 1:
            # only as one comparison of rows, the index finds the place
            keys = ", ".join(key.expression for key in self.order)
            marks = ", ".join(["%s"] * len(self.order))
            return Sql(f"(({keys}) {'<' if True in directions else '>'} ({marks}))", tuple(values))
        choices = []
        for place, key in enumerate(self.order):
            equal = [
                Sql(f"{one.expression} = %s", (value,))
                for one, value in zip(self.order[:place], values[:place], strict=True)
            ]
            sign = "<" if key.descending != reverse else ">"
            beyond = Sql(f"{key.expression} {sign} %s", (values[place],))
            choices.append(joined("AND", [*equal, beyond], TRUE))
        return joined("OR", choices, TRUE)


STORE_ORDER: Final = OrderKey("u.seq")
_STORE_ORDER_DOWN: Final = OrderKey("(- u.seq)", descending=True)
"""The same order as a downward one, so that one comparison finds a place among equal keys."""


def segments_of(
    sort: Sequence[SortKey], *, sees_secrets: bool, are_few: bool
) -> tuple[Segment, ...]:
    """Return the users in an order: one segment after the other.

    Args:
        sort: the sort order; that of the store if empty.
        sees_secrets: whether the session may read passwords and salts.
        are_few: whether an index finds few users. Sorting them is faster than searching for them in
            the index of the order, in which they may all be far away.
    """
    if len(sort) > 1 or (sort and are_few):
        return (Segment(TRUE, _whole_order(sort, sees_secrets=sees_secrets)),)
    if not sort:
        return (Segment(TRUE, (OrderKey("(u.seq + 0)") if are_few else STORE_ORDER,)),)
    expression = _expression(sort[0].column, sees_secrets=sees_secrets)
    ties = _STORE_ORDER_DOWN if sort[0].descending else STORE_ORDER
    return (
        Segment(Sql(f"({expression} > '')"), (OrderKey(expression, sort[0].descending), ties)),
        Segment(Sql(f"({expression} = '')"), (STORE_ORDER,)),
    )


def order_text(sort: Sequence[SortKey], *, sees_secrets: bool) -> str:
    """Return ORDER BY for all users."""
    return Segment(TRUE, _whole_order(sort, sees_secrets=sees_secrets)).order_by()


def _whole_order(sort: Sequence[SortKey], *, sees_secrets: bool) -> tuple[OrderKey, ...]:
    """Return an order in which all users are one segment; if sorted, it is in no index."""
    keys: list[OrderKey] = []
    for key in sort:
        expression = _expression(key.column, sees_secrets=sees_secrets)
        keys += OrderKey(f"({expression} = '')"), OrderKey(expression, key.descending)
    return (*keys, STORE_ORDER)


def _expression(column: str, *, sees_secrets: bool) -> str:
    if column == LICENSE:
        return LICENSE_SORT_KEY
    if column in KEY_PLACE:
        return f"(u.keys[{KEY_PLACE[column]}])"
    if FIELD[column].is_secret:  # only whether there is a value may be visible
        return f"(CASE WHEN u.{column} = '' THEN '' ELSE '1' END)" if sees_secrets else "''::text"
    return f"u.{column}"
