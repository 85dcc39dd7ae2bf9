#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An optimised program is built with the hardening of the compiler and linker: hardened.py PROGRAM

Read from the ELF file itself: it is position independent (ET_DYN with an interpreter), its
relocations are read-only after start (PT_GNU_RELRO, BIND_NOW), no segment is writable and
executable, the stack is not executable, return addresses are checked (__stack_chk_fail) and so are
the buffer sizes that libc can see (_FORTIFY_SOURCE: the __*_chk functions); on x86-64 functions
begin with endbr64.
"""
import struct
import sys

ET_DYN, EM_X86_64 = 3, 62
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
PT_GNU_STACK, PT_GNU_RELRO = 0x6474E551, 0x6474E552
PF_X, PF_W = 1, 2
DT_FLAGS, DT_FLAGS_1, DF_BIND_NOW, DF_1_NOW, DF_1_PIE = 30, 0x6FFFFFFB, 8, 1, 0x08000000
ENDBR64 = b"\xf3\x0f\x1e\xfa"


def segments(elf):
    """(type, flags, offset, size in the file) of each program header of a 64-bit ELF file."""
    start, = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    for i in range(count):
        kind, flags, offset, _, _, n = struct.unpack_from("<IIQQQQ", elf, start + i * size)
        yield kind, flags, offset, n


def dynamic(elf, parts):
    """{tag: value} of the dynamic section."""
    for kind, _, offset, n in parts:
        if kind == PT_DYNAMIC:
            return dict(struct.unpack_from("<qQ", elf, offset + i) for i in range(0, n, 16))
    return {}


def problems(elf):
    if elf[:5] != b"\x7fELF\x02" or elf[5] != 1:
        return
    kind, machine = struct.unpack_from("<HH", elf, 16)
    parts = list(segments(elf))
    kinds = {part[0] for part in parts}
    tags = dynamic(elf, parts)
    if kind != ET_DYN or PT_INTERP not in kinds or not tags.get(DT_FLAGS_1, 0) & DF_1_PIE:
        yield "the program is not position independent: build it with -fPIE, -pie"
    if PT_GNU_RELRO not in kinds:
        yield "relocations are writable after start: link with -z relro"
    if not tags.get(DT_FLAGS, 0) & DF_BIND_NOW and not tags.get(DT_FLAGS_1, 0) & DF_1_NOW:
        yield "symbols are bound late: link with -z now"
    if any(flags & PF_W and flags & PF_X for kind, flags, _, _ in parts if kind == PT_LOAD):
        yield "a segment is both writable and executable"
    if any(flags & PF_X for kind, flags, _, _ in parts if kind == PT_GNU_STACK):
        yield "the stack is executable: link with -z noexecstack"
    if b"__stack_chk_fail" not in elf:
        yield "return addresses are not checked: build with -fstack-protector-strong"
    if b"__memcpy_chk" not in elf and b"__snprintf_chk" not in elf:
        yield "buffer sizes are not checked: build with -D_FORTIFY_SOURCE"
    if machine == EM_X86_64 and elf.count(ENDBR64) < 100:
        yield "jump targets are not marked: build with -fcf-protection"


def main(path):
    with open(path, "rb") as file:
        found = list(problems(file.read()))
    for problem in found:
        print(f"{path}: {problem}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(sys.argv[1])
