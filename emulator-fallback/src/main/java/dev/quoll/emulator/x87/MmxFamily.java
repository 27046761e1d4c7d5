package dev.quoll.emulator.x87;

import static dev.quoll.emulator.sse.LaneOperation.*;
import static dev.quoll.emulator.x87.MmxOperation.*;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.MmxRegisters;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.SimpleOp;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;
import dev.quoll.emulator.sse.HorizontalOperation;
import dev.quoll.emulator.sse.LaneShift;
import java.lang.invoke.MethodHandles;

/**
 * The instructions on MMX registers, those that SSE to SSSE3 added among them; what crosses to XMM registers is with SSE.
 * The caller has dealt with #UD by CR0.EM and #NM by CR0.TS.
 */
public final class MmxFamily implements OpFamily {
    private static final OpTemplate PACKED = new OpTemplate(MethodHandles.lookup(), MmxOp.class);
    private static final OpTemplate MOVE = new OpTemplate(MethodHandles.lookup(), MmxMove.class);
    private static final OpTemplate WORD_MOVE = new OpTemplate(MethodHandles.lookup(), MmxWordMove.class);

    @Override
    public Op translate(Instruction instruction, BlockContext context) {
        if (!instruction.row().has(Attribute.MMX) || instruction.row().has(Attribute.SSE)) {
            return null;
        }
        Op op = move(instruction, context);
        if (op == null) {
            op = lanes(instruction, context);
        }
        if (op == null) {
            op = products(instruction, context);
        }
        if (op == null) {
            op = shift(instruction, context);
        }
        return op != null ? op : rearrange(instruction, context);
    }

