package dev.quoll.emulator.fpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every scalar operation against the host CPU: result, MXCSR and whether #XM came, over random and edge operands and MXCSR values. */
class SseHostTest {
    private static final String PROGRAM =
            """
            #include <stdint.h>
            #include <stdio.h>
            #include <string.h>
            #include <signal.h>
            #include <ucontext.h>
            struct in { uint32_t op, mxcsr; uint64_t a, b; };
            struct out { uint64_t xmm, gpr; uint32_t flags, mxcsr, trapped, pad; };
            static volatile uint32_t trapped, trap_mxcsr;
            static void handler(int s, siginfo_t *i, void *c) {
                ucontext_t *u = c;
                trapped = 1;
                trap_mxcsr = u->uc_mcontext.fpregs->mxcsr;
                u->uc_mcontext.fpregs->mxcsr |= 0x1f80;
            }
            #define OP(text) { uint32_t normal = 0x1f80; uint64_t fl, gpr, xmm; \\
                asm volatile("movq %[a],%%xmm0\\n movq %[b],%%xmm1\\n mov %[a],%%rax\\n ldmxcsr %[m]\\n" text \\
                "\\n stmxcsr %[m]\\n pushfq\\n pop %[f]\\n ldmxcsr %[n]\\n movq %%xmm0,%[x]\\n mov %%rax,%[g]\\n" \\
                : [f] "=&r"(fl), [x] "=&r"(xmm), [g] "=&r"(gpr), [m] "+m"(m) : [a] "r"(i.a), [b] "r"(i.b), [n] "m"(normal) \\
                : "rax", "xmm0", "xmm1", "cc"); o.xmm = xmm; o.gpr = gpr; o.flags = fl; }
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

    private enum Output {
        XMM_32,
        XMM_64,
        GPR_32,
        GPR_64,
        FLAGS
    }

    @FunctionalInterface
    private interface Function {
        long apply(long a, long b, Mxcsr mxcsr);
    }

    private record Operation(String assembly, int operandBits, Output output, Function function) {}

    private static List<Operation> operations() {
        List<Operation> ops = new ArrayList<>();
        single(ops, "addss", SseFloat::add32);
        single(ops, "subss", SseFloat::sub32);
        single(ops, "mulss", SseFloat::mul32);
        single(ops, "divss", SseFloat::div32);
        single(ops, "minss", SseFloat::min32);
        single(ops, "maxss", SseFloat::max32);
        ops.add(new Operation("sqrtss %%xmm0,%%xmm0", 32, Output.XMM_32, (a, _, m) -> SseFloat.sqrt32((int) a, m)));
        ops.add(new Operation("addsd %%xmm1,%%xmm0", 64, Output.XMM_64, SseFloat::add64));
        ops.add(new Operation("subsd %%xmm1,%%xmm0", 64, Output.XMM_64, SseFloat::sub64));
        ops.add(new Operation("mulsd %%xmm1,%%xmm0", 64, Output.XMM_64, SseFloat::mul64));
        ops.add(new Operation("divsd %%xmm1,%%xmm0", 64, Output.XMM_64, SseFloat::div64));
        ops.add(new Operation("minsd %%xmm1,%%xmm0", 64, Output.XMM_64, SseFloat::min64));
        ops.add(new Operation("maxsd %%xmm1,%%xmm0", 64, Output.XMM_64, SseFloat::max64));
        ops.add(new Operation("sqrtsd %%xmm0,%%xmm0", 64, Output.XMM_64, (a, _, m) -> SseFloat.sqrt64(a, m)));
        // Two elements that differ show how the exceptions of a packed instruction combine; the upper two are zeros.
        ops.add(new Operation("mulps %%xmm1,%%xmm0", 64, Output.XMM_64, (a, b, m) -> packed(a, b, SseFloat::mul32, m)));
        ops.add(new Operation("addps %%xmm1,%%xmm0", 64, Output.XMM_64, (a, b, m) -> packed(a, b, SseFloat::add32, m)));
        ops.add(new Operation("minps %%xmm1,%%xmm0", 64, Output.XMM_64, (a, b, m) -> packed(a, b, SseFloat::min32, m)));
        for (int predicate = 0; predicate < 8; predicate++) {
            int p = predicate;
            String immediate = "$" + p + ",%%xmm1,%%xmm0";
            ops.add(new Operation("cmpss " + immediate, 32, Output.XMM_32, (a, b, m) -> SseCompare.compare32((int) a, (int) b, p, m)));
            ops.add(new Operation("cmpsd " + immediate, 64, Output.XMM_64, (a, b, m) -> SseCompare.compare64(a, b, p, m)));
        }
        ops.add(new Operation("comiss %%xmm1,%%xmm0", 32, Output.FLAGS, (a, b, m) -> SseCompare.comi32((int) a, (int) b, m)));
        ops.add(new Operation("comisd %%xmm1,%%xmm0", 64, Output.FLAGS, SseCompare::comi64));
        ops.add(new Operation("ucomiss %%xmm1,%%xmm0", 32, Output.FLAGS, (a, b, m) -> SseCompare.ucomi32((int) a, (int) b, m)));
        ops.add(new Operation("ucomisd %%xmm1,%%xmm0", 64, Output.FLAGS, SseCompare::ucomi64));
        ops.add(new Operation("cvtss2sd %%xmm0,%%xmm0", 32, Output.XMM_64, (a, _, m) -> SseConvert.singleToDouble((int) a, m)));
        ops.add(new Operation("cvtsd2ss %%xmm0,%%xmm0", 64, Output.XMM_32, (a, _, m) -> SseConvert.doubleToSingle(a, m)));
        ops.add(new Operation("cvtsi2ss %%eax,%%xmm0", 64, Output.XMM_32, (a, _, m) -> SseConvert.intToSingle((int) a, m)));
        ops.add(new Operation("cvtsi2ss %%rax,%%xmm0", 64, Output.XMM_32, (a, _, m) -> SseConvert.longToSingle(a, m)));
        ops.add(new Operation("cvtsi2sd %%eax,%%xmm0", 64, Output.XMM_64, (a, _, _) -> SseConvert.intToDouble((int) a)));
        ops.add(new Operation("cvtsi2sd %%rax,%%xmm0", 64, Output.XMM_64, (a, _, m) -> SseConvert.longToDouble(a, m)));
        ops.add(new Operation("cvtdq2ps %%xmm0,%%xmm0", 32, Output.XMM_32, (a, _, m) -> SseConvert.intToSingle((int) a, m)));
        ops.add(new Operation("cvtss2si %%xmm0,%%eax", 32, Output.GPR_32, (a, _, m) -> SseConvert.singleToInt((int) a, m)));
        ops.add(new Operation("cvtss2si %%xmm0,%%rax", 32, Output.GPR_64, (a, _, m) -> SseConvert.singleToLong((int) a, m)));
        ops.add(new Operation("cvttss2si %%xmm0,%%eax", 32, Output.GPR_32, (a, _, m) -> SseConvert.singleToIntTruncated((int) a, m)));
        ops.add(new Operation("cvttss2si %%xmm0,%%rax", 32, Output.GPR_64, (a, _, m) -> SseConvert.singleToLongTruncated((int) a, m)));
        ops.add(new Operation("cvtps2dq %%xmm0,%%xmm0", 32, Output.XMM_32, (a, _, m) -> SseConvert.singleToInt((int) a, m)));
        ops.add(new Operation("cvttps2dq %%xmm0,%%xmm0", 32, Output.XMM_32, (a, _, m) -> SseConvert.singleToIntTruncated((int) a, m)));
        ops.add(new Operation("cvtsd2si %%xmm0,%%eax", 64, Output.GPR_32, (a, _, m) -> SseConvert.doubleToInt(a, m)));
        ops.add(new Operation("cvtsd2si %%xmm0,%%rax", 64, Output.GPR_64, (a, _, m) -> SseConvert.doubleToLong(a, m)));
        ops.add(new Operation("cvttsd2si %%xmm0,%%eax", 64, Output.GPR_32, (a, _, m) -> SseConvert.doubleToIntTruncated(a, m)));
        ops.add(new Operation("cvttsd2si %%xmm0,%%rax", 64, Output.GPR_64, (a, _, m) -> SseConvert.doubleToLongTruncated(a, m)));
        for (int immediate = 0; immediate < 16; immediate++) {
            int i = immediate;
            ops.add(new Operation("roundss $" + i + ",%%xmm0,%%xmm0", 32, Output.XMM_32, (a, _, m) -> SseConvert.round32((int) a, i, m)));
            ops.add(new Operation("roundsd $" + i + ",%%xmm0,%%xmm0", 64, Output.XMM_64, (a, _, m) -> SseConvert.round64(a, i, m)));
        }
        return ops;
    }

    @FunctionalInterface
    private interface SingleFunction {
        int apply(int a, int b, Mxcsr mxcsr);
    }

    private static void single(List<Operation> ops, String name, SingleFunction function) {
        ops.add(new Operation(name + " %%xmm1,%%xmm0", 32, Output.XMM_32, (a, b, m) -> function.apply((int) a, (int) b, m)));
    }

    private static long packed(long a, long b, SingleFunction function, Mxcsr m) {
        long low = function.apply((int) a, (int) b, m) & 0xFFFFFFFFL;
        return low | (long) function.apply((int) (a >>> 32), (int) (b >>> 32), m) << 32;
    }

    @Test
    void everyOperationMatchesTheHost() throws Exception {
        long seed = System.nanoTime();
        System.out.println("SseHostTest seed " + seed);
        Random random = new Random(seed);
        List<Operation> ops = operations();
        StringBuilder cases = new StringBuilder();
        for (int i = 0; i < ops.size(); i++) {
            cases.append("case ").append(i).append(": OP(\"").append(ops.get(i).assembly()).append("\") break;\n");
        }
        List<long[]> inputs = new ArrayList<>();
        for (int i = 0; i < ops.size(); i++) {
            boolean narrow = ops.get(i).operandBits() == 32;
            long[] edges = SseOperands.edges(narrow);
            for (long a : edges) {
                for (long b : edges) {
                    inputs.add(new long[] {i, SseOperands.mxcsr(random), signed(a, ops.get(i), random), signed(b, ops.get(i), random)});
                }
            }
            for (int n = 0; n < 4000; n++) {
                boolean packed = ops.get(i).assembly().contains("ps %%xmm1");
                long a = packed ? SseOperands.single(random) << 32 | SseOperands.single(random) : SseOperands.operand(narrow, random);
                long b = packed ? SseOperands.single(random) << 32 | SseOperands.single(random) : SseOperands.operand(narrow, random);
                inputs.add(new long[] {i, SseOperands.mxcsr(random), a, b});
            }
        }
        ByteBuffer in = HostProgram.records(inputs.size() * 24);
        for (long[] input : inputs) {
            in.putInt((int) input[0]).putInt((int) input[1]).putLong(input[2]).putLong(input[3]);
        }
        try (HostProgram host = HostProgram.compile(PROGRAM.replace("%s", cases), "sse4_1")) {
            ByteBuffer out = host.run(in);
            Mxcsr mxcsr = new Mxcsr();
            for (long[] input : inputs) {
                Operation op = ops.get((int) input[0]);
                mxcsr.load((int) input[1]);
                long result = op.function().apply(input[2], input[3], mxcsr);
                boolean stored = mxcsr.commit();
                long xmm = out.getLong();
                long gpr = out.getLong();
                int flags = out.getInt();
                int hostMxcsr = out.getInt();
                boolean trapped = out.getLong() << 32 != 0;
                long expected =
                        switch (op.output()) {
                            case XMM_32 -> xmm & 0xFFFFFFFFL;
                            case XMM_64 -> xmm;
                            case GPR_32 -> gpr & 0xFFFFFFFFL;
                            case GPR_64 -> gpr;
                            case FLAGS -> flags & SseCompare.UNORDERED;
                        };
                if (op.output() == Output.XMM_32 || op.output() == Output.GPR_32) {
                    result &= 0xFFFFFFFFL;
                }
                String actual = describe(mxcsr.value(), !stored, stored ? result : 0);
                if (!actual.equals(describe(hostMxcsr, trapped, trapped ? 0 : expected))) {
                    assertThat(actual)
                            .as("%s of %x and %x with MXCSR %x, seed %d", op.assembly(), input[2], input[3], input[1], seed)
                            .isEqualTo(describe(hostMxcsr, trapped, trapped ? 0 : expected));
                }
            }
        }
    }

    private static String describe(int mxcsr, boolean trapped, long result) {
        return "result %016x MXCSR %04x%s".formatted(result, mxcsr, trapped ? " #XM" : "");
    }

    private static long signed(long value, Operation op, Random random) {
        return random.nextBoolean() ? value : value ^ (op.operandBits() == 32 ? 0x80000000L : Long.MIN_VALUE);
    }
}
