package dev.quoll.emulator.fpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The x87 operations that have one right answer, bit for bit against the host CPU: result, exceptions and condition codes. */
class X87HostTest {
    private static final int C0 = 1 << 8;
    private static final int C1 = 1 << 9;
    private static final int C2 = 1 << 10;
    private static final int C3 = 1 << 14;
    private static final int CONDITIONS = C0 | C1 | C2 | C3;

    /** What an operation leaves besides the X87Operation: conditions, memory, EFLAGS. */
    private static final class Effects {
        int conditions;
        int comparedConditions = C1;
        boolean register;
        boolean load;
        /** An exchange followed, so what shows when nothing was pushed is b. */
        boolean exchanged;
        long memoryLow = X87Host.UNTOUCHED;
        long memoryHigh = X87Host.UNTOUCHED;
        int eflags = -1;
    }

    @FunctionalInterface
    private interface Emulated {
        void run(X87Host.Input in, X87Operation op, Effects effects);
    }

    @FunctionalInterface
    private interface Binary {
        void run(int ase, long as, int bse, long bs, X87Operation op);
    }

    @FunctionalInterface
    private interface Unary {
        void run(int ase, long as, X87Operation op);
    }

    private record Operation(X87Host.Code code, Emulated emulated) {}

    private static Operation operation(String assembly, String post, Emulated emulated) {
        return new Operation(new X87Host.Code(assembly, post, false), emulated);
    }

    private static Operation binary(String assembly, Binary binary) {
        return operation(assembly, "", (in, op, effects) -> {
            binary.run(in.ase(), in.as(), in.bse(), in.bs(), op);
            effects.register = true;
        });
    }

    private static Operation unary(String assembly, String post, Unary unary) {
        return operation(assembly, post, (in, op, effects) -> {
            unary.run(in.ase(), in.as(), op);
            effects.register = true;
        });
    }

    private static Operation compare(String assembly, boolean quiet) {
        return operation(assembly, "", (in, op, effects) -> {
            int flags = Float80.compare(in.ase(), in.as(), in.bse(), in.bs(), quiet, op);
            if (assembly.contains("i ")) {
                effects.eflags = op.storesToRegister() ? flags : -1;
            } else {
                effects.comparedConditions = op.storesToRegister() ? CONDITIONS : 0;
                effects.conditions = flags << 8;
            }
        });
    }

    private static Operation remainder(String assembly, boolean nearest) {
        return operation(assembly, "", (in, op, effects) -> {
            effects.conditions = Float80Partial.remainder(in.ase(), in.as(), in.bse(), in.bs(), nearest, op);
            effects.comparedConditions = (op.raised() & FpException.INVALID) == 0 && op.storesToRegister() ? CONDITIONS : 0;
            effects.register = true;
        });
    }

    private static Operation store(String assembly, int width, boolean truncate) {
        return operation(assembly, "", (in, op, effects) -> {
            long value = Float80Convert.toInteger(in.ase(), in.as(), width, truncate, op);
            storeLow(effects, op, value, width);
        });
    }

    private static void storeLow(Effects effects, X87Operation op, long value, int width) {
        if (op.storesToMemory()) {
            long mask = width == 64 ? -1L : (1L << width) - 1;
            effects.memoryLow = (value & mask) | (X87Host.UNTOUCHED & ~mask);
        }
    }

    private static Operation load(String assembly, Emulated emulated) {
        return new Operation(new X87Host.Code(assembly, "", true), (in, op, effects) -> {
            emulated.run(in, op, effects);
            effects.register = true;
            effects.load = true;
            effects.memoryLow = in.bs();
            effects.memoryHigh = in.bse();
        });
    }

    /** An instruction with a memory operand: ST0 is a, memory is b in the operand's own format. */
    private static Operation memory(String assembly, Unary convert, Binary binary) {
        return new Operation(new X87Host.Code(assembly, "", true), (in, op, effects) -> {
            convert.run(in.bse(), in.bs(), op);
            binary.run(in.ase(), in.as(), op.signExponent(), op.significand(), op);
            effects.register = true;
            effects.memoryLow = in.bs();
            effects.memoryHigh = in.bse();
        });
    }

    private static void memoryOperands(List<Operation> ops) {
        Unary single = (_, s, op) -> Float80Convert.operandFromSingle((int) s, op);
        Unary dbl = (_, s, op) -> Float80Convert.operandFromDouble(s, op);
        ops.add(memory("fadds %[m]", single, Float80::add));
        ops.add(memory("faddl %[m]", dbl, Float80::add));
        ops.add(memory("fsubs %[m]", single, Float80::subtract));
        ops.add(memory("fsubrl %[m]", dbl, (ase, as, bse, bs, op) -> Float80.subtract(bse, bs, ase, as, op)));
        ops.add(memory("fmuls %[m]", single, Float80::multiply));
        ops.add(memory("fmull %[m]", dbl, Float80::multiply));
        ops.add(memory("fdivl %[m]", dbl, Float80::divide));
        ops.add(memory("fdivrs %[m]", single, (ase, as, bse, bs, op) -> Float80.divide(bse, bs, ase, as, op)));
        ops.add(memory("fiaddl %[m]", (_, s, op) -> Float80Convert.fromLong((int) s, op), Float80::add));
        ops.add(memory("fidivs %[m]", (_, s, op) -> Float80Convert.fromLong((short) s, op), Float80::divide));
        ops.add(new Operation(new X87Host.Code("fcoml %[m]", "", true), (in, op, effects) -> {
            Float80Convert.operandFromDouble(in.bs(), op);
            int flags = Float80.compare(in.ase(), in.as(), op.signExponent(), op.significand(), false, op);
            effects.comparedConditions = op.storesToRegister() ? CONDITIONS : 0;
            effects.conditions = flags << 8;
            effects.memoryLow = in.bs();
            effects.memoryHigh = in.bse();
        }));
    }

