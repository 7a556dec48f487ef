"""Errors of MLflow in one line: those that may pass, and those that only the user can fix, with what fixes them.

An error counts as permanent only if it is known to be: what is not recognised may pass, and is tried again.
"""

from __future__ import annotations

import errno
import re
import shlex
import sqlite3
import ssl
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from ablate.tracking.connection import is_default_store, local_store, redact_uri, tracking_uri
from ablate.tracking.schema import is_older_version

MAX_LENGTH = 300
"""In characters, of what is quoted from MLflow: a server can answer with a long page."""

SENT_LATER = "Once it accepts files, `ablate sync` sends them."

NO_ACCESS = {errno.EACCES, errno.EPERM, errno.EROFS}
NO_SUCH_PLACE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EISDIR}

DAMAGED_FILE = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_ERROR")
"""The beginnings of SQLite's names for them. `SQLITE_ERROR` is a table that is missing, or there twice."""

CLOSED_FILE = ("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")
REPLACED_FILE = "SQLITE_READONLY_DBMOVED"
"""The open file was deleted or moved; the one that is there now may be usable."""


def describe_error(error: Exception) -> str:
    """Describe an error of MLflow in one line, without passwords: for a permanent one, also what fixes it."""
    return _without_secrets(_explain(error) or _quote(error))


def is_permanent(error: Exception) -> bool:
    """Whether the same request will fail until the user changes something, however often it is repeated.

    Examples:
        >>> is_permanent(ConnectionRefusedError("the server is being restarted"))
        False
        >>> is_permanent(PermissionError(13, "Permission denied", "mlruns"))
        True
    """
    return _explain(error) is not None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what caused it: MLflow wraps those of its libraries."""
    step: BaseException | None = error
    while step is not None:
        yield step
        step = step.__cause__ or (None if step.__suppress_context__ else step.__context__)


def _quote(error: Exception) -> str:
    """The innermost error, since the outer ones only repeat it; and that it was a proxy's, which the inner hide."""
    *outer, cause = _chain(error)
    at_proxy = any(type(step).__name__ == "ProxyError" for step in (*outer, cause))
    lines = str(cause).strip().splitlines()
    proxy, first = "the proxy refused the connection: " if at_proxy else "", f": {lines[0]}" if lines else ""
    text = f"{proxy}{type(cause).__name__}{first}"
    return text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"


def _without_secrets(text: str) -> str:
    text = text.replace(tracking_uri(), redact_uri(tracking_uri()))
    secrets = re.findall(r"(?<=//)[^/]*(?=@)|(?<=\?).+", tracking_uri())  # an error can quote them without the URI
    for secret in filter(None, secrets):
        text = text.replace(secret, "…")
    return text


def _explain(error: Exception) -> str | None:
    """What is wrong, and what fixes it; None if the error may pass."""
    found = (explain(step) for step in _chain(error) for explain in EXPLANATIONS)
    return next((text for text in found if text), None)


def _wrong_address(step: BaseException) -> str | None:
    try:
        _ = urlsplit(tracking_uri()).port  # which is checked only when it is read
    except ValueError as error:
        return f"MLFLOW_TRACKING_URI is not a valid address: {error}"
    return None


def _other_scheme(step: BaseException) -> str | None:
    if "unsupported URI" not in str(step):
        return None
    return (
        "MLFLOW_TRACKING_URI must be the address of a server (http:, https:) or of a database (sqlite:///FILE, "
        "postgresql:, mysql:, mssql:); without it, mlflow.db in the current folder is used"
    )


def _other_schema(step: BaseException) -> str | None:
    found = re.search(r"schema \(found version (\w+)|locate revision identified by '(\w+)'", str(step))
    if found is None:
        return None
    version = found[1] or found[2]
    anew = f"; or {_start_anew()}" if local_store() else ""
    if is_older_version(version):
        return (
            f"{_store()} was made by an earlier version of MLflow: make a copy of it, then type "
            f"`mlflow db upgrade {_store()}`{anew}"
        )
    return (
        f"{_store()} was made by another version of MLflow, whose schema {version} the installed one does not know: "
        f"type `pip install --upgrade mlflow`{anew}"
    )


def _file_store(step: BaseException) -> str | None:
    if "filesystem tracking backend" not in str(step):
        return None
    return (
        "MLflow no longer keeps runs in folders, only in databases: type `unset MLFLOW_TRACKING_URI`, and mlflow.db in "
        "the current folder is used"
    )


def _bad_file(step: BaseException) -> str | None:
    name = getattr(step, "sqlite_errorname", None) or ""
    if not isinstance(step, sqlite3.Error) or name == REPLACED_FILE:
        return None
    if name.startswith(CLOSED_FILE):
        return f"{_store()} cannot be opened for writing ({step}): check the permissions of the file and its folder"
    return f"{_store()} is damaged ({step}): {_start_anew()}" if name.startswith(DAMAGED_FILE) else None


def _closed_place(step: BaseException) -> str | None:
    if not isinstance(step, OSError) or isinstance(step, ssl.SSLError):  # whose numbers are not those of the system
        return None
    if step.errno not in NO_ACCESS | NO_SUCH_PLACE:
        return None
    reason = (step.strerror or str(step)).lower()
    return f"{step.filename}: {reason}" if step.filename else f"{type(step).__name__}: {reason}"


def _certificate(step: BaseException) -> str | None:
    if isinstance(step, ssl.SSLCertVerificationError):
        return (
            f"the server's certificate is not trusted ({step.verify_message}): set MLFLOW_TRACKING_SERVER_CERT_PATH to "
            "the file with the certificate of the authority that signed it"
        )
    if isinstance(step, ssl.SSLError) and step.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
        return "the server does not use TLS: its address begins with http:, not https:"
    text = str(step)
    return text if isinstance(step, OSError) and text.startswith("Could not find") and "TLS" in text else None


def _refusal(step: BaseException) -> str | None:
    code = getattr(step, "error_code", None)
    if code in ("UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED"):
        return (
            "the server does not accept the user name and the password, or the token: set MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
        )
    if code == "PERMISSION_DENIED":
        return "the server does not permit this user to write: ask the person who runs it for that permission"
    if code == "ENDPOINT_NOT_FOUND":
        return "there is a web server at this address, but no MLflow: check MLFLOW_TRACKING_URI"
    return None


def _missing_package(step: BaseException) -> str | None:
    if not isinstance(step, ModuleNotFoundError) or not step.name:
        return None
    return f"MLflow needs a package for this that is not installed: {step.name}"


EXPLANATIONS: tuple[Callable[[BaseException], str | None], ...] = (
    *(_other_schema, _file_store, _bad_file, _closed_place, _certificate, _refusal, _missing_package),
    *(_other_scheme, _wrong_address),
)
"""Each recognises one kind of permanent error. For a new kind, write a function and list it here."""


def _store() -> str:
    """The store's address as it is typed in a shell."""
    return "sqlite:///mlflow.db" if is_default_store() else shlex.quote(redact_uri(tracking_uri()))


def _start_anew() -> str:
    """How to replace a store in a file. What others logged there is in the old file only."""
    name = "mlflow.db" if is_default_store() else shlex.quote(str(local_store()))
    return f"type `mv {name} {name}.old`, and `ablate sync` makes a new one from the record"
