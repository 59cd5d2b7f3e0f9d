"""What the machine refuses is told in its own terms, and never passes for a fault of the program."""

from __future__ import annotations

import errno
import os

import pytest

from tiktok_marketing.errors import ConfigurationError, OutOfMemoryError
from tiktok_marketing.machine import KEY_LOG_VARIABLE, refusal_of


@pytest.mark.parametrize(
    ("number", "message", "remedy"),
    [
        (errno.EMFILE, "no more files (/a/b)", "ulimit -n"),
        (errno.ENFILE, "can open no more files (/a/b)", "fs.file-max"),
        (errno.ENOSPC, "No room is left on the disk (/a/b)", "Make room"),
        (errno.EDQUOT, "No room is left on the disk (/a/b)", "Make room"),
        (errno.EROFS, "read-only (/a/b)", "Make it writable"),
    ],
)
def test_a_limit_of_the_system_is_named_with_what_raises_it(number: int, message: str, remedy: str) -> None:
    """The file belongs to it; an error that has none has no empty brackets."""
    refusal = refusal_of(OSError(number, os.strerror(number), "/a/b"))
    assert refusal is not None
    assert message in refusal.message
    assert remedy in refusal.remedy
    nameless = refusal_of(OSError(number, os.strerror(number)))
    assert nameless is not None
    assert "(" not in nameless.message


def test_memory_and_threads_are_limits_too() -> None:
    """Whichever error tells of them."""
    for error in (MemoryError(), OSError(errno.ENOMEM, "Cannot allocate memory")):
        assert isinstance(refusal_of(error), OutOfMemoryError)
    refusal = refusal_of(RuntimeError("can't start new thread"))
    assert refusal is not None
    assert "ulimit -u" in refusal.remedy


def test_the_cause_of_an_error_counts_and_what_was_handled_meanwhile_does_not() -> None:
    """A library may raise its own error from the system's."""
    limit = OSError(errno.EMFILE, "Too many open files")
    caused = ImportError("no module")
    caused.__cause__ = limit
    assert refusal_of(caused) is not None
    meanwhile = KeyError("a fault of ours")
    meanwhile.__context__ = limit
    assert refusal_of(meanwhile) is None


def test_other_errors_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file is a fault of the program, unless the variable for the keys names it."""
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory", "/a/keys")
    assert refusal_of(missing) is None
    monkeypatch.setenv(KEY_LOG_VARIABLE, "/a/keys")
    assert isinstance(refusal_of(missing), ConfigurationError)
