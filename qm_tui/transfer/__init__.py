"""Users files in and out: reading, planning, importing, exporting."""
