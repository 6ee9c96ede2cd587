"""Which users are listed, in which order and with which columns: filter, sort, columns, views."""
