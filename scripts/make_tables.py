"""Write the tables of the documentation that the program holds as data.

    python -m scripts.make_tables

All of docs/fields.md, the names in docs/filters.md, and the options in docs/users-files.md.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from qm_tui.transfer.options.choice import Option, OptionValue
from qm_tui.transfer.options.export_options import EXPORT_OPTIONS
from qm_tui.transfer.options.import_options import IMPORT_OPTIONS
from qm_tui.users.fields import FIELDS
from qm_tui.users.query.filter_fields import FILTER_FIELDS, FilterField
from scripts.splice import code, escaped, spliced, table

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "fields.md"
FILTERS = DOCS / "filters.md"
USERS_FILES = DOCS / "users-files.md"

MORE_EXAMPLES = {"changed": ("2026-11-20", "2026-11-20..2026-11-23"), "import": ("41",)}
"""Examples of filter names that accept other values, too."""

HEAD = f"""\
# The {len(FIELDS)} fields

Generated from `qm_tui/users/fields.py` by `make docs`. Without a header, the columns of a file are
in this order. With a header, they can be in any order. The key is the name of the field in the
store and in `--json`.

"""


def page() -> str:
    """Return the page of fields."""
    rows = [("#", "Header", "Key", "Required", "Description")]
    for field in FIELDS:
        meaning = field.meaning
        if field.only_for:
            meaning += f" Only for {field.only_for}."
        if field.aliases:
            meaning += f" Also accepted: {', '.join(f'`{alias}`' for alias in field.aliases)}."
        if field.is_secret:
            meaning += " Never shown."
        required = "yes" if field.required else ""
        rows.append((str(field.number), field.header, f"`{field.key}`", required, meaning))
    return HEAD + table(*rows)


def examples(name: FilterField) -> list[str]:
    """Return examples of filters with a name: with each possible value, or with one example."""
    values = (*name.values, *MORE_EXAMPLES.get(name.name, ()))
    if not values and name.field is not None:
        values = (name.field.example,)
    return [f"{name.name}:{value}" for value in values]


def filters_page() -> str:
    """Return the page of filters with the present names."""
    rows = [
        (f"`{name.name}:`", name.meaning, " ".join(map("`{}`".format, examples(name))))
        for name in FILTER_FIELDS.values()
    ]
    return spliced(FILTERS, "names", table(("Name", "Matches", "Examples"), *rows))


def _option_rows(choices: Iterable[Option[Any]]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each value of each option; the first value is the default."""
    for choice in choices:
        title, letter = choice.title, f"`{choice.letter}`" if choice.letter else ""
        for option in choice.values:
            is_default = option is choice.values[0]
            value = f"{option.label} (default)" if is_default else option.label
            cells = (title, letter, value, option.help)
            yield (*map(escaped, cells), _flag_of(choice, option, is_default=is_default))
            title = letter = ""


def _flag_of(choice: Option[Any], option: OptionValue, *, is_default: bool) -> str:
    if isinstance(option.value, StrEnum):
        return code(f"{choice.flag} {option.value}")
    return "" if is_default else code(choice.flag)


def users_files_page() -> str:
    """Return the page of users files with the present options."""
    head = ("Option", "Key", "Value", "Effect", "Command line")
    export_rows = [(a, *more) for a, _, *more in _option_rows(EXPORT_OPTIONS)]
    export = table((head[0], *head[2:]), *export_rows)
    importing = table(head, *_option_rows(IMPORT_OPTIONS))
    whole = spliced(USERS_FILES, "import options", importing)
    return spliced(USERS_FILES, "export options", export, whole)


if __name__ == "__main__":
    PAGE.write_text(page())
    FILTERS.write_text(filters_page())
    USERS_FILES.write_text(users_files_page())
