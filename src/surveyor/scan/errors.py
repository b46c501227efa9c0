"""The scanner's one tree of errors: the words a unit may say, and what the caller did wrong."""

from __future__ import annotations


class ScanError(Exception):
    """Anything the scanner says about a target; ``code`` is stable, the message is for people."""

    code = "scan_error"


class Malformed(ScanError):
    """The bytes are of this format but broken."""

    code = "malformed"


class Mismatch(Malformed):
    """The bytes are not those that were named: ``code`` is ``wrong_digest`` or ``wrong_size``."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class LimitExceeded(ScanError):
    """A bound on bytes, entries, depth, ratio or seconds was reached."""

    code = "limit_exceeded"


class Unsupported(ScanError):
    """The bytes are of no format, or of a variant, that can be read."""

    code = "unsupported"


class Unreadable(ScanError):
    """The operating system does not give the bytes: no permission, or gone since they were listed."""

    code = "unreadable"


class Unreachable(ScanError):
    """Something on the network could not be had."""

    code = "unreachable"


class Unconnected(Unreachable):
    """Nobody takes a connection there; whether it was declined or not answered is not told."""


class Broken(Unreachable):
    """The other side ended the connection before its answer was whole."""


class Untrusted(Unreachable):
    """A certificate that is not good for the host; ``reason`` is what is wrong with it."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Denied(Unreachable):
    """Who asked is not allowed to have it: no login, or one that does not suffice."""

    code = "denied"


class Declined(Unreachable):
    """A service that should work for us did not, for a reason of its own: a quota, a key, no answer."""

    code = "declined"


class Absent(Unreachable):
    """Who was asked answers and has no such thing."""

    code = "not_found"


class Refused(Unreachable):
    """The SSRF guard judged a target before any packet was sent; ``rule`` names the rule."""

    code = "refused"

    def __init__(self, message: str, *, rule: str) -> None:
        super().__init__(message)
        self.rule = rule


class Spent(Unreachable):
    """It was not asked for, since what a scan may ask for is used up, or its turn did not come in time."""

    code = "budget"


class Undecided(ScanError):
    """What was measured is too close to a bound, or told too little, to say that nothing is wrong."""

    code = "undecided"


class NotConfigured(ScanError):
    """A scanner or feed needs a setting that was not given; never counted against the target."""

    code = "not_configured"


class Unwritable(ScanError):
    """A file of our own cannot be written: its disk is full, or its folder belongs to somebody else."""

    code = "unwritable"


class BadTarget(ScanError):
    """The caller named something that cannot be a target."""

    code = "bad_target"
