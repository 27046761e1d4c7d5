package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Aes;
import dev.quoll.emulator.fpu.CarrylessMultiply;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** The AES instructions and PCLMULQDQ. */
final class CipherOp extends XmmOp {
    static final int ENCRYPT = 0;
    static final int ENCRYPT_LAST = 1;
    static final int DECRYPT = 2;
    static final int DECRYPT_LAST = 3;
    static final int INVERSE_MIX_COLUMNS = 4;
    static final int KEY_GENERATION_ASSIST = 5;
    static final int CARRYLESS_MULTIPLY = 6;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 1);

    private final int immediate;

    CipherOp() {
        immediate = 0;
    }

    private CipherOp(Instruction instruction) {
        super(instruction);
        immediate = immediate(instruction);
    }

    private CipherOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
        immediate = immediate(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new CipherOp(instruction) : new CipherOp(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        long va = sourceAddress(cpu, FORM);
        long host = sourceHost(cpu, FORM, va);
        long bl = sourceLow(cpu, FORM, va, host);
        long bh = sourceHigh(cpu, FORM, va, host);
        long al = cpu.get64(target);
        long ah = cpu.get64(target + 8);
        if (OPERATION == CARRYLESS_MULTIPLY) {
            long a = (immediate & 1) == 0 ? al : ah;
            long b = (immediate & 1 << 4) == 0 ? bl : bh;
            setTarget(cpu, CarrylessMultiply.low(a, b), CarrylessMultiply.high(a, b));
        } else {
            setTarget(cpu, half(al, ah, bl, immediate), half(ah, al, bh, immediate));
        }
        return next.run(cpu);
    }

    /** The half of the result where {@code own} lies. */
    private static long half(long own, long other, long source, int immediate) {
        return switch (OPERATION) {
            case ENCRYPT -> Aes.encrypt(own, other, source);
            case ENCRYPT_LAST -> Aes.encryptLast(own, other, source);
            case DECRYPT -> Aes.decrypt(own, other, source);
            case DECRYPT_LAST -> Aes.decryptLast(own, other, source);
            case INVERSE_MIX_COLUMNS -> Aes.inverseMixColumns(source);
            default -> Aes.keyGenerationAssist(source, immediate);
        };
    }
}
