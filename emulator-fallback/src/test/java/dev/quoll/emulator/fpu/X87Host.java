package dev.quoll.emulator.fpu;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Runs x87 instructions on the host CPU and makes operands for them. */
public final class X87Host {
    /** What a memory operand holds before the instruction. */
    static final long UNTOUCHED = 0x5555_5555_5555_5555L;

    private static final int[] EDGE_EXPONENTS = {
        0, 1, 2, 60, 16383 - 64, 16383 - 1, 16383, 16384, 16383 + 14, 16383 + 15, 16383 + 30, 16383 + 31, 16383 + 59, 16383 + 62, 16383 + 63, 16383 + 64,
        16383 + 126, 16383 + 127, 16383 + 128, 16383 - 126, 16383 - 127, 16383 - 150, 16383 + 1023, 16383 + 1024, 16383 - 1022, 16383 - 1023, 16383 - 1074,
        0x7FFD, 0x7FFE, 0x7FFF
    };
    private static final long[] EDGE_SIGNIFICANDS = {
        0,
        1,
        0x8000000000000000L,
        0x8000000000000001L,
        0xFFFFFFFFFFFFFFFFL,
        0x7FFFFFFFFFFFFFFFL,
        0xC000000000000000L,
        0xA000000000000000L,
        0xBFFFFFFFFFFFFFFFL,
        0xFFFFFF8000000000L,
        0xFFFFFF7FFFFFFFFFL,
        0x8000008000000000L,
        0xFFFFFFFFFFFFFC00L,
        0xFFFFFFFFFFFFFBFFL,
        0x8000000000000400L,
        0x8000000000000C00L,
        0xE000000000000000L,
        0xDE0B6B3A76400000L,
        0xDE0B6B3A763FFFFFL
    };

    private static final String PROGRAM =
            """
            #include <stdint.h>
            #include <stdio.h>
            #include <string.h>
            struct in { uint32_t op; uint16_t cw, pad; uint64_t as; uint16_t ae, be; uint32_t pad2; uint64_t bs; };
            struct out { uint64_t s; uint32_t e; uint32_t sw; uint64_t m[2]; uint64_t flags; };
            struct tw { uint64_t s; uint16_t e; } __attribute__((packed));
            static struct tw a, b, r;
            static uint64_t m[2], fl;
            static uint16_t sw, cw;
            #define OP(text, post) asm volatile("fninit\\n fldt %[b]\\n fldt %[a]\\n fldcw %[cw]\\n" text \\
                "\\n fnstsw %[sw]\\n pushfq\\n popq %[fl]\\n fnclex\\n" post "\\n fstpt %[r]\\n fninit" \\
                : [sw] "=m"(sw), [r] "=m"(r), [m] "+m"(m), [fl] "=m"(fl) : [a] "m"(a), [b] "m"(b), [cw] "m"(cw) : "cc");
            int main(void) {
                struct in i; struct out o; memset(&o, 0, sizeof o);
                while (fread(&i, sizeof i, 1, stdin) == 1) {
                    a.s = i.as; a.e = i.ae; b.s = i.bs; b.e = i.be; cw = i.cw;
                    memset(m, 0x55, sizeof m);
                    if (i.op & 0x8000) { m[0] = i.bs; m[1] = i.be; }
                    switch (i.op & 0x7fff) {
            %s
                    default: return 1;
                    }
                    o.s = r.s; o.e = r.e; o.sw = sw; o.m[0] = m[0]; o.m[1] = m[1]; o.flags = fl;
                    fwrite(&o, sizeof o, 1, stdout);
                }
                return 0;
            }
            """;

    /** An instruction: assembly with ST0 = a, ST1 = b, memory operand %[m]; what to run after the status word is read. */
    record Code(String assembly, String post, boolean memoryFromB) {}

    record Input(int op, int control, int ase, long as, int bse, long bs) {
        String operands() {
            return "%04x:%016x and %04x:%016x with control word %04x".formatted(ase, as, bse, bs, control);
        }
    }

    record Output(int signExponent, long significand, int status, long memoryLow, long memoryHigh, int eflags) {}

    private X87Host() {}

    static List<Output> run(List<Code> codes, List<Input> inputs) throws Exception {
        StringBuilder cases = new StringBuilder();
        for (int i = 0; i < codes.size(); i++) {
            Code code = codes.get(i);
            cases.append("case %d: OP(\"%s\", \"%s\") break;\n".formatted(i, code.assembly(), code.post()));
        }
        ByteBuffer in = HostProgram.records(inputs.size() * 32);
        for (Input i : inputs) {
            in.putInt(i.op() | (codes.get(i.op()).memoryFromB() ? 0x8000 : 0));
            in.putInt(i.control());
            in.putLong(i.as()).putShort((short) i.ase()).putShort((short) i.bse()).putInt(0).putLong(i.bs());
        }
        List<Output> outputs = new ArrayList<>(inputs.size());
        try (HostProgram host = HostProgram.compile(PROGRAM.replace("%s", cases), "fpu")) {
            ByteBuffer out = host.run(in);
            for (int i = 0; i < inputs.size(); i++) {
                long s = out.getLong();
                int e = out.getInt();
                int status = out.getInt();
                outputs.add(new Output(e, s, status, out.getLong(), out.getLong(), (int) out.getLong()));
            }
        }
        return outputs;
    }

    /**
     * Every rounding and precision control, and random masks. What unmasked exceptions leave undone differs between vendors and we follow
     * AMD, so on other hosts all exceptions are masked.
     */
    public static int control(Random random) {
        int masks = random.nextInt(3) == 0 && HostProgram.cpuInfo().contains("AuthenticAMD") ? random.nextInt(64) : 63;
        int precision = random.nextInt(3) == 0 ? random.nextInt(4) : 3;
        return 0x40 | masks | precision << 8 | random.nextInt(4) << 10;
    }

    public static int signExponent(Random random) {
        int exponent =
                switch (random.nextInt(6)) {
                    case 0 -> EDGE_EXPONENTS[random.nextInt(EDGE_EXPONENTS.length)];
                    case 1 -> random.nextInt(0x8000);
                    case 2 -> random.nextInt(80);
                    case 3 -> 0x7FFF - random.nextInt(80);
                    default -> 16383 - 70 + random.nextInt(140);
                };
        return exponent | (random.nextInt(3) == 0 ? 0x8000 : 0);
    }

    public static long significand(Random random, int signExponent) {
        long bits = random.nextLong();
        return switch (random.nextInt(8)) {
            case 0, 1 -> EDGE_SIGNIFICANDS[random.nextInt(EDGE_SIGNIFICANDS.length)];
            case 2 -> bits;
            case 3 -> Long.MIN_VALUE | bits << random.nextInt(64);
            case 4 -> Long.MIN_VALUE | bits >>> random.nextInt(64);
            case 5 -> (signExponent & 0x7FFF) == 0 ? bits >>> random.nextInt(64) : Long.MIN_VALUE | bits;
            default -> Long.MIN_VALUE | bits;
        };
    }
}
