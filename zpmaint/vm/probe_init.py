# SPDX-License-Identifier: GPL-2.0-only
"""The smallest init: says `# done` and ends the machine. Machine code, so that asking whether a
kernel boots needs no compiler.

It takes the I/O privilege with iopl(3), writes its line to port 0xe9, then 0x10 to port 0xf4.
"""

from __future__ import annotations

import struct

from zpmaint.vm.outcome import DONE, EXIT_VALUE

_BASE = 0x400000
_LINE = f"{DONE}\n".encode()

_SYSCALL = {"x86_64": b"\x0f\x05", "i386": b"\xcd\x80"}  # syscall; int 0x80
_IOPL = {"x86_64": 172, "i386": 110}
_PAUSE = {"x86_64": 34, "i386": 29}
_FIRST_ARGUMENT = {"x86_64": b"\xbf", "i386": b"\xbb"}  # mov edi / mov ebx
_HEADERS = {"x86_64": 64 + 56, "i386": 52 + 32}


def init(arch: str) -> bytes:
    """A static ELF program for `arch`, x86_64 or i386."""
    code = _code(arch, 0)
    code = _code(arch, _BASE + _HEADERS[arch] + len(code))
    body = code + _LINE
    return _headers(arch, len(body)) + body


def _code(arch: str, line: int) -> bytes:
    pause = b"\xb8" + struct.pack("<I", _PAUSE[arch]) + _SYSCALL[arch]
    return b"".join(
        (
            b"\xb8" + struct.pack("<I", _IOPL[arch]),  # mov eax, iopl
            _FIRST_ARGUMENT[arch] + struct.pack("<I", 3),
            _SYSCALL[arch],
            b"\xbe" + struct.pack("<I", line),  # mov esi, line
            b"\xb9" + struct.pack("<I", len(_LINE)),  # mov ecx, length
            b"\x66\xba\xe9\x00",  # mov dx, 0xe9
            b"\xf3\x6e",  # rep outsb
            b"\x66\xba\xf4\x00",  # mov dx, 0xf4
            b"\xb0" + bytes([EXIT_VALUE]),  # mov al, 0x10
            b"\xee",  # out dx, al
            pause,
            b"\xeb" + struct.pack("b", -len(pause) - 2),  # jmp back to the pause
        )
    )


def _headers(arch: str, size: int) -> bytes:
    total = _HEADERS[arch] + size
    entry = _BASE + _HEADERS[arch]
    if arch == "x86_64":
        return (
            b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
            + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, entry, 64, 0, 0, 64, 56, 1, 0, 0, 0)
            + struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, total, total, 0x1000)
        )
    return (
        b"\x7fELF\x01\x01\x01".ljust(16, b"\0")
        + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, entry, 52, 0, 0, 52, 32, 1, 0, 0, 0)
        + struct.pack("<IIIIIIII", 1, 0, _BASE, _BASE, total, total, 5, 0x1000)
    )
