package dev.quoll.emulator.oracle;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * What an instruction of user code can see and change: general registers, the status flags, the x87, MMX and SSE state
 * as an FXSAVE64 image (SDM vol. 1, table 10-2), and the upper halves of the YMM registers.
 */
public final class CpuState {
    public static final int RSP = 4;
    static final int FX_SIZE = 512;
    static final int UPPER_SIZE = 256;
    static final int FX_CONTROL = 0;
    static final int FX_STATUS = 2;
    static final int FX_TAGS = 4;
    static final int FX_OPCODE = 6;
    static final int FX_INSTRUCTION = 8;
    static final int FX_DATA = 16;
    static final int FX_MXCSR = 24;
    static final int FX_MXCSR_MASK = 28;
    static final int FX_STACK = 32;
    static final int FX_XMM = 160;

    public final long[] gpr = new long[16];
    /** RFLAGS; only the status flags, DF and AC are taken from it. */
    public long flags;

    final ByteBuffer fx = ByteBuffer.allocate(FX_SIZE).order(ByteOrder.LITTLE_ENDIAN);

    /** Upper halves of YMM0 to YMM15, 16 bytes each. */
    final ByteBuffer upper = ByteBuffer.allocate(UPPER_SIZE).order(ByteOrder.LITTLE_ENDIAN);

    /** All zero but for the reset values of the x87 control word and MXCSR. */
    public CpuState() {
        fx.putShort(FX_CONTROL, (short) 0x37f);
        setMxcsr(0x1f80);
    }

    public CpuState copy() {
        CpuState copy = new CpuState();
        System.arraycopy(gpr, 0, copy.gpr, 0, gpr.length);
        copy.flags = flags;
        System.arraycopy(fx.array(), 0, copy.fx.array(), 0, FX_SIZE);
        System.arraycopy(upper.array(), 0, copy.upper.array(), 0, UPPER_SIZE);
        return copy;
    }

    /** Low (half 0) or high (half 1) 8 bytes of an XMM register. */
    public long xmm(int number, int half) {
        return fx.getLong(FX_XMM + 16 * number + 8 * half);
    }

    public void setXmm(int number, int half, long value) {
        fx.putLong(FX_XMM + 16 * number + 8 * half, value);
    }

    /** Quadword 0 to 3 of a YMM register. */
    public long ymm(int number, int quadword) {
        return quadword < 2 ? xmm(number, quadword) : upper.getLong(16 * number + 8 * (quadword - 2));
    }

    public void setYmm(int number, int quadword, long value) {
        if (quadword < 2) {
            setXmm(number, quadword, value);
        } else {
            upper.putLong(16 * number + 8 * (quadword - 2), value);
        }
    }

    /** Whether all vector registers are the same. */
    public boolean xmmEquals(CpuState other) {
        return fx.slice(FX_XMM, 256).equals(other.fx.slice(FX_XMM, 256))
                && upper.slice(0, UPPER_SIZE).equals(other.upper.slice(0, UPPER_SIZE));
    }

    public int mxcsr() {
        return fx.getInt(FX_MXCSR);
    }

    public void setMxcsr(int value) {
        fx.putInt(FX_MXCSR, value);
    }

    public int x87Control() {
        return fx.getShort(FX_CONTROL) & 0xffff;
    }

    public void setX87Control(int value) {
        fx.putShort(FX_CONTROL, (short) value);
    }

    /** x87 status word with TOP in bits 13 to 11. */
    public int x87Status() {
        return fx.getShort(FX_STATUS) & 0xffff;
    }

    public void setX87Status(int value) {
        fx.putShort(FX_STATUS, (short) value);
    }

    /** One bit for each physical x87 register, 1 = in use. */
    public int x87Tags() {
        return fx.get(FX_TAGS) & 0xff;
    }

    public void setX87Tags(int value) {
        fx.put(FX_TAGS, (byte) value);
    }

    /** Last x87 opcode, 11 bits. */
    public int x87Opcode() {
        return fx.getShort(FX_OPCODE) & 0xffff;
    }

    /** Offset of the last x87 instruction. */
    public long x87Instruction() {
        return fx.getLong(FX_INSTRUCTION);
    }

    /** Offset of its memory operand. */
    public long x87Data() {
        return fx.getLong(FX_DATA);
    }

    public void setX87Pointers(int opcode, long instruction, long data) {
        fx.putShort(FX_OPCODE, (short) opcode);
        fx.putLong(FX_INSTRUCTION, instruction);
        fx.putLong(FX_DATA, data);
    }

    /** Significand of ST(i). */
    public long significand(int i) {
        return fx.getLong(FX_STACK + 16 * i);
    }

    /** Sign and exponent of ST(i). */
    public int signAndExponent(int i) {
        return fx.getShort(FX_STACK + 16 * i + 8) & 0xffff;
    }

    public void setX87(int i, long significand, int signAndExponent) {
        fx.putLong(FX_STACK + 16 * i, significand);
        fx.putShort(FX_STACK + 16 * i + 8, (short) signAndExponent);
    }

    /** Lists the differences to another state; empty when there are none in what is compared. */
    public String differences(CpuState other, int flagMask) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 16; i++) {
            difference(text, "r" + i, gpr[i], other.gpr[i]);
        }
        difference(text, "flags", flags & flagMask, other.flags & flagMask);
        for (int i = 0; i < 16; i++) {
            difference(text, "xmm" + i + " low", xmm(i, 0), other.xmm(i, 0));
            difference(text, "xmm" + i + " high", xmm(i, 1), other.xmm(i, 1));
            difference(text, "ymm" + i + " quadword 2", ymm(i, 2), other.ymm(i, 2));
            difference(text, "ymm" + i + " quadword 3", ymm(i, 3), other.ymm(i, 3));
        }
        difference(text, "mxcsr", mxcsr(), other.mxcsr());
        difference(text, "x87 control", x87Control(), other.x87Control());
        difference(text, "x87 status", x87Status(), other.x87Status());
        difference(text, "x87 tags", x87Tags(), other.x87Tags());
        difference(text, "x87 opcode", x87Opcode(), other.x87Opcode());
        difference(text, "x87 instruction", x87Instruction(), other.x87Instruction());
        difference(text, "x87 data", x87Data(), other.x87Data());
        for (int i = 0; i < 8; i++) {
            difference(text, "st" + i, significand(i), other.significand(i));
            difference(text, "st" + i + " sign and exponent", signAndExponent(i), other.signAndExponent(i));
        }
        return text.toString();
    }

    private static void difference(StringBuilder text, String what, long mine, long theirs) {
        if (mine != theirs) {
            text.append("  %s 0x%x, other 0x%x%n".formatted(what, mine, theirs));
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("gpr");
        Arrays.stream(gpr).forEach(value -> text.append(" %x".formatted(value)));
        text.append("%n  flags %x mxcsr %x x87 control %x status %x tags %x st".formatted(
                flags, mxcsr(), x87Control(), x87Status(), x87Tags()));
        for (int i = 0; i < 8; i++) {
            text.append(" %04x:%016x".formatted(signAndExponent(i), significand(i)));
        }
        text.append("%n  ymm".formatted());
        for (int i = 0; i < 16; i++) {
            text.append(" %016x%016x%016x%016x".formatted(ymm(i, 3), ymm(i, 2), ymm(i, 1), ymm(i, 0)));
        }
        return text.toString();
    }
}
