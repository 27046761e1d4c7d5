package dev.quoll.emulator.system;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.EventDelivery;
import dev.quoll.emulator.core.Mode;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.core.RaisingOp;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.OpcodeRow;

/** All instructions of the system side. */
public final class SystemFamily implements OpFamily {
    private static final int INVALID_OPCODE = 6;
    private static final int GENERAL_PROTECTION = 13;

    private final OpFamily[] families;

    /** @param delivery takes software interrupts to their handlers */
    public SystemFamily(EventDelivery delivery) {
        families = new OpFamily[] {
            new SegmentFamily(),
            new TransferFamily(delivery),
            new FlagFamily(),
            new ControlFamily(),
            new DescriptorTableFamily(),
            new PortFamily(),
            new ProcessorFamily()
        };
    }

    @Override
    public Op translate(Instruction instruction, BlockContext context) {
        for (OpFamily family : families) {
            Op op = family.translate(instruction, context);
            if (op != null) {
                return permitted(instruction.row(), context, op);
            }
        }
        return null;
    }

    /** What the mode alone forbids is an op that raises. CPL 1 and 2 are left to the ops, the mode knows only CPL 3. */
    private static Op permitted(OpcodeRow row, BlockContext context, Op op) {
        boolean protectedMode = context.has(Mode.PROTECTED) && !context.has(Mode.VIRTUAL_8086);
        if (row.has(Attribute.PROTECTED_MODE) && !protectedMode) {
            return new RaisingOp(INVALID_OPCODE, false);
        }
        if (row.has(Attribute.PRIVILEGED) && context.has(Mode.USER) && !(op instanceof RaisingOp)) {
            return new RaisingOp(GENERAL_PROTECTION, true);
        }
        return op;
    }
}
