package dev.quoll.emulator;

import dev.quoll.emulator.avx.AvxFamily;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.EventDelivery;
import dev.quoll.emulator.core.Mode;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.core.OpTranslator;
import dev.quoll.emulator.core.RaisingOp;
import dev.quoll.emulator.integer.IntegerFamily;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.sse.SseFamily;
import dev.quoll.emulator.system.Delivery;
import dev.quoll.emulator.system.SystemFamily;
import dev.quoll.emulator.x87.MmxFamily;
import dev.quoll.emulator.x87.SaveFamily;
import dev.quoll.emulator.x87.X87Family;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes ops for every instruction: first what the mode alone decides (#UD and #NM of the floating-point and vector units),
 * then the family that knows the mnemonic. An instruction that the opcode table offers to the guest and no family has
 * ends the machine with a report.
 */
final class Interpreter implements OpTranslator {
    private static final int INVALID_OPCODE = 6;
    private static final int DEVICE_NOT_AVAILABLE = 7;

    private final IntegerFamily integer;
    private final List<OpFamily> families;

    /** @param others asked in order, after the general-purpose instructions */
    Interpreter(IntegerFamily integer, List<OpFamily> others) {
        this.integer = integer;
        List<OpFamily> all = new ArrayList<>(others);
        all.addFirst(integer);
        families = List.copyOf(all);
    }

    /** One with every family of instructions there is. */
    static Interpreter complete() {
        return complete(new Delivery());
    }

    /** Likewise; {@code delivery} delivers what instructions raise. */
    static Interpreter complete(EventDelivery delivery) {
        return new Interpreter(
                new IntegerFamily(),
                List.of(
                        new SystemFamily(delivery),
                        new SseFamily(),
                        new AvxFamily(),
                        new MmxFamily(),
                        new X87Family(),
                        new SaveFamily()));
    }

    @Override
    public Op translate(Instruction instruction, BlockContext context) {
        Op unavailable = unavailable(instruction.row(), context);
        if (unavailable != null) {
            return unavailable;
        }
        for (OpFamily family : families) {
            Op op = family.translate(instruction, context);
            if (op != null) {
                return op;
            }
        }
        return new UnknownOp(instruction);
    }

    @Override
    public Op fuse(Instruction first, Instruction second, Op op, BlockContext context) {
        return integer.fuse(first, second, op, context);
    }

    /** SDM vol. 3, 2.5 (CR0.EM, CR0.TS, CR4.OSFXSR) and table 14-2; SDM vol. 2, 2.4 for VEX. */
    private static Op unavailable(OpcodeRow row, BlockContext context) {
        boolean emulated = context.has(Mode.FPU_EMULATED);
        boolean switched = context.has(Mode.TASK_SWITCHED);
        if (row.mnemonic() == Mnemonic.FWAIT) {
            // CR0.MP decides whether it obeys CR0.TS, and CR0.EM does not matter: the op looks itself.
            return null;
        }
        if (row.has(Attribute.X87)) {
            return emulated || switched ? new RaisingOp(DEVICE_NOT_AVAILABLE, false) : null;
        }
        if (row.has(Attribute.SSE)) {
            return emulated || !context.has(Mode.OS_FXSR)
                    ? new RaisingOp(INVALID_OPCODE, false)
                    : notAvailable(switched);
        }
        if (row.has(Attribute.MMX)) {
            return emulated ? new RaisingOp(INVALID_OPCODE, false) : notAvailable(switched);
        }
        if (row.has(Attribute.VEX) && (!context.has(Mode.PROTECTED) || context.has(Mode.VIRTUAL_8086))) {
            return new RaisingOp(INVALID_OPCODE, false);
        }
        if (row.has(Attribute.AVX)) {
            return context.has(Mode.AVX_ENABLED) ? notAvailable(switched) : new RaisingOp(INVALID_OPCODE, false);
        }
        return null;
    }

    private static Op notAvailable(boolean switched) {
        return switched ? new RaisingOp(DEVICE_NOT_AVAILABLE, false) : null;
    }
}
