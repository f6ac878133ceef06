"""Database servers of our own, started from their binaries."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PASSWORD = "s3cret@word"
URL_PASSWORD = "s3cret%40word"


@pytest.fixture(scope="session", name="free_port")
def free_port_of() -> Callable[[], int]:
    """Finds a port on which nobody listens."""
    return free_port


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of a PostgreSQL server, without a database; skips where it is not installed."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server binaries (initdb, postgres) on this machine")
    user = _another_user("postgres")
    with _folder("pg", user) as folder:
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        data, port = folder / "data", free_port()
        initdb = [binaries / "initdb", "-D", data, "-U", "shop", "-A", "scram-sha-256"]
        _done([*initdb, "-E", "UTF8", "--pwfile", secret, "--locale=C", "--no-sync"], folder, user)
        command = [binaries / "postgres", "-D", data, "-p", port, "-k", folder, "-F"]
        with _running([*command, "-h", "127.0.0.1"], port, folder, user):
            yield f"postgresql://shop:{URL_PASSWORD}@127.0.0.1:{port}"


@pytest.fixture(scope="session")
def mysql() -> Iterator[str]:
    """URL of a MariaDB server with an empty database; skips where it is not installed."""
    path = os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin"
    server, maker = (shutil.which(n, path=path) for n in ("mariadbd", "mariadb-install-db"))
    if server is None or maker is None:
        pytest.skip("no MariaDB server binaries (mariadbd, mariadb-install-db) on this machine")
    user = _another_user("mysql")
    with _folder("my", user) as folder:
        data, port, first = folder / "data", free_port(), folder / "first.sql"
        first.write_text(
            f"create user shop@'127.0.0.1' identified by '{PASSWORD}';\n"
            "grant all on *.* to shop@'127.0.0.1';\n"
            "create database shop character set utf8mb4;\n"
        )
        first.chmod(0o644)
        plain = ["--no-defaults", f"--datadir={data}"]
        _done([maker, *plain, "--skip-test-db"], folder, user)
        command = [server, *plain, f"--port={port}", f"--socket={folder / 's'}"]
        command += [f"--pid-file={folder / 'pid'}", f"--init-file={first}"]
        with _running([*command, "--bind-address=127.0.0.1"], port, folder, user):
            yield f"mysql://shop:{URL_PASSWORD}@127.0.0.1:{port}/shop"


def _binaries() -> Path | None:
    """The folder with initdb and postgres, None where they are not installed."""
    found = shutil.which("pg_config")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found:
        told = subprocess.run([found, "--bindir"], capture_output=True, text=True, check=True)
        folders.insert(0, Path(told.stdout.strip()))
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


def _another_user(name: str) -> dict[str, int]:
    """Both servers refuse to run as root; whom to become instead."""
    if os.getuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get(name) or names["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid}


@contextmanager
def _folder(prefix: str, user: dict[str, int]) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    if user:
        os.chown(folder, user["user"], user["group"])
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _done(command: list[object], folder: Path, user: dict[str, int]) -> None:
    done = subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, check=False, cwd=folder, **user  # type: ignore[call-overload]
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _running(
    command: list[object], port: int, folder: Path, user: dict[str, int]
) -> Iterator[None]:
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [str(c) for c in command], stdout=log, stderr=log, cwd=folder, **user  # type: ignore[call-overload]
        )  # fmt: skip
    try:
        _wait_for(port, process, folder / "log")
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            time.sleep(0.5)  # it listens a moment before it lets anyone in
            return
    raise AssertionError(f"the server did not come up: {log.read_text()}")
