"""Detection of network file systems, where locks and syncs are less reliable."""

import os
from pathlib import Path
from typing import Final

_MOUNTS: Final = Path("/proc/self/mountinfo")

_NETWORK_FILE_SYSTEMS: Final = frozenset(
    [
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"),
        *("gfs2", "ocfs2", "beegfs", "orangefs", "pvfs2", "fuse.sshfs", "fuse.glusterfs"),
        *("fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.curlftpfs", "davfs", "ncpfs"),
    ]
)


def network_file_system(path: Path, mounts: Path = _MOUNTS) -> str:
    """Return the type of the network file system of a path; empty if it is a local one.

    Args:
        path: a path, which need not exist.
        mounts: the system's list of mounts.
    """
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    real = os.path.realpath(path)
    longest, kind = "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(), after.split()
        if len(fields) < 5 or not kinds:
            continue
        point = _unescaped(fields[4])
        is_above = point in ("/", real) or real.startswith(point.rstrip("/") + "/")
        # if two have the same mount point, the later one hides the earlier
        if is_above and len(point) >= len(longest):
            longest, kind = point, kinds[0]
    return kind if kind in _NETWORK_FILE_SYSTEMS else ""


def _unescaped(point: str) -> str:
    for code, character in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        point = point.replace(code, character)
    return point
