package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Float80;
import dev.quoll.emulator.fpu.Float80Convert;
import dev.quoll.emulator.fpu.X87Operation;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** FST, FSTP, FIST, FISTP, FISTTP and FBSTP to memory. The store comes before any change of state, since it may fault. */
final class StoreOp extends X87Op implements FallThrough {
    private static final int SINGLE_INDEFINITE = 0xffc0_0000;
    private static final long DOUBLE_INDEFINITE = 0xfff8_0000_0000_0000L;

    /** A {@link Source}. */
    private static final int FORMAT = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final boolean POP = OpTemplate.flag(MethodHandles.lookup(), 1);
    /** FISTTP. */
    private static final boolean TRUNCATE = OpTemplate.flag(MethodHandles.lookup(), 2);

    StoreOp() {}

    private StoreOp(Instruction instruction, BlockContext context) {
        super(instruction, context, instruction.memory(), true);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new StoreOp(instruction, context);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        checkPending(cpu);
        long va = address(cpu);
        int first = X87Stack.slot(cpu, 0);
        if (X87Stack.empty(cpu, first)) {
            storeIndefinite(cpu, va);
        } else {
            storeValue(cpu, va, X87Stack.signExponent(cpu, first), X87Stack.significand(cpu, first));
        }
    }

    private void storeIndefinite(Cpu cpu, long va) {
        boolean masked = (X87Stack.control(cpu) & 1) != 0;
        if (!masked) {
            probe(cpu, va);
        } else {
            switch (FORMAT) {
                case Source.SINGLE -> cpu.store32(this, va, SINGLE_INDEFINITE);
                case Source.DOUBLE -> cpu.store64(this, va, DOUBLE_INDEFINITE);
                case Source.EXTENDED ->
                    store10(cpu, va, Float80.INDEFINITE_SIGNIFICAND, Float80.INDEFINITE_SIGN_EXPONENT);
                case Source.BCD ->
                    store10(cpu, va, Float80Convert.BCD_INDEFINITE_LOW, Float80Convert.BCD_INDEFINITE_HIGH);
                default -> store(cpu, va, Source.bytes(FORMAT), -1L << Source.bytes(FORMAT) * 8 - 1);
            }
        }
        recordData(cpu);
        X87Stack.underflow(cpu);
        if (masked && POP) {
            X87Stack.pop(cpu);
        }
    }

    private void storeValue(Cpu cpu, long va, int signExponent, long significand) {
        X87Operation operation = cpu.x87Operation();
        operation.begin(X87Stack.control(cpu));
        switch (FORMAT) {
            case Source.EXTENDED -> store10(cpu, va, significand, signExponent);
            case Source.BCD -> storeBcd(cpu, va, signExponent, significand, operation);
            default -> {
                long value = switch (FORMAT) {
                    case Source.SINGLE -> Float80Convert.toSingle(signExponent, significand, operation);
                    case Source.DOUBLE -> Float80Convert.toDouble(signExponent, significand, operation);
                    default ->
                        Float80Convert.toInteger(
                                signExponent, significand, Source.bytes(FORMAT) * 8, TRUNCATE, operation);
                };
                if (operation.storesToMemory()) {
                    store(cpu, va, Source.bytes(FORMAT), value);
                } else {
                    probe(cpu, va);
                }
            }
        }
        recordData(cpu);
        X87Stack.settle(cpu, operation.raised(), operation.roundedUp());
        if (POP && operation.storesToMemory()) {
            X87Stack.pop(cpu);
        }
    }

    private void storeBcd(Cpu cpu, long va, int signExponent, long significand, X87Operation operation) {
        long low = Float80Convert.toBcdLow(signExponent, significand, operation);
        int high = Float80Convert.toBcdHigh(signExponent, significand, operation);
        if (operation.storesToMemory()) {
            store10(cpu, va, low, high);
        } else {
            probe(cpu, va);
        }
    }

    /** What is not stored is checked all the same. */
    private void probe(Cpu cpu, long va) {
        cpu.checkCanonical(this, va, Source.bytes(FORMAT));
        cpu.checkAlignment(this, va, Source.bytes(FORMAT));
        cpu.probeWrite(this, va, FORMAT == Source.EXTENDED || FORMAT == Source.BCD ? 10 : Source.bytes(FORMAT));
    }

    private void store10(Cpu cpu, long va, long low, int high) {
        // Ten bytes are accessed as eight and two.
        cpu.checkCanonical(this, va, 8);
        cpu.checkAlignment(this, va, 8);
        cpu.probeWrite(this, va, 10);
        cpu.store64(this, va, low);
        cpu.store16(this, cpu.part(va, 8), high);
    }
}
