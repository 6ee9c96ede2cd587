"""Users files in many forms, and the damage that programs, people and disks do to them.

Only damage that can be noticed in principle is done. It cannot be noticed that a letter became
another letter, that a record was removed, or that two halves of records were joined exactly where
the number of values is right. A record is damaged once, since the second damage could hide the
first.
"""

import codecs
import csv
import string
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from qm_tui.users.fields import FIELD, FIELDS, Field, Kind, User

_BOMS: Final = {
    "utf-8": b"",
    "utf-8-sig": codecs.BOM_UTF8,
    "cp1252": b"",
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}
ENCODINGS: Final = tuple(_BOMS)
DELIMITERS: Final = (",", ";", "\t", "|")
LINE_ENDS: Final = ("\r\n", "\n", "\r")

_OPTIONAL: Final = tuple(
    field
    for field in FIELDS
    if field.kind in (Kind.TEXT, Kind.LIST) and not field.required and not field.requires
)
"""Fields that a file may leave out, and no warning asks for them."""


@dataclass
class Line:
    """A line of a users file.

    Attributes:
        cells: the cells as they stand in the file, with their quotes.
        user: the user of an undamaged record; None for all other lines.
        delimiter: what separates the cells.
        encoding: how the line is encoded.
        end: the line end, encoded.
        body: the encoded line without its end, if it is not what the cells and `encoding` give.
    """

    cells: list[str]
    user: User | None
    delimiter: str
    encoding: str
    end: bytes
    body: bytes | None = None

    @property
    def text(self) -> str:
        """The line without its end, before its bytes were damaged."""
        return self.delimiter.join(self.cells)

    @text.setter
    def text(self, text: str) -> None:
        self.cells = [text]

    @property
    def content(self) -> bytes:
        """The encoded line with its end."""
        return (_encode(self.text, self.encoding) if self.body is None else self.body) + self.end

    @property
    def width(self) -> int:
        """The number of cells that a reader sees in this line if it is read for itself."""
        return _count_cells(self.text, self.delimiter)


@dataclass
class CsvFile:
    """A users file, line by line.

    Attributes:
        users: the users of all records, in the order of the file. Fields without a column are
            empty.
        columns: the field of each column.
        delimiter: the delimiter.
        encoding: the encoding.
        line_end: the line end.
        quotes_all: whether all cells are quoted.
        has_header: whether the file has a header.
        lines: all lines, also the header.
    """

    users: Sequence[User]
    columns: Sequence[Field] = FIELDS
    delimiter: str = ","
    encoding: str = "utf-8"
    line_end: str = "\r\n"
    quotes_all: bool = False
    has_header: bool = True
    lines: list[Line] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = [self.line_of(self.row_of(user), user) for user in self.users]
        if self.has_header:
            self.lines.insert(0, self.line_of([column.header for column in self.columns]))

    @property
    def data(self) -> bytes:
        """The content of the file."""
        return _BOMS[self.encoding] + b"".join(line.content for line in self.lines)

    @property
    def intact(self) -> list[Line]:
        """The records that are not damaged."""
        return [line for line in self.lines if line.user]

    def row_of(self, user: User) -> list[str]:
        """Return the values of a user in the order of the columns."""
        return [user[column.index] for column in self.columns]

    def line_of(self, row: Sequence[str], user: User | None = None) -> Line:
        """Return a line in the form of this file."""
        cells = [self._quoted(value) for value in row]
        return Line(
            cells, user, self.delimiter, self.encoding, _encode(self.line_end, self.encoding)
        )

    def _quoted(self, value: str) -> str:
        if self.quotes_all or any(sign in value for sign in (self.delimiter, '"', "\n", "\r")):
            doubled = value.replace('"', '""')
            return f'"{doubled}"'
        return value


