"""Pictures of screens are SVG files, and named so."""

from pytest_textual_snapshot import SVGImageExtension

# the plugin names the ending in a way that newer syrupy does not read
SVGImageExtension.file_extension = "svg"
