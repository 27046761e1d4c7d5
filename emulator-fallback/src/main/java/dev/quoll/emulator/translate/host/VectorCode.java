package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.Mode;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.OperandKind;
import dev.quoll.emulator.isa.RegisterClass;
import java.util.List;

/** Instructions on XMM and YMM registers: the host's own do their work while the {@link VectorWindow} is open. */
final class VectorCode {
    private VectorCode() {}

    /** How far the {@link VectorWindow} has to be open for an instruction. */
    static int level(Instruction instruction) {
        OpcodeRow row = instruction.row();
        return row.has(Attribute.AVX) ? VectorWindow.YMM : row.has(Attribute.SSE) ? VectorWindow.XMM : VectorWindow.CLOSED;
    }

    /** Whether it becomes host code: the host has it, it is available in the mode, and its operands fit. */
    static boolean translatable(Instruction instruction, int mode) {
        return switch (level(instruction)) {
            case VectorWindow.XMM -> has(mode, Mode.OS_FXSR) && able(instruction, mode);
            case VectorWindow.YMM -> has(mode, Mode.AVX_ENABLED) && HostProcessor.THIS.has(CpuFeature.AVX) && able(instruction, mode);
            default -> X87Code.uses(instruction) && X87Code.translatable(instruction, mode);
        };
    }

    private static boolean has(int mode, int bit) {
        return (mode & bit) != 0;
    }

    private static boolean able(Instruction instruction, int mode) {
        if (has(mode, Mode.FPU_EMULATED | Mode.TASK_SWITCHED) || !HostProcessor.THIS.has(instruction.row().feature())) {
            return false;
        }
        return switch (instruction.mnemonic()) {
            // Their memory operand is at rDI and as long as the mask says.
            case MASKMOVDQU, VMASKMOVDQU -> false;
            // How near they come is the maker's, and the interpreter's are AMD's.
            case RCPPS, RCPSS, RSQRTPS, RSQRTSS, VRCPPS, VRCPSS, VRSQRTPS, VRSQRTSS ->
                HostProcessor.THIS.amd() && operandsFit(instruction);
            default -> operandsFit(instruction);
        };
    }

    /** Operands are registers that are in the host's, and ordinary memory. */
    static boolean operandsFit(Instruction instruction) {
        List<OperandKind> kinds = instruction.row().operands();
        for (int i = 0; i < kinds.size(); i++) {
            boolean fits = switch (instruction.operand(i)) {
                case Operand.Register(RegisterClass cls, int number, int _) -> switch (cls) {
                    case XMM, MMX, X87 -> true;
                    case GPR -> kinds.get(i).method() != OperandKind.Method.FIXED_GPR || HostRegister.same(number);
                    default -> false;
                };
                case Operand.Memory memory -> kinds.get(i).method() != OperandKind.Method.VSIB
                        && memory.size() > 0
                        && memory.displacement() == (int) memory.displacement();
                case Operand.Immediate _ -> true;
                default -> false;
            };
            if (!fits) {
                return false;
            }
        }
        return true;
    }

    /** The low bits of an address that have to be 0: the interpreter has to look at another address, and the host would fault. */
    static int alignmentMask(Instruction instruction) {
        OpcodeRow row = instruction.row();
        Operand.Memory memory = instruction.memory();
        if (memory == null || memory.size() < 16) {
            return 0;
        }
        // The guest's SHA instructions take misaligned operands, as AMD's do. Others may not.
        return row.has(Attribute.ALIGNED) || row.has(Attribute.SSE) && row.feature() == CpuFeature.SHA ? memory.size() - 1 : 0;
    }

    /**
     * Replaces what is the same to the guest but not on every host: stores past the caches, which order less than other stores do, and
     * encodings that only AMD's processors take.
     */
    static void substitute(Mnemonic mnemonic, GuestEncoding encoding) {
        switch (mnemonic) {
            case MOVNTPS, MOVNTPD, VMOVNTPS, VMOVNTPD -> encoding.opcode = 0x29; // MOVAPS
            case MOVNTDQ, VMOVNTDQ, MOVNTQ -> encoding.opcode = 0x7f; // MOVDQA, MOVQ
            case VPERMQ, VPERMPD -> encoding.vexBits |= GuestEncoding.VEX_W;
            default -> { }
        }
    }

    /** LDMXCSR: a value that unmasks an exception or that MXCSR cannot take is the interpreter's. */
    static void loadControl(CodeInProgress work, MemoryCode memoryCode) {
        HostAssembler out = work.out;
        work.flags.clobber();
        HostAssembler.Label slow = work.interpretAside();
        memoryCode.linear(work.instruction.memory());
        memoryCode.translate(4, false, slow);
        // Checked and loaded from one copy, which other processors of the guest cannot change.
        out.load(4, HostRegister.T1, HostRegister.T0, 0);
        out.store(4, HostRegister.STATE, StateLayout.SCRATCH, HostRegister.T1);
        out.arithmetic(4, 4, HostRegister.T1, VectorWindow.MASKS);
        out.arithmetic(4, 7, HostRegister.T1, VectorWindow.MASKED);
        out.jump(HostAssembler.NOT_EQUAL, slow);
        VectorWindow.loadControl(out, StateLayout.SCRATCH);
    }
}