def any_file(chance: Random, users: Sequence[User]) -> CsvFile:
    """Return a file with some of these users, in any form."""
    encoding = chance.choice(ENCODINGS)
    possible = [user for user in users if _can_encode("".join(user), encoding)]
    some = chance.sample(possible, chance.randint(30, min(60, len(possible))))
    if chance.random() < 0.5:
        some = [user._replace(user_id=_user_id(chance)) for user in some]
    columns = list(FIELDS)
    has_header = chance.random() < 0.7
    if has_header and chance.random() < 0.5:
        absent = set(chance.sample(_OPTIONAL, chance.randint(0, 6)))
        columns = [column for column in columns if column not in absent]
        chance.shuffle(columns)
        _put_phones_in_order(columns)
        empty = {column.key: "" for column in absent}
        some = [user._replace(**empty) for user in some]
    return CsvFile(
        some,
        columns,
        chance.choice(DELIMITERS),
        encoding,
        chance.choice(LINE_ENDS),
        quotes_all=chance.random() < 0.3,
        has_header=has_header,
    )


def _put_phones_in_order(columns: list[Field]) -> None:
    """Put the two columns named `Phone IP` into the order in which they are told apart."""
    phones = [FIELD["phone_ip"], FIELD["secondary_phone_ip"]]
    places = [index for index, column in enumerate(columns) if column in phones]
    for place, phone in zip(places, phones, strict=False):
        columns[place] = phone


def _is_text(column: Field) -> bool:
    return column.key in ("first_name", "last_name", "agent_id", "department", "location")


def _user_id(chance: Random) -> str:
    return "u" + "".join(chance.choices("23456789abcdefghjkmnpqrstvwxyz", k=11))


def _encode(text: str, encoding: str) -> bytes:
    return text.encode("utf-8" if encoding == "utf-8-sig" else encoding)


def _can_encode(text: str, encoding: str) -> bool:
    try:
        _encode(text, encoding)
    except UnicodeEncodeError:
        return False
    return True


def _count_cells(text: str, delimiter: str) -> int:
    return len(next(csv.reader([text], delimiter=delimiter), []))


# Damage of one record. Each function returns whether there was anything to damage.

RecordDamage = Callable[[Random, CsvFile, Line], bool]


def add_delimiter(line: Line, place: int) -> None:
    """Add a delimiter before a cell; behind the last one if there is no such cell."""
    line.cells.insert(place, "")


def lose_delimiter(line: Line, place: int) -> None:
    """Remove the delimiter before a cell."""
    line.cells[place - 1 : place + 1] = [line.cells[place - 1] + line.cells[place]]


def delete_cell(line: Line, place: int) -> None:
    """Remove a cell with its delimiter."""
    del line.cells[place]


def _add_some_delimiter(chance: Random, _file: CsvFile, line: Line) -> bool:
    add_delimiter(line, chance.randint(0, len(line.cells)))
    return True


def _lose_some_delimiter(chance: Random, _file: CsvFile, line: Line) -> bool:
    lose_delimiter(line, chance.randint(1, len(line.cells) - 1))
    return True


def _delete_some_cell(chance: Random, _file: CsvFile, line: Line) -> bool:
    delete_cell(line, chance.randrange(len(line.cells)))
    return True


def _replace_some_delimiters(chance: Random, file: CsvFile, line: Line) -> bool:
    """Replace delimiters as an editor does that replaces from the cursor to the end."""
    other = chance.choice([sign for sign in (*DELIMITERS, "    ") if sign != file.delimiter])
    first = chance.randint(1, len(line.cells) - 1)
    line.cells[first - 1 :] = [other.join(line.cells[first - 1 :])]
    return True


def _places(text: str, is_wanted: Callable[[str], bool]) -> list[int]:
    return [index for index, sign in enumerate(text) if is_wanted(sign)]


def _lose_a_quote(chance: Random, _file: CsvFile, line: Line) -> bool:
    text = line.text
    places = _places(text, '"'.__eq__)
    if not places:
        return False
    place = chance.choice(places)
    line.text = text[:place] + text[place + 1 :]
    return True


def _lose_all_quotes(_chance: Random, _file: CsvFile, line: Line) -> bool:
    """Remove all quotes; not of a record with a quote in a value, since nothing would show it."""
    text = line.text
    if '"' not in text or any('"' in value for value in line.user or ()):
        return False
    line.text = text.replace('"', "")
    return True


