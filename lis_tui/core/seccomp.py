"""Filters of system calls, put together for the kernel's seccomp: what is refused, and by which error."""

import os
import struct
import sys
from collections.abc import Iterable, Iterator

X86, ARM = "x86_64", "aarch64"
PROCESSORS = {X86: (0xC000003E, 0), ARM: (0xC00000B7, 1)}
"""What the kernel calls each, and which number of a pair is its."""
Call = tuple[int | None, int | None]
"""The numbers of a system call on x86_64 and aarch64; None where there is no such call."""
Instruction = tuple[int, int, int, int]

_LOAD, _EQUAL, _AT_LEAST, _HAS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _PROCESSOR, _ARGUMENTS = 0, 4, 16
_OTHER_CALLS = 0x40000000
"""From here on x86 numbers the calls once more."""


def processor() -> tuple[int, int] | None:
    """Give what the kernel calls this processor, and its column; None where we know none of its calls."""
    return PROCESSORS.get(os.uname().machine) if sys.maxsize > 1 << 32 else None


def opened(code: int, error: int) -> Iterator[Instruction]:
    """Begin: programs for another processor are ended, calls by another numbering refused."""
    yield (_LOAD, 0, 0, _PROCESSOR)
    yield (_EQUAL, 1, 0, code)
    yield (_RETURN, 0, 0, _KILL)
    yield (_LOAD, 0, 0, _NUMBER)
    yield (_AT_LEAST, 0, 1, _OTHER_CALLS)
    yield (_RETURN, 0, 0, _REFUSE | error)


def refused(number: int | None, error: int) -> Iterator[Instruction]:
    """Refuse a call."""
    if number is not None:
        yield (_EQUAL, 0, 1, number)
        yield (_RETURN, 0, 0, _REFUSE | error)


def has(bits: int) -> Instruction:
    """Test whether an argument has any of these bits: then it is refused."""
    return (_HAS, 0, 1, bits)


def lacks(bits: int) -> Instruction:
    """Test whether it has none of them."""
    return (_HAS, 1, 0, bits)


def equals(value: int) -> Instruction:
    """Test whether it is this."""
    return (_EQUAL, 0, 1, value)


def at_least(value: int) -> Instruction:
    """Test whether it is this or more."""
    return (_AT_LEAST, 0, 1, value)


def differs(value: int) -> Instruction:
    """Test whether it is something else."""
    return (_EQUAL, 1, 0, value)


def looked_at(number: int | None, argument: int, test: Instruction, error: int) -> Iterator[Instruction]:
    """Refuse a call where the test of one of its arguments is met."""
    if number is not None:
        yield (_EQUAL, 0, 4, number)
        yield (_LOAD, 0, 0, _ARGUMENTS + 8 * argument)
        yield test
        yield (_RETURN, 0, 0, _REFUSE | error)
        yield (_LOAD, 0, 0, _NUMBER)


def closed() -> Iterator[Instruction]:
    """End: all else is allowed."""
    yield (_RETURN, 0, 0, _ALLOW)


def packed(program: Iterable[Instruction]) -> bytes:
    """Give it as the kernel reads it."""
    return b"".join(struct.pack("=HBBI", *one) for one in program)