    private static List<Operation> operations() {
        List<Operation> ops = new ArrayList<>();
        ops.add(binary("fadd %%st(1),%%st", Float80::add));
        // The assembler's names of FSUB and FSUBR agree with Intel's when ST0 is the destination.
        ops.add(binary("fsub %%st(1),%%st", Float80::subtract));
        ops.add(binary("fmul %%st(1),%%st", Float80::multiply));
        ops.add(binary("fdiv %%st(1),%%st", Float80::divide));
        ops.add(binary("fscale", Float80Partial::scale));
        ops.add(unary("fsqrt", "", Float80::squareRoot));
        ops.add(unary("frndint", "", Float80Partial::roundToInteger));
        ops.add(unary("fxtract", "", Float80Partial::extractSignificand));
        ops.add(operation("fxtract", "fxch", (in, op, effects) -> {
            Float80Partial.extractExponent(in.ase(), in.as(), op);
            effects.register = true;
            effects.exchanged = true;
        }));
        ops.add(remainder("fprem", false));
        ops.add(remainder("fprem1", true));
        ops.add(compare("fcom %%st(1)", false));
        ops.add(compare("fucom %%st(1)", true));
        ops.add(compare("fcomi %%st(1),%%st", false));
        ops.add(compare("fucomi %%st(1),%%st", true));
        ops.add(operation("fxam", "", (in, op, effects) -> {
            effects.conditions = Float80.examine(in.ase(), in.as());
            effects.comparedConditions = CONDITIONS;
        }));
        ops.add(store("fistps %[m]", 16, false));
        ops.add(store("fistpl %[m]", 32, false));
        ops.add(store("fistpll %[m]", 64, false));
        ops.add(store("fisttps %[m]", 16, true));
        ops.add(store("fisttpl %[m]", 32, true));
        ops.add(store("fisttpll %[m]", 64, true));
        ops.add(operation("fsts %[m]", "", (in, op, effects) ->
                storeLow(effects, op, Float80Convert.toSingle(in.ase(), in.as(), op), 32)));
        ops.add(operation("fstl %[m]", "", (in, op, effects) ->
                storeLow(effects, op, Float80Convert.toDouble(in.ase(), in.as(), op), 64)));
        ops.add(operation("fbstp %[m]", "", (in, op, effects) -> {
            long low = Float80Convert.toBcdLow(in.ase(), in.as(), op);
            int high = Float80Convert.toBcdHigh(in.ase(), in.as(), op);
            if (op.storesToMemory()) {
                effects.memoryLow = low;
                effects.memoryHigh = high | (X87Host.UNTOUCHED & ~0xFFFFL);
            }
        }));
        ops.add(load("flds %[m]", (in, op, _) -> Float80Convert.fromSingle((int) in.bs(), op)));
        ops.add(load("fldl %[m]", (in, op, _) -> Float80Convert.fromDouble(in.bs(), op)));
        ops.add(load("fbld %[m]", (in, op, _) -> Float80Convert.fromBcd(in.bs(), in.bse(), op)));
        ops.add(load("filds %[m]", (in, op, _) -> Float80Convert.fromLong((short) in.bs(), op)));
        ops.add(load("fildl %[m]", (in, op, _) -> Float80Convert.fromLong((int) in.bs(), op)));
        ops.add(load("fildll %[m]", (in, op, _) -> Float80Convert.fromLong(in.bs(), op)));
        String[] constants = {"fld1", "fldl2t", "fldl2e", "fldpi", "fldlg2", "fldln2", "fldz"};
        for (Float80Constant constant : Float80Constant.values()) {
            ops.add(unary(constants[constant.ordinal()], "", (_, _, op) -> constant.load(op)));
        }
        memoryOperands(ops);
        return ops;
    }

