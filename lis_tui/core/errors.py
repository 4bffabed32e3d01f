"""Every error that lis-tui raises on purpose.

    LisError
    ├── UsageWrong            what was asked for makes no sense        exit 2
    │   ├── SettingsInvalid   a settings file, variable or flag
    │   ├── FilterInvalid     a filter that cannot be read; knows the column
    │   ├── NoTrajectory      a file that holds none, or none that can be read
    │   └── RunNotFound       no run of that name
    ├── ModelFailed           the model gave no usable reply           exit 5
    │   ├── KeyMissing        no API key where one is needed
    │   ├── ModelRefused      400, 401, 403, 404: asking again is no use
    │   ├── ModelUnreachable  no connection, 408, 409, 429, 5xx; may pass
    │   ├── ModelStalled      connected, then silent for too long
    │   ├── NobodyAnswers     a person plays the model; the run holds for them
    │   └── ReplyUnreadable   an answer that is not of the protocol
    ├── SandboxFailed         the model's computer is not to be had    exit 6
    │   ├── EngineMissing     no container engine answers
    │   ├── ImageMissing      the engine has no such image
    │   ├── ShellLost         the shell or its container ended under us
    │   │   └── AllKilled     all that ran in it has ended, though no command did that; it can run again
    │   └── FileRefused       a file in the sandbox cannot be read or written as asked
    ├── StorageFailed         lis-tui's own files                      exit 7
    │   ├── JournalUnreadable not a journal, or a version we do not know
    │   ├── RunIsLive         another process holds the run's lock
    │   └── DiskFull          nothing more can be written
    ├── HostUnreachable       the process that owns runs does not answer   exit 8
    └── DecisionRefused       a person's decision came too late or makes no sense here

Each carries one sentence for a person (what happened, why, what to do next) and an exit code.
Anything else that escapes is a bug.
"""


class LisError(Exception):
    """Something that a person should read as one sentence."""

    exit_code: int = 1

    @property
    def sentence(self) -> str:
        """What happened, why, and what to do next."""
        return str(self)


class UsageWrong(LisError):
    """What was asked for makes no sense."""

    exit_code = 2


class SettingsInvalid(UsageWrong):
    """A settings file, an environment variable or a flag holds a value that cannot be used."""


class FilterInvalid(UsageWrong):
    """A filter cannot be read; `column` counts from 1 and points at what is wrong."""

    def __init__(self, column: int, sentence: str) -> None:
        super().__init__(sentence)
        self.column = column

    @property
    def sentence(self) -> str:
        """What is wrong, and where."""
        return f"{self} (column {self.column})"


class NoTrajectory(UsageWrong):
    """The file holds no trajectory that we know, or is too broken to be read."""


class RunNotFound(UsageWrong):
    """There is no run of that name."""


class ModelFailed(LisError):
    """The model gave no usable reply."""

    exit_code = 5

    def __init__(
        self, sentence: str, *, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.retry_after_s = retry_after_s


class KeyMissing(ModelFailed):
    """The model needs an API key and none was found."""


class ModelRefused(ModelFailed):
    """The server understood and said no (400, 401, 403, 404); asking again is no use."""


class ModelUnreachable(ModelFailed):
    """No connection, or a status that may pass (408, 409, 429, 5xx)."""


class ModelStalled(ModelFailed):
    """The server took the request and then stayed silent for longer than allowed."""


class NobodyAnswers(ModelFailed):
    """A person plays the model, and acts at the gates."""


class ReplyUnreadable(ModelFailed):
    """What came back is not of the protocol, or was cut off without a word."""


class SandboxFailed(LisError):
    """The model's computer is not to be had."""

    exit_code = 6


class EngineMissing(SandboxFailed):
    """No container engine answers."""


class ImageMissing(SandboxFailed):
    """The engine has no such image."""


class ShellLost(SandboxFailed):
    """The shell or its container ended under us."""


class AllKilled(ShellLost):
    """All that ran in the sandbox has ended while no command ran; it can run again."""


class FileRefused(SandboxFailed):
    """A file in the sandbox cannot be read or written as asked."""


class StorageFailed(LisError):
    """lis-tui's own files cannot be read or written."""

    exit_code = 7


class JournalUnreadable(StorageFailed):
    """The file is no journal, or of a version that this program does not know."""


class RunIsLive(StorageFailed):
    """Another process holds the run's lock."""


class DiskFull(StorageFailed):
    """Nothing more can be written."""


class HostUnreachable(LisError):
    """The process that owns runs does not answer."""

    exit_code = 8


class DecisionRefused(LisError):
    """A decision came too late, for another step, or makes no sense here."""
