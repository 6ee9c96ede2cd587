"""The login of a transaction: that of the admin, not of the account used with sudo."""

import os
import pwd

import pytest

from qm_tui.store import origin as who
from qm_tui.store.origin import current_origin, login

ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture(autouse=True)
def plain(tmp_path, monkeypatch):
    """No sudo, no SSH, and a kernel that knows of no login."""
    for name in ("SUDO_USER", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "loginuid"
    path.write_text(str(2**32 - 1))
    monkeypatch.setattr(who, "_LOGIN_UID", path)
    return path


def test_login_is_that_of_the_process(monkeypatch):
    monkeypatch.setenv("LOGNAME", "somebody-else")
    assert login() == ME


@pytest.fixture
def root(monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 0)


def test_sudo_user_of_another_user_is_ignored(monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: pwd.getpwnam("nobody").pw_uid)
    monkeypatch.setenv("SUDO_USER", "forged")
    assert login() == "nobody"


def test_login_uid_has_priority_over_sudo(plain, root, monkeypatch):
    monkeypatch.setenv("SUDO_USER", "forged")
    plain.write_text(str(pwd.getpwnam("nobody").pw_uid))
    assert login() == "nobody"


@pytest.mark.parametrize("text", ["0", "", "x", str(2**32 - 1)])
def test_user_who_called_sudo_has_priority_over_root(plain, root, monkeypatch, text):
    plain.write_text(text)
    assert login() == pwd.getpwuid(0).pw_name
    monkeypatch.setenv("SUDO_USER", "mheller")
    assert login() == "mheller"


def test_login_without_a_name_is_its_number(plain):
    plain.write_text("3999999999")
    assert login() == "3999999999"


@pytest.mark.parametrize(
    ("line", "address"),
    [("10.1.2.3 50000 10.0.0.1 22", "10.1.2.3"), ("fe80::1 50000 ::1 22", "fe80::1"), ("", "")],
)
def test_address_is_that_of_the_ssh_client(monkeypatch, line, address):
    monkeypatch.setenv("SSH_CONNECTION", line)
    assert current_origin().address == address
    assert current_origin().process == os.getpid()