def _replace_quotes(chance: Random, file: CsvFile, line: Line) -> bool:
    """Replace quotes as word processors, shells and databases do.

    Where no quoted cell needs its quotes, other signs only become part of the value.
    """
    if not file.quotes_all and not any(file.delimiter in value for value in line.user or ()):
        return False
    opening, closing = chance.choice([("'", "'"), ('\\"', '\\"'), ("“", "”")])
    halves = line.text.split('"')
    line.text = halves[0] + "".join(
        (closing if index % 2 else opening) + half for index, half in enumerate(halves[1:])
    )
    return True


def _flip(chance: Random, line: Line, start: str, old: str) -> bool:
    """Flip a bit of a piece of a line, and return whether that can be noticed."""
    text = line.text
    before, changed = _encode(start, line.encoding), bytearray(_encode(old, line.encoding))
    after = _encode(text[len(start) + len(old) :], line.encoding)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    line.body = before + bytes(changed) + after
    codec = "utf-8" if line.encoding == "utf-8-sig" else line.encoding
    try:
        new = changed.decode(codec)
    except UnicodeDecodeError:
        return True
    return not (old.isalpha() and all(map(_may_be_in_a_name, new)))


def _may_be_in_a_name(character: str) -> bool:
    """Return whether a character is a letter, or a usual one beside letters."""
    is_usual = character in f"{string.punctuation}’«»"
    return unicodedata.category(character)[0] in "LMNZ" or is_usual


def _flip_delimiter(chance: Random, _file: CsvFile, line: Line) -> bool:
    place = chance.randint(1, len(line.cells) - 1)
    start = line.delimiter.join(line.cells[:place])
    return _flip(chance, line, start, line.delimiter)


def _flip_quote(chance: Random, _file: CsvFile, line: Line) -> bool:
    text = line.text
    places = _places(text, '"'.__eq__)
    return bool(places) and _flip(chance, line, text[: chance.choice(places)], '"')


def _flip_letter(chance: Random, _file: CsvFile, line: Line) -> bool:
    text = line.text
    places = _places(text, lambda sign: not sign.isascii() and sign.isalpha())
    place = chance.choice(places or [0])
    return bool(places) and _flip(chance, line, text[:place], text[place])


def _flip_line_end(chance: Random, file: CsvFile, line: Line) -> bool:
    """Flip a bit of a line end, if the line ends before and after it are the usual ones.

    Not before a damaged line: joined with it, the record could have the right number of values.
    """
    at = file.lines.index(line)
    if any(not one.user for one in file.lines[at + 1 : at + 2]):
        return False
    if {one.end for one in file.lines[max(0, at - 1) : at + 2]} != {line.end}:
        return False
    end = bytearray(line.end)
    end[chance.randrange(len(end))] ^= 1 << chance.randrange(8)
    line.end = bytes(end)
    return True


def _break_line(chance: Random, file: CsvFile, line: Line) -> bool:
    """Break a record into lines as a mailer does, but not in its first or last cell.

    There, one of the halves would have all values.
    """
    first, last = len(line.cells[0]) + 1, len(line.text) - len(line.cells[-1]) - 1
    place = chance.randint(first, last)
    line.text = line.text[:place] + file.line_end + line.text[place:]
    return True


def _cut_line(chance: Random, _file: CsvFile, line: Line) -> bool:
    """Cut a line as a program with fixed widths does, but not in its last cell."""
    text = line.text
    line.text = text[: chance.randint(1, len(text) - len(line.cells[-1]) - 1)]
    return True


def _insert_blank(chance: Random, file: CsvFile, line: Line) -> bool:
    """Insert a blank before a quoted cell, which then begins without its quote."""
    places = [
        index
        for index, (cell, column) in enumerate(zip(line.cells, file.columns, strict=True))
        if cell.startswith('"') and not column.is_secret
    ]
    if not places:
        return False
    place = chance.choice(places)
    line.cells[place] = f" {line.cells[place]}"
    return True


def _insert_mark(chance: Random, _file: CsvFile, line: Line) -> bool:
    """Insert a byte order mark."""
    text = line.text
    place = chance.randint(0, len(text))
    if line.encoding == "cp1252":
        line.body = _encode(text[:place], "cp1252") + codecs.BOM_UTF8
        line.body += _encode(text[place:], "cp1252")
    else:
        line.text = f"{text[:place]}\ufeff{text[place:]}"
    return True