    private static Op move(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case EMMS -> new Empty();
            case MOVD -> move(i, c, 4);
            case MOVQ, MOVNTQ -> move(i, c, 8);
            case PMOVMSKB -> MOVE.make(i, c, 8, MmxMove.SIGNS, 0);
            case PINSRW -> WORD_MOVE.make(i, c, 1, i.memory() == null ? 0 : 1);
            case PEXTRW -> WORD_MOVE.make(i, c, 0, 0);
            case MASKMOVQ -> new MmxMaskedStore(i, c);
            default -> null;
        };
    }

    private static Op move(Instruction instruction, BlockContext context, int size) {
        int destination = switch (instruction.operand(0)) {
            case Operand.Register register when register.cls() == RegisterClass.MMX -> MmxMove.MMX;
            case Operand.Register register -> MmxMove.GENERAL;
            default -> MmxMove.MEMORY;
        };
        boolean load = instruction.operand(1) instanceof Operand.Memory;
        return MOVE.make(instruction, context, size, destination, load ? 1 : 0);
    }

    private static Op lanes(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case PAND -> lanes(i, c, AND, QWORDS);
            case PANDN -> lanes(i, c, ANDN, QWORDS);
            case POR -> lanes(i, c, OR, QWORDS);
            case PXOR -> lanes(i, c, XOR, QWORDS);
            case PADDB -> lanes(i, c, ADD, BYTES);
            case PADDW -> lanes(i, c, ADD, WORDS);
            case PADDD -> lanes(i, c, ADD, DWORDS);
            case PADDQ -> lanes(i, c, ADD, QWORDS);
            case PSUBB -> lanes(i, c, SUBTRACT, BYTES);
            case PSUBW -> lanes(i, c, SUBTRACT, WORDS);
            case PSUBD -> lanes(i, c, SUBTRACT, DWORDS);
            case PSUBQ -> lanes(i, c, SUBTRACT, QWORDS);
            case PADDSB -> lanes(i, c, ADD_SIGNED, BYTES);
            case PADDSW -> lanes(i, c, ADD_SIGNED, WORDS);
            case PSUBSB -> lanes(i, c, SUBTRACT_SIGNED, BYTES);
            case PSUBSW -> lanes(i, c, SUBTRACT_SIGNED, WORDS);
            case PADDUSB -> lanes(i, c, ADD_UNSIGNED, BYTES);
            case PADDUSW -> lanes(i, c, ADD_UNSIGNED, WORDS);
            case PSUBUSB -> lanes(i, c, SUBTRACT_UNSIGNED, BYTES);
            case PSUBUSW -> lanes(i, c, SUBTRACT_UNSIGNED, WORDS);
            case PCMPEQB -> lanes(i, c, EQUAL, BYTES);
            case PCMPEQW -> lanes(i, c, EQUAL, WORDS);
            case PCMPEQD -> lanes(i, c, EQUAL, DWORDS);
            case PCMPGTB -> lanes(i, c, GREATER, BYTES);
            case PCMPGTW -> lanes(i, c, GREATER, WORDS);
            case PCMPGTD -> lanes(i, c, GREATER, DWORDS);
            case PMINUB -> lanes(i, c, MIN_UNSIGNED, BYTES);
            case PMAXUB -> lanes(i, c, MAX_UNSIGNED, BYTES);
            case PMINSW -> lanes(i, c, MIN_SIGNED, WORDS);
            case PMAXSW -> lanes(i, c, MAX_SIGNED, WORDS);
            case PAVGB -> lanes(i, c, AVERAGE, BYTES);
            case PAVGW -> lanes(i, c, AVERAGE, WORDS);
            case PSIGNB -> lanes(i, c, SIGN, BYTES);
            case PSIGNW -> lanes(i, c, SIGN, WORDS);
            case PSIGND -> lanes(i, c, SIGN, DWORDS);
            case PABSB -> lanes(i, c, ABSOLUTE, BYTES);
            case PABSW -> lanes(i, c, ABSOLUTE, WORDS);
            case PABSD -> lanes(i, c, ABSOLUTE, DWORDS);
            default -> null;
        };
    }

    private static Op products(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case PMULLW -> lanes(i, c, MULTIPLY_LOW, WORDS);
            case PMULHW -> lanes(i, c, MULTIPLY_HIGH, WORDS);
            case PMULHUW -> lanes(i, c, MULTIPLY_HIGH_UNSIGNED, WORDS);
            case PMULHRSW -> lanes(i, c, MULTIPLY_HIGH_ROUNDED, WORDS);
            case PMADDWD -> lanes(i, c, MULTIPLY_ADD, WORDS);
            case PMADDUBSW -> lanes(i, c, MULTIPLY_ADD_BYTES, WORDS);
            case PMULUDQ -> lanes(i, c, MULTIPLY_UNSIGNED, QWORDS);
            case PSADBW -> lanes(i, c, SUM_OF_DIFFERENCES, QWORDS);
            default -> null;
        };
    }

    private static Op shift(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case PSLLW -> packed(i, c, MmxOp.SHIFT, LaneShift.LEFT, 2);
            case PSLLD -> packed(i, c, MmxOp.SHIFT, LaneShift.LEFT, 4);
            case PSLLQ -> packed(i, c, MmxOp.SHIFT, LaneShift.LEFT, 8);
            case PSRLW -> packed(i, c, MmxOp.SHIFT, LaneShift.RIGHT, 2);
            case PSRLD -> packed(i, c, MmxOp.SHIFT, LaneShift.RIGHT, 4);
            case PSRLQ -> packed(i, c, MmxOp.SHIFT, LaneShift.RIGHT, 8);
            case PSRAW -> packed(i, c, MmxOp.SHIFT, LaneShift.ARITHMETIC, 2);
            case PSRAD -> packed(i, c, MmxOp.SHIFT, LaneShift.ARITHMETIC, 4);
            default -> null;
        };
    }

    private static Op rearrange(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case PUNPCKLBW -> rearrange(i, c, UNPACK_LOW_BYTES);
            case PUNPCKLWD -> rearrange(i, c, UNPACK_LOW_WORDS);
            case PUNPCKLDQ -> rearrange(i, c, UNPACK_LOW_DWORDS);
            case PUNPCKHBW -> rearrange(i, c, UNPACK_HIGH_BYTES);
            case PUNPCKHWD -> rearrange(i, c, UNPACK_HIGH_WORDS);
            case PUNPCKHDQ -> rearrange(i, c, UNPACK_HIGH_DWORDS);
            case PACKSSWB -> rearrange(i, c, PACK_SIGNED_WORDS);
            case PACKUSWB -> rearrange(i, c, PACK_UNSIGNED_WORDS);
            case PACKSSDW -> rearrange(i, c, PACK_SIGNED_DWORDS);
            case PSHUFB -> rearrange(i, c, SHUFFLE_BYTES);
            case PSHUFW -> rearrange(i, c, SHUFFLE_WORDS);
            case PALIGNR -> rearrange(i, c, ALIGN_RIGHT);
            case PHADDW -> horizontal(i, c, HorizontalOperation.ADD_WORDS);
            case PHADDD -> horizontal(i, c, HorizontalOperation.ADD_DWORDS);
            case PHADDSW -> horizontal(i, c, HorizontalOperation.ADD_WORDS_SIGNED);
            case PHSUBW -> horizontal(i, c, HorizontalOperation.SUBTRACT_WORDS);
            case PHSUBD -> horizontal(i, c, HorizontalOperation.SUBTRACT_DWORDS);
            case PHSUBSW -> horizontal(i, c, HorizontalOperation.SUBTRACT_WORDS_SIGNED);
            default -> null;
        };
    }

    private static Op lanes(Instruction instruction, BlockContext context, int operation, int width) {
        return packed(instruction, context, MmxOp.LANES, operation, width);
    }

    private static Op rearrange(Instruction instruction, BlockContext context, int operation) {
        return packed(instruction, context, MmxOp.REARRANGE, operation, 0);
    }

    private static Op horizontal(Instruction instruction, BlockContext context, int operation) {
        return packed(instruction, context, MmxOp.HORIZONTAL, operation, 0);
    }

    private static Op packed(Instruction instruction, BlockContext context, int kind, int operation, int width) {
        int form = switch (instruction.operand(1)) {
            case Operand.Memory memory -> memory.size();
            case Operand.Immediate immediate -> MmxOp.IMMEDIATE;
            default -> MmxOp.REGISTER;
        };
        return PACKED.make(instruction, context, kind, operation, width, form);
    }

    /** EMMS: TOP is 0 as after every MMX instruction, but every register empty (SDM vol. 3, 12.2). */
    private static final class Empty extends SimpleOp {
        @Override
        public void execute(Cpu cpu) {
            MmxRegisters.checkPending(cpu, this);
            MmxRegisters.enter(cpu);
            cpu.put32(StateLayout.X87_TAG, X87Stack.ALL_EMPTY);
        }
    }
}
