"""Users files: reading, planning, importing, exporting."""