def _insert_nul(chance: Random, _file: CsvFile, line: Line) -> bool:
    """Overwrite a part of a line with NUL, as a copy of a bad disk does."""
    text = line.text
    start = chance.randrange(len(text))
    end = min(len(text), start + chance.randint(1, 20))
    line.text = text[:start] + "\0" * (end - start) + text[end:]
    return True


def _encode_otherwise(chance: Random, _file: CsvFile, line: Line) -> bool:
    """Encode a record otherwise, as in a file that several programs wrote."""
    codec = "utf-8" if line.encoding == "utf-8-sig" else line.encoding
    text = line.text
    other = chance.choice(
        [one for one in ("utf-8", "cp1252", "cp850", "utf-16-le") if one != codec]
    )
    if text.isascii() or not _can_encode(text, other):
        return False
    line.body = text.encode(other)
    return not any(_is_misread_as_letter(one, other, codec) for one in text if not one.isascii())


def _is_misread_as_letter(letter: str, encoding: str, read_as: str) -> bool:
    try:
        seen = letter.encode(encoding).decode(read_as)
    except UnicodeDecodeError:
        return False
    return all(map(_may_be_in_a_name, seen))


RECORD_DAMAGE: Final[dict[str, RecordDamage]] = {
    "delimiter added": _add_some_delimiter,
    "delimiter lost": _lose_some_delimiter,
    "cell deleted": _delete_some_cell,
    "delimiters replaced": _replace_some_delimiters,
    "quote lost": _lose_a_quote,
    "all quotes lost": _lose_all_quotes,
    "quotes replaced": _replace_quotes,
    "delimiter flipped": _flip_delimiter,
    "quote flipped": _flip_quote,
    "letter flipped": _flip_letter,
    "line end flipped": _flip_line_end,
    "line broken": _break_line,
    "line cut": _cut_line,
    "blank inserted": _insert_blank,
    "mark inserted": _insert_mark,
    "NUL inserted": _insert_nul,
    "encoded otherwise": _encode_otherwise,
}
"""Damage of one record, by name."""


# Damage of a file


