package dev.quoll.emulator.fpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * FMA3 and F16C against the host CPU: result, MXCSR and whether #XM came. The host executes one of the three forms chosen at random, with
 * its operands placed so that all of them mean x * y + z.
 */
class FusedHostTest {
    private static final String PROGRAM =
            """
            #include <stdint.h>
            #include <stdio.h>
            #include <string.h>
            #include <signal.h>
            #include <ucontext.h>
            struct in { uint32_t op, mxcsr; uint64_t x, y, z; };
            struct out { uint64_t xmm; uint32_t mxcsr, trapped; };
            static volatile uint32_t trapped, trap_mxcsr;
            static void handler(int s, siginfo_t *i, void *c) {
                ucontext_t *u = c;
                trapped = 1;
                trap_mxcsr = u->uc_mcontext.fpregs->mxcsr;
                u->uc_mcontext.fpregs->mxcsr |= 0x1f80;
            }
            #define OP(text) { uint32_t normal = 0x1f80; uint64_t xmm; \\
                asm volatile("movq %[x],%%xmm0\\n movq %[y],%%xmm1\\n movq %[z],%%xmm2\\n ldmxcsr %[m]\\n" text \\
                "\\n stmxcsr %[m]\\n ldmxcsr %[n]\\n movq %%xmm0,%[r]\\n" \\
                : [r] "=&r"(xmm), [m] "+m"(m) : [x] "r"(i.x), [y] "r"(i.y), [z] "r"(i.z), [n] "m"(normal) \\
                : "xmm0", "xmm1", "xmm2"); o.xmm = xmm; }
            int main(void) {
                struct sigaction sa; memset(&sa, 0, sizeof sa); sa.sa_sigaction = handler; sa.sa_flags = SA_SIGINFO | SA_NODEFER;
                sigaction(SIGFPE, &sa, 0);
                struct in i; struct out o; memset(&o, 0, sizeof o);
                while (fread(&i, sizeof i, 1, stdin) == 1) {
                    static uint32_t m; m = i.mxcsr; trapped = 0;
                    switch (i.op) {
            %s
                    default: return 1;
                    }
                    o.mxcsr = trapped ? trap_mxcsr : m; o.trapped = trapped;
                    fwrite(&o, sizeof o, 1, stdout);
                }
                return 0;
            }
            """;

    @FunctionalInterface
    private interface Function {
        long apply(long x, long y, long z, Mxcsr mxcsr);
    }

    /** @param bits of an operand that count */
    private record Operation(String assembly, int operandBits, int resultBits, Function function) {}

    private record Input(int op, int mxcsr, long x, long y, long z) {}

    private static List<Operation> fused() {
        List<Operation> ops = new ArrayList<>();
        for (int kind = 0; kind < 4; kind++) {
            boolean negate = kind >= 2;
            boolean subtract = (kind & 1) != 0;
            String name = "vf" + (negate ? "n" : "") + (subtract ? "msub" : "madd");
            // The form's digits: the two factors, then the addend. Registers: x is xmm0, y xmm1, z xmm2.
            for (String form : List.of("132", "213", "231")) {
                // Of destination (1), second (2) and third (3) operand, the one that plays each part.
                for (boolean wide : new boolean[] {false, true}) {
                    String assembly = name + form + (wide ? "sd" : "ss") + operands(form);
                    ops.add(new Operation(assembly, wide ? 64 : 32, wide ? 64 : 32, (x, y, z, m) -> wide
                            ? SseFused.fused64(x, y, z, negate, subtract, m)
                            : SseFused.fused32((int) x, (int) y, (int) z, negate, subtract, m) & 0xFFFF_FFFFL));
                }
            }
        }
        return ops;
    }

    /** Registers in AT&T order, third to first, and where the destination is not xmm0 a move of the result to it. */
    private static String operands(String form) {
        String[] register = new String[3];
        for (int part = 0; part < 3; part++) {
            register[form.charAt(part) - '1'] = "%%xmm" + part;
        }
        String move = register[0].equals("%%xmm0") ? "" : "\\n movaps " + register[0] + ",%%xmm0";
        return " " + register[2] + "," + register[1] + "," + register[0] + move;
    }

    private static List<Operation> halves() {
        List<Operation> ops = new ArrayList<>();
        ops.add(new Operation("vcvtph2ps %%xmm0,%%xmm0", 16, 32, (x, _, _, m) -> HalfConvert.halfToSingle((int) x, m) & 0xFFFF_FFFFL));
        for (int immediate = 0; immediate < 8; immediate++) {
            int i = immediate;
            ops.add(new Operation(
                    "vcvtps2ph $" + i + ",%%xmm0,%%xmm0", 32, 16, (x, _, _, m) -> HalfConvert.singleToHalf((int) x, i, m)));
        }
        return ops;
    }

