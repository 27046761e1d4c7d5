package dev.quoll.emulator;

import dev.quoll.emulator.core.EventDelivery;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpTranslator;
import dev.quoll.emulator.isa.Instruction;

/** The interpreter of the product, for tests in other packages. */
public final class ProductInterpreter {
    private ProductInterpreter() {}

    public static OpTranslator create() {
        return Interpreter.complete();
    }

    /** With a delivery of events that the caller has too. */
    public static OpTranslator create(EventDelivery delivery) {
        return Interpreter.complete(delivery);
    }

    /** Whether an op stands for an instruction that no family implements. */
    public static boolean lacks(Op op) {
        return op instanceof UnknownOp;
    }

    /** The text of an instruction, for reports. */
    public static String text(Instruction instruction) {
        return instruction + " (" + instruction.row().encoding() + ")";
    }
}
