package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.Mode;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.Operand;

/**
 * Instructions on x87 and MMX registers: the host's own do their work while the {@link X87Window} is open. What the guest can read back of
 * the last x87 instruction (SDM vol. 1, 8.1.8) is the guest's: its operand's offset is stored as it runs, its opcode and address at the
 * next way out, and the selectors by the loop.
 */
final class X87Code {
    /**
     * What the state block has yet to be told of the last x87 instruction.
     *
     * @param opcode as the last-opcode register has it
     * @param start offset in its page
     */
    record Last(int opcode, int start) {}

    private X87Code() {}

    static boolean uses(Instruction instruction) {
        OpcodeRow row = instruction.row();
        return row.has(Attribute.X87) || row.has(Attribute.MMX);
    }

    /** Whether it becomes host code. */
    static boolean translatable(Instruction instruction, int mode) {
        if ((mode & (Mode.FPU_EMULATED | Mode.TASK_SWITCHED)) != 0 || !HostProcessor.THIS.has(instruction.row().feature())) {
            return false;
        }
        return switch (instruction.mnemonic()) {
            // Of the environment, or rare.
            case FNINIT, FNCLEX, FNENI, FNDISI, FNSETPM, FLDENV, FNSTENV, FRSTOR, FNSAVE -> false;
            // Its memory operand is at rDI and as long as the mask says.
            case MASKMOVQ -> false;
            // Their last bit is each processor's own: a program's results must not depend on how hot its code is.
            case F2XM1, FYL2X, FYL2XP1, FPTAN, FPATAN, FSIN, FCOS, FSINCOS -> false;
            default -> VectorCode.operandsFit(instruction);
        };
    }

    /** Whether the pointers are about it from then on. */
    static boolean leavesPointers(Instruction instruction) {
        return instruction.row().has(Attribute.X87)
                && switch (instruction.mnemonic()) {
                    case FWAIT, FLDCW, FNSTCW, FNSTSW -> false;
                    default -> true;
                };
    }

    /** The operand is at the linear address in T0, which can be accessed: keeps its offset. T2 is scratch. */
    static void keepOffset(CodeInProgress work, Operand.Memory memory) {
        HostAssembler out = work.out;
        int offset = HostRegister.T0;
        int segment = memory.segment().ordinal();
        switch (memory.segment()) {
            case FS, GS -> {
                offset = HostRegister.T2;
                out.move(8, offset, HostRegister.T0);
                out.rm(8, 0x2b, offset, HostRegister.STATE, StateLayout.SEGMENT_BASE + 8 * segment);
            }
            default -> { }
        }
        out.store(8, HostRegister.STATE, StateLayout.X87_DATA, offset);
        out.storeByte(HostRegister.STATE, StateLayout.X87_NOTED + 1, segment + 1);
    }

    /** What an instruction leaves for the next way out. */
    static Last last(CodeInProgress work) {
        Instruction instruction = work.instruction;
        return new Last((instruction.opcode() & 7) << 8 | instruction.modrm(), work.source.starts()[work.index]);
    }

    /** Tells the state block. Keeps flags and registers but T1. */
    static void note(HostAssembler out, Last last) {
        out.storeImmediate(4, HostRegister.STATE, StateLayout.X87_OPCODE, last.opcode);
        out.load(8, HostRegister.T1, HostRegister.STATE, StateLayout.RIP_BASE);
        out.lea(HostRegister.T1, HostRegister.T1, last.start);
        out.store(8, HostRegister.STATE, StateLayout.X87_INSTRUCTION, HostRegister.T1);
        out.storeByte(HostRegister.STATE, StateLayout.X87_NOTED, 1);
    }

    /** FLDCW: a value that unmasks an exception is the interpreter's. */
    static void loadControl(CodeInProgress work, MemoryCode memoryCode) {
        HostAssembler out = work.out;
        work.flags.clobber();
        HostAssembler.Label slow = work.interpretAside();
        memoryCode.linear(work.instruction.memory());
        memoryCode.translate(2, false, slow);
        // Checked and loaded from one copy, which other processors of the guest cannot change.
        out.load(2, HostRegister.T1, HostRegister.T0, 0);
        out.store(2, HostRegister.STATE, StateLayout.SCRATCH, HostRegister.T1);
        out.arithmetic(4, 4, HostRegister.T1, X87Window.MASKS);
        out.arithmetic(4, 7, HostRegister.T1, X87Window.MASKS);
        out.jump(HostAssembler.NOT_EQUAL, slow);
        X87Window.loadControl(out, StateLayout.SCRATCH);
    }
}
