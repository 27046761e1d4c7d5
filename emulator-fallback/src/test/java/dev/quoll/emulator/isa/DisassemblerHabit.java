package dev.quoll.emulator.isa;

import java.util.regex.Pattern;

/// Why disassemblers take strings for instructions that the processor refuses, and refuse what it takes.
enum DisassemblerHabit {
    EVEX("EVEX", "AVX-512, which no profile has"),
    XOP(".*XOP", "XOP, which no profile has"),
    LOCK("LOCK .*", "LOCK where it is not allowed"),
    VEX_PREFIX("(66 |F[23] |REX )+VEX.*", "VEX after 66, F2, F3 or REX"),
    VEX_VVVV("VEX[^ ]*\\.v .*", "VEX.vvvv not 1111b where no operand uses it, and VEX opcodes of other processors"),
    VEX("VEX.*", "VEX with a W or L that the opcode does not have, and VEX opcodes of other processors"),
    THREE_D_NOW(".*0F 0[EF] .*", "3DNow!"),
    SMX(".*0F 37 .*", "GETSEC"),
    UNDEFINED(".*0F (B9|FF) .*", "ModRM of UD0 and UD1"),
    TO_CS(".*8E /[167] .*", "moves to CS and to segment registers that do not exist"),
    SALC("(LOCK |66 |F[23] )*D6 .*", "SALC"),
    NEWER(".*0F 38 (F[5-9A-F]|8B) .*", "instructions under 0F 38 of newer processors, or that the host lacks"),
    SSE4A("(66 |F[23] )+(REX )?0F (2B|78|79) .*", "SSE4a"),
    VMX(".*0F (78|79) .*", "VMX"),
    HINTS(".*0F (0D|1[89A-F]) .*", "hints and MPX: NOP or another instruction to the disassembler"),
    MOVES(".*0F 2[0-7] .*", "moves of control and debug registers that do not exist, and of test registers"),
    GROUP7(".*0F 01 .*", "system instructions of other processors under 0F 01"),
    PREFIXED("(66 |F[23] )+(REX )?0F .*", "66, F2 or F3 that the opcode does not have, and opcodes of other processors"),
    X87(".*D[89A-F] .*", "x87 aliases"),
    OTHER(".*", "other opcodes");

    private final Pattern shape;
    private final String text;

    DisassemblerHabit(String shape, String text) {
        this.shape = Pattern.compile(shape);
        this.text = text;
    }

    static String of(String shape) {
        for (DisassemblerHabit habit : values()) {
            if (habit.shape.matcher(shape).matches()) {
                return habit.text;
            }
        }
        throw new IllegalArgumentException(shape);
    }
}