    @Test
    void everyOperationMatchesTheHost() throws Exception {
        long seed = System.nanoTime();
        System.out.println("X87HostTest seed " + seed);
        Random random = new Random(seed);
        List<Operation> ops = operations();
        List<X87Host.Input> inputs = new ArrayList<>();
        long[] exponents = {0, 0x3FF0000000000000L, 0x7FF0000000000000L};
        for (int i = 0; i < ops.size(); i++) {
            for (int n = 0; n < 12000; n++) {
                int ase = X87Host.signExponent(random);
                // Exponents near each other, and about one significand apart, where sums round.
                int distance = random.nextInt(5) - 2 + (random.nextBoolean() ? 64 : 0);
                int bse = random.nextInt(3) == 0 ? ase - distance & 0x7FFF | random.nextInt() & 0x8000 : X87Host.signExponent(random);
                long bs = X87Host.significand(random, bse);
                if (ops.get(i).code().memoryFromB() && random.nextBoolean()) {
                    // A single or a double with a chosen exponent field.
                    bs = ops.get(i).code().assembly().matches("f(ld|add|sub|mul|divr)s .*")
                            ? random.nextInt() & 0x807FFFFF | exponents[random.nextInt(3)] >> 32 & 0x7F800000
                            : bs & 0x800FFFFFFFFFFFFFL | exponents[random.nextInt(3)];
                }
                inputs.add(new X87Host.Input(i, X87Host.control(random), ase, X87Host.significand(random, ase), bse, bs));
            }
        }
        List<X87Host.Output> outputs = X87Host.run(ops.stream().map(Operation::code).toList(), inputs);
        X87Operation op = new X87Operation();
        for (int i = 0; i < inputs.size(); i++) {
            X87Host.Input in = inputs.get(i);
            X87Host.Output out = outputs.get(i);
            Operation operation = ops.get(in.op());
            Effects effects = new Effects();
            op.begin(in.control());
            operation.emulated().run(in, op, effects);
            if (op.roundedUp()) {
                effects.conditions |= C1;
            }
            boolean written = effects.load ? op.pushesLoad() : op.storesToRegister();
            int mask = FpException.ALL | effects.comparedConditions;
            String actual = describe(
                    effects.register,
                    written ? op.signExponent() : effects.exchanged ? in.bse() : in.ase(),
                    written ? op.significand() : effects.exchanged ? in.bs() : in.as(),
                    (op.raised() | effects.conditions) & mask,
                    effects.memoryLow,
                    effects.memoryHigh,
                    effects.eflags);
            String expected = describe(
                    effects.register,
                    out.signExponent(),
                    out.significand(),
                    out.status() & mask,
                    out.memoryLow(),
                    out.memoryHigh(),
                    effects.eflags == -1 ? -1 : out.eflags() & SseCompare.UNORDERED);
            if (!actual.equals(expected)) {
                assertThat(actual)
                        .as("%s of %s, seed %d", operation.code().assembly(), in.operands(), seed)
                        .isEqualTo(expected);
            }
        }
    }

    /** Whatever a guest loads as operands and control word, operations end, and give only encodings that the x87 supports. */
    @Test
    void anyOperandsGiveSupportedResults() {
        long seed = System.nanoTime();
        System.out.println("X87HostTest seed " + seed);
        Random random = new Random(seed);
        Binary[] functions = {
            Float80::add,
            Float80::multiply,
            Float80::divide,
            (ase, as, _, _, op) -> Float80.squareRoot(ase, as, op),
            Float80Partial::scale,
            (ase, as, bse, bs, op) -> Float80Partial.remainder(ase, as, bse, bs, true, op),
            (ase, as, bse, bs, op) -> Float80Partial.remainder(ase, as, bse, bs, false, op),
            (ase, as, _, _, op) -> Float80Partial.roundToInteger(ase, as, op),
            (ase, as, _, _, op) -> Float80Partial.extractSignificand(ase, as, op),
            (ase, as, _, _, op) -> Float80Transcendental.sine(ase, as, op),
            (ase, as, _, _, op) -> Float80Transcendental.cosine(ase, as, op),
            (ase, as, _, _, op) -> Float80Transcendental.tangent(ase, as, op),
            (ase, as, _, _, op) -> Float80Transcendental.exp2Minus1(ase, as, op),
            Float80Transcendental::arctangent,
            Float80Transcendental::yLog2,
            Float80Transcendental::yLog2Plus1
        };
        X87Operation op = new X87Operation();
        for (int n = 0; n < 200_000; n++) {
            int ase = X87Host.signExponent(random);
            int bse = X87Host.signExponent(random);
            long as = X87Host.significand(random, ase);
            long bs = X87Host.significand(random, bse);
            int control = random.nextInt(0x10000);
            int function = n % functions.length;
            op.begin(control);
            op.result(0, 0);
            functions[function].run(ase, as, bse, bs, op);
            Float80.Kind kind = Float80.kind(op.signExponent(), op.significand());
            if (op.storesToRegister() && kind == Float80.Kind.UNSUPPORTED) {
                assertThat(kind)
                        .as("function %d of %04x:%016x, %04x:%016x with control word %x, seed %d", function, ase, as, bse, bs, control, seed)
                        .isNotEqualTo(Float80.Kind.UNSUPPORTED);
            }
        }
    }

    private static String describe(boolean register, int e, long s, int status, long low, long high, int eflags) {
        String result = register ? "%04x:%016x ".formatted(e, s) : "";
        return result + "status %04x memory %x %x eflags %x".formatted(status, low, high, eflags);
    }
}