    @Test
    void fusedMultiplyAddMatchesTheHost() throws Exception {
        compareFused(1500);
    }

    @Test
    @Tag("long")
    void fusedMultiplyAddMatchesTheHostManyTimes() throws Exception {
        for (int round = 0; round < 40; round++) {
            compareFused(20_000);
        }
    }

    private static void compareFused(int count) throws Exception {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        Random random = new Random(seed);
        List<Operation> ops = fused();
        List<Input> inputs = new ArrayList<>();
        for (int i = 0; i < ops.size(); i++) {
            for (int n = 0; n < count; n++) {
                long[] triple = SseOperands.triple(ops.get(i).operandBits() == 32, random);
                inputs.add(new Input(i, SseOperands.mxcsr(random), triple[0], triple[1], triple[2]));
            }
        }
        System.out.println("FusedHostTest seed " + seed + ", " + inputs.size() + " fused operations");
        compare(ops, inputs, "fma", seed);
    }

    /** Every triple of zero, denormal, number, infinity and NaNs of both kinds: which NaN survives, and what is invalid. */
    @Test
    void specialOperandsMatchTheHost() throws Exception {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        Random random = new Random(seed);
        List<Operation> ops = fused();
        List<Input> inputs = new ArrayList<>();
        for (int i = 0; i < ops.size(); i++) {
            long[] specials = SseOperands.specials(ops.get(i).operandBits() == 32, random);
            for (long x : specials) {
                for (long y : specials) {
                    for (long z : specials) {
                        inputs.add(new Input(i, SseOperands.mxcsr(random), x, y, z));
                    }
                }
            }
        }
        System.out.println("FusedHostTest seed " + seed + ", " + inputs.size() + " fused operations on special operands");
        compare(ops, inputs, "fma", seed);
    }

    @Test
    void halvesMatchTheHost() throws Exception {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        Random random = new Random(seed);
        List<Operation> ops = halves();
        List<Input> inputs = new ArrayList<>();
        for (int half = 0; half < 0x10000; half++) {
            inputs.add(new Input(0, SseOperands.mxcsr(random), half, 0, 0));
        }
        for (int i = 1; i < ops.size(); i++) {
            for (int n = 0; n < 20_000; n++) {
                inputs.add(new Input(i, SseOperands.mxcsr(random), SseOperands.nearHalf(random), 0, 0));
            }
        }
        System.out.println("FusedHostTest seed " + seed + ", " + inputs.size() + " conversions of halves");
        compare(ops, inputs, "f16c", seed);
    }

    private static void compare(List<Operation> ops, List<Input> inputs, String feature, long seed) throws Exception {
        StringBuilder cases = new StringBuilder();
        for (int i = 0; i < ops.size(); i++) {
            cases.append("case ").append(i).append(": OP(\"").append(ops.get(i).assembly()).append("\") break;\n");
        }
        ByteBuffer in = HostProgram.records(inputs.size() * 32);
        for (Input input : inputs) {
            in.putInt(input.op()).putInt(input.mxcsr()).putLong(input.x()).putLong(input.y()).putLong(input.z());
        }
        try (HostProgram host = HostProgram.compile(PROGRAM.replace("%s", cases), feature)) {
            ByteBuffer out = host.run(in);
            Mxcsr mxcsr = new Mxcsr();
            for (Input input : inputs) {
                Operation op = ops.get(input.op());
                mxcsr.load(input.mxcsr());
                long result = op.function().apply(input.x(), input.y(), input.z(), mxcsr);
                boolean stored = mxcsr.commit();
                long expected = out.getLong() & -1L >>> 64 - op.resultBits();
                int hostMxcsr = out.getInt();
                boolean trapped = out.getInt() != 0;
                String mine = describe(mxcsr.value(), !stored, result);
                String theirs = describe(hostMxcsr, trapped, expected);
                if (!mine.equals(theirs)) {
                    assertThat(mine)
                            .as("%s of %x, %x and %x with MXCSR %x, seed %d", op.assembly(), input.x(), input.y(), input.z(), input.mxcsr(), seed)
                            .isEqualTo(theirs);
                }
            }
        }
    }

    private static String describe(int mxcsr, boolean trapped, long result) {
        return trapped ? "#XM MXCSR %04x".formatted(mxcsr) : "result %016x MXCSR %04x".formatted(result, mxcsr);
    }
}
