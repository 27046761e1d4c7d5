package dev.quoll.benchmarks.cost;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;

/** Many different blocks of six instructions, one behind the other, and a loop around them that counts RCX down to a HLT. */
final class ColdProgram {
    private static final int BLOCKS = 400;
    private static final int BLOCK_INSTRUCTIONS = 6;
    /** With those of the loop. */
    static final int INSTRUCTIONS = BLOCKS * BLOCK_INSTRUCTIONS + 2;

    /** mov rax, [rsi+DISP]; lea rbx, [rax+rdx*4]; xor rdx, rax; test eax, eax; add rdx, rbx; js, to the next instruction. */
    private static final String BLOCK = "48 8b 86 %s  48 8d 1c 90  48 31 c2  85 c0  48 01 da  78 00";

    private ColdProgram() {}

    static byte[] code() {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        for (int i = 0; i < BLOCKS; i++) {
            int displacement = 8 * i;
            code.writeBytes(bytes(BLOCK.formatted("%02x %02x 00 00".formatted(displacement & 0xff, displacement >> 8))));
        }
        // dec rcx; jnz to the beginning; hlt.
        code.writeBytes(bytes("48 ff c9"));
        int back = -(code.size() + 6);
        code.writeBytes(bytes("0f 85 %02x %02x %02x %02x f4".formatted(
                back & 0xff, back >> 8 & 0xff, back >> 16 & 0xff, back >>> 24)));
        return code.toByteArray();
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }
}
