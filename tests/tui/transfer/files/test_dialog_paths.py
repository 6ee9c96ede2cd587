"""The file dialogs in a real terminal, in folders with links, devices and odd names."""

import os
import socket
from pathlib import Path

import pytest

from tests.helpers import ANNA, HEADER, csv_text
from tests.tui.pages import sample_users, store_of
from tests.tui.terminal.test_real_terminal import started
from tests.tui.tour import Tour


@pytest.fixture
def place(home):
    folder = home / "place"
    folder.mkdir()
    (folder / "loop").symlink_to("loop2")
    (folder / "loop2").symlink_to("loop")
    (folder / "inside").symlink_to(".")
    (folder / "loop.csv").symlink_to("loop.csv")
    (folder / "gone.csv").symlink_to("nowhere.csv")
    (folder / "null.csv").symlink_to("/dev/null")
    (folder / "zero.csv").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.fspath(folder / "socket.csv"))
    (folder / ("a" * 251 + ".csv")).write_text(csv_text([HEADER, ANNA]))
    os.close(os.open(os.fsencode(folder) + b"/bad\xff\xfe.csv", os.O_CREAT))
    return folder


FOLDERS = ["PLACE/", "PLACE/inside/inside/inside/", "/proc/", "/proc/self/", "/dev/", "/sys/", "/"]


@pytest.mark.parametrize("key", ["i", pytest.param("x", marks=pytest.mark.long)])
def test_every_folder_can_be_browsed(home, place, key):
    store_of(home / "users.json", sample_users(3))
    with started(home, columns=100, lines=30) as terminal:
        tour = Tour(terminal)
        tour.see("", "3 users")
        tour.see(key, "Cancel")
        for folder in FOLDERS:
            tour.see(f"\x15 {folder.replace('PLACE', str(place))} Enter", "newest first")
            # move through the list: the first lines of each file are read
            tour.press("Tab " + "Down " * 8)
            terminal.settle(0.3)
            tour.press("\x1b[Z")
        tour.see("Esc", "Actions")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert b"Traceback" not in terminal.received


def _words(text):
    return " ".join(text.replace("│", " ").split())


def test_export_through_a_link_names_the_target(home, place):
    (place / "kept.csv").write_text("")
    (place / "link.csv").symlink_to("kept.csv")
    store_of(home / "users.json", sample_users(3))
    with started(home, columns=120, lines=30) as terminal:
        tour = Tour(terminal)
        tour.see("", "3 users")
        tour.see("x", "Save As")
        tour.see(f"\x15 {place}/link.csv Enter", "link.csv points to")
        assert "which already exists. Overwrite it?" in _words(terminal.text)
        tour.see(f"Esc \x15 {place}/gone.csv Enter", "Export complete.")
        assert "(symbolic link to ~/place/nowhere.csv)" in _words(terminal.text)
        tour.see("Enter", "Actions")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert (place / "gone.csv").is_symlink()
    assert len((place / "nowhere.csv").read_text().splitlines()) == 4
    assert (place / "kept.csv").read_text() == ""


def test_missing_start_folder_is_replaced(home, place):
    store_of(home / "users.json", sample_users(3))
    gone = home / "gone"
    gone.mkdir()
    before = Path.cwd()
    os.chdir(gone)
    try:
        gone.rmdir()
        with started(home) as terminal:
            tour = Tour(terminal)
            tour.see("", "3 users")
            tour.see("i", "newest first")
            tour.see("Esc", "Actions")
            tour.see("x", "Save As")
            tour.see("Esc", "Actions")
            terminal.send("q")
            assert terminal.wait_for_end() == 0
    finally:
        os.chdir(before)
