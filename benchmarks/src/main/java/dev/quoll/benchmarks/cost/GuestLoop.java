package dev.quoll.benchmarks.cost;

import java.util.HexFormat;

/**
 * Loops of 64-bit code, each about one cost of an engine. They count RCX down and end in HLT. They find a data area at RSI
 * and RBP, another at R8, a memory-mapped register at R9 and zero in the other registers.
 */
public enum GuestLoop {
    /** 6 instructions on registers: add rax, rcx; xor rdx, rax; lea rbx, [rax+rdx*2]; shr rdx, 3; dec rcx; jnz. */
    REGISTERS("48 01 c8  48 31 c2  48 8d 1c 50  48 c1 ea 03  48 ff c9  75 ed  f4"),

    /** 7 instructions, a load and a store, along 64 KiB: mov, add, mov [rsi+rdx]; add edx, 8; and edx, 0xffff; dec; jnz. */
    LOAD_STORE("48 8b 04 16  48 01 c8  48 89 04 16  83 c2 08  81 e2 ff ff 00 00  48 ff c9  75 e7  f4"),

    /** 5 instructions, a load, each from another page of 16 MiB: mov rax, [rsi+rdx]; add edx, 0x1040; and; dec; jnz. */
    LOAD_FAR("48 8b 04 16  81 c2 40 10 00 00  81 e2 ff ff ff 00  48 ff c9  75 eb  f4"),

    /** 4 instructions: call, ret, dec, jnz. */
    CALL("e8 06 00 00 00  48 ff c9  75 f6  f4  c3"),

    /** 7 instructions, or 6, by a branch that looks random: imul, add, test, jz, inc; dec, jnz. */
    BRANCH("48 69 c0 0d 66 19 00  48 05 5f f3 6e 3c  a9 00 00 01 00  74 03  48 ff c2  48 ff c9  75 e4  f4"),

    /** A rep movsq of 512 bytes, and 5 instructions around it. */
    COPY("48 89 cb  48 89 ee  4c 89 c7  b9 40 00 00 00  f3 48 a5  48 ff cb  75 ed  f4"),

    /** 5 instructions: paddd, pxor, movdqu [rsi], xmm0; dec; jnz. */
    SSE("66 0f fe c1  66 0f ef c8  f3 0f 7f 06  48 ff c9  75 ef  f4"),

    /** 3 instructions: in al, dx from a port 0x3fd; dec; jnz. */
    PORT("ba fd 03 00 00  ec  48 ff c9  75 fa  f4"),

    /** 3 instructions: mov eax, [r9]; dec; jnz. */
    MMIO("41 8b 01  48 ff c9  75 f8  f4"),

    /** 3 instructions: rdtsc; dec; jnz. */
    TSC("0f 31  48 ff c9  75 f9  f4");

    private final byte[] code;

    GuestLoop(String hex) {
        code = HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    byte[] code() {
        return code.clone();
    }
}
