"""Detection of network file systems."""

from pathlib import Path

from qm_tui.network import network_file_system
from qm_tui.store import open_store

_MOUNTS = """\
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:40 / /srv rw shared:1 - nfs4 server:/export rw
31 30 8:2 / /srv/local rw - xfs /dev/sdb rw
32 22 0:41 / /mnt/with\\040blank rw - cifs //server/share rw
33 22 0:42 / /over rw - nfs server:/x rw
34 33 8:3 / /over rw - ext4 /dev/sdc rw
35 22 0:43 / /mnt/ssh rw - fuse.sshfs user@host: rw
broken
"""


def test_innermost_mount_decides(tmp_path):
    mounts = tmp_path / "mountinfo"
    assert network_file_system(tmp_path, mounts) == ""
    mounts.write_text(_MOUNTS)
    for path, kind in {
        "/var/users.json": "",
        "/srv/qms/users.json": "nfs4",
        "/srv": "nfs4",
        "/srv2/users.json": "",
        "/srv/local/users.json": "",
        "/mnt/with blank/users.json": "cifs",
        "/over/users.json": "",
        "/mnt/ssh/users.json": "fuse.sshfs",
    }.items():
        assert network_file_system(Path(path), mounts) == kind


def test_store_on_a_network_file_system_has_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr("qm_tui.store.tinydb.store.network_file_system", lambda _path: "nfs4")
    store = open_store(tmp_path / "users.json")
    store.load()
    (sentence,) = store.notices
    assert "network file system (nfs4)" in sentence
    assert sentence.endswith(".")