def _end_anywhere(chance: Random, file: CsvFile) -> bytes:
    """Return the start of a file, as a full disk or a lost connection leaves it."""
    data = file.data
    return data[: chance.randrange(len(data) // 3, len(data))]


def _zeros_at_the_end(chance: Random, file: CsvFile) -> bytes:
    """Return a file whose last blocks were never written."""
    data = _end_anywhere(chance, file)
    return data + bytes(len(file.data) - len(data))


def _lose_lines(chance: Random, file: CsvFile) -> bytes:
    """Lose a piece of the file from the middle of a record to that of another."""
    records = file.intact
    first = chance.randrange(len(records) - 1)
    last = chance.randrange(first + 1, min(len(records), first + 6))
    begin, end = records[first].text, records[last].text
    start = begin[: chance.randrange(1, len(begin))]
    tails = [
        tail
        for index in chance.sample(range(1, len(end)), min(20, len(end) - 1))
        if _count_cells(start + (tail := end[index:]), file.delimiter) != len(file.columns)
    ]
    if tails:
        at = file.lines.index(records[first])
        file.lines[at : file.lines.index(records[last]) + 1] = [_damaged(file, start + tails[0])]
    return file.data


def _damaged(file: CsvFile, text: str) -> Line:
    line = file.line_of([])
    line.text = text
    return line


def _repeat_lines(chance: Random, file: CsvFile) -> bytes:
    start = chance.randrange(len(file.lines) - 1)
    end = start + chance.randint(1, 10)
    file.lines[end:end] = [_damaged(file, line.text) for line in file.lines[start:end]]
    return file.data


def _join_lines(chance: Random, file: CsvFile) -> bytes:
    """Join lines, with and without a delimiter or a blank in between."""
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(file.lines) - 1)
        between = chance.choice(["", "", " ", file.delimiter])
        joined = file.lines[at].text + between + file.lines[at + 1].text
        file.lines[at : at + 2] = [_damaged(file, joined)]
    return file.data


def _second_header(chance: Random, file: CsvFile) -> bytes:
    """Insert a header, as `cat` does for two exports, with a byte order mark or without one."""
    header = file.line_of([column.header for column in file.columns])
    if chance.random() < 0.5 and file.encoding != "cp1252":
        header.text = f"\ufeff{header.text}"
    file.lines.insert(chance.randrange(1, len(file.lines) + 1), header)
    return file.data


def _join_files(chance: Random, file: CsvFile) -> bytes:
    """Let the file continue as another one, with a header, in another form."""
    at = chance.randrange(1, len(file.lines))
    rest = [line.user for line in file.lines[at:] if line.user]
    columns = [*file.columns]
    if chance.random() < 0.5:
        # any shuffle would bring values into the flags, which shows; two texts change places
        first, second = chance.sample(
            [index for index, one in enumerate(columns) if _is_text(one)], 2
        )
        columns[first], columns[second] = columns[second], columns[first]
    others = [one for one in (*ENCODINGS, file.encoding) if _can_encode(repr(rest), one)]
    other = CsvFile(
        rest,
        columns,
        chance.choice([file.delimiter, *DELIMITERS]),
        chance.choice(others),
        chance.choice([file.line_end, *LINE_ENDS]),
    )
    if chance.random() < 0.3:
        file.lines[at - 1].end = b""
    data = other.data
    file.lines[at:] = []
    return file.data + data


def _footers(chance: Random, file: CsvFile) -> bytes:
    """Add what reports have at their end."""
    number = str(len(file.users))
    texts = [
        *(["Total", number], [f"Total: {number} users"], ["-- end of file --"]),
        *(["Total", *[""] * (len(file.columns) - 2), number], ["(60 rows affected)"], ["\x1a"]),
    ]
    file.lines += [_damaged(file, ""), file.line_of(chance.choice(texts))]
    return file.data


def _titles(chance: Random, file: CsvFile) -> bytes:
    """Add what reports have at their top."""
    rest = [""] * (len(file.columns) - 1)
    titles = [
        *(["Users of the suite"], ["Users of the suite", *rest], ["Report", "2026-11-29", "12:03"]),
        *(["Page 1 of 1", *[""] * 12, "Confidential"], [""]),
    ]
    for _ in range(chance.randint(1, 3)):
        file.lines.insert(0, file.line_of(chance.choice(titles)))
    return file.data


def _sep_line(chance: Random, file: CsvFile) -> bytes:
    """Insert a line that names a delimiter, the right or another one, mostly at the top."""
    at = 0 if chance.random() < 0.7 else chance.randrange(len(file.lines))
    sign = chance.choice([file.delimiter, *DELIMITERS])
    file.lines.insert(at, _damaged(file, f"sep={sign}"))
    return file.data


def _replace_delimiters(chance: Random, file: CsvFile) -> bytes:
    """Replace the delimiter in a part of the lines."""
    other = chance.choice([sign for sign in DELIMITERS if sign != file.delimiter])
    at = chance.randrange(len(file.lines))
    part = file.lines[at:] if chance.random() < 0.5 else file.lines[:at]
    for line in part:
        line.delimiter = other
        line.user = None
    return file.data


def _replace_all_delimiters(chance: Random, file: CsvFile) -> bytes:
    """Replace a delimiter everywhere; records with it in a value are not in the file."""
    other = chance.choice([sign for sign in DELIMITERS if sign != file.delimiter])
    file.lines = [
        line for line in file.lines if not any(file.delimiter in one for one in line.user or ())
    ]
    for line in file.lines:
        line.text = line.text.replace(file.delimiter, other)
    return file.data


def _other_line_ends(chance: Random, file: CsvFile) -> bytes:
    """Give a part of the lines another line end, or all of them."""
    end = chance.choice([one for one in (*LINE_ENDS, "\r\r\n") if one != file.line_end])
    at = chance.choice([0, chance.randrange(len(file.lines))])
    for line in file.lines[at:]:
        line.end = _encode(end, file.encoding)
    return file.data


def _transfer_as_text(chance: Random, file: CsvFile) -> bytes:
    """Return the file as FTP leaves it that takes it for ASCII text."""
    data = file.data
    return chance.choice([data.replace(b"\n", b"\r\n"), data.replace(b"\r", b"")])


def _lose_a_byte(chance: Random, file: CsvFile) -> bytes:
    """Lose half of a letter; in UTF-16, all characters behind it become others."""
    data = file.data
    if file.encoding.startswith("utf-16"):
        places = [*range(2, len(data))]
    else:
        places = [at for at in range(3, len(data)) if data[at] > 0x7F and file.encoding != "cp1252"]
    at = chance.choice(places or [len(data)])
    return data[:at] + data[at + 1 :]


def _quoted_printable(_chance: Random, file: CsvFile) -> bytes:
    """Return the file as a mail contains it."""
    return codecs.encode(file.data, "quopri")


def _wrap_lines(chance: Random, file: CsvFile) -> bytes:
    """Break records at a width, as an editor or a mailer does.

    A record that would break in its first or last cell is not in the file (see `_break_line`), and
    the header is not broken: broken at the same place, it would have as many columns.
    """
    width = chance.choice([72, 80, 100])
    wrapped = file.lines[: file.has_header]
    for line in file.intact:
        text = line.text
        places = range(width, len(text), width)
        begin, end = len(line.cells[0]), len(text) - len(line.cells[-1])
        if len(places) > 1 or all(begin < place < end for place in places):
            wrapped += [_damaged(file, text[at : at + width]) for at in (0, *places)]
    file.lines = wrapped
    return file.data


def _cut_columns(chance: Random, file: CsvFile) -> bytes:
    """Keep some columns, as `cut -d, -f1-20` does, which knows no quotes.

    Not the second Phone IP without the first: it has no other name.
    """
    first, last = sorted(chance.sample(range(len(file.columns) + 1), 2))
    phones = [FIELD["phone_ip"], FIELD["secondary_phone_ip"]]
    if [column for column in file.columns[first:last] if column in phones] == phones[1:]:
        first = 0
    for line in file.lines:
        line.text = file.delimiter.join(line.text.split(file.delimiter)[first:last])
    return file.data


def _strip_line_ends(_chance: Random, file: CsvFile) -> bytes:
    """Remove empty cells at the end of each line, as Excel does."""
    for line in file.lines:
        line.text = line.text.rstrip(file.delimiter)
    return file.data


def _begin_later(chance: Random, file: CsvFile) -> bytes:
    """Return the second part that `split` makes, unless it begins in the first cell of a record."""
    line = chance.choice(file.intact)
    at, text = file.lines.index(line), line.text
    rest = text[chance.randrange(len(line.cells[0]) + len(file.delimiter), len(text)) :]
    file.lines[: at + 1] = [_damaged(file, rest)]
    return file.data


def _damage_header(chance: Random, file: CsvFile) -> bytes:
    """Damage the header as a record."""
    if file.has_header:
        names = ("delimiter added", "delimiter lost", "cell deleted", "delimiter flipped")
        RECORD_DAMAGE[chance.choice((*names, "line end flipped", "line broken"))](
            chance, file, file.lines[0]
        )
    return file.data


FILE_DAMAGE: Final[dict[str, Callable[[Random, CsvFile], bytes]]] = {
    "cut": _end_anywhere,
    "zeros at the end": _zeros_at_the_end,
    "lines lost": _lose_lines,
    "lines repeated": _repeat_lines,
    "lines joined": _join_lines,
    "second header": _second_header,
    "files joined": _join_files,
    "footers": _footers,
    "titles": _titles,
    "sep line": _sep_line,
    "delimiters replaced in a part": _replace_delimiters,
    "delimiters replaced everywhere": _replace_all_delimiters,
    "other line ends": _other_line_ends,
    "transferred as text": _transfer_as_text,
    "byte lost": _lose_a_byte,
    "quoted-printable": _quoted_printable,
    "lines wrapped": _wrap_lines,
    "columns cut": _cut_columns,
    "line ends stripped": _strip_line_ends,
    "begins later": _begin_later,
    "header damaged": _damage_header,
}
"""Damage of a file, by name."""


def damage_records(
    chance: Random, file: CsvFile, name: str, lines: Sequence[Line], limit: int = 5
) -> int:
    """Damage some of these lines, and return how many."""
    done = 0
    for line in chance.sample(lines, min(limit, len(lines))):
        cells, end = [*line.cells], line.end
        if RECORD_DAMAGE[name](chance, file, line):
            line.user = None
            done += 1
        else:
            line.cells, line.end, line.body = cells, end, None
    return done
