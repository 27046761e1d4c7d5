package dev.quoll.emulator.isa;

import dev.quoll.emulator.isa.Operand.Register;

/// The register operands, made once.
final class Registers {
    private static final Register[][] GPR = new Register[4][16];
    private static final Register[] HIGH_BYTE = row(RegisterClass.GPR8_HIGH, 4, 1);
    private static final Register[] SEGMENT = row(RegisterClass.SEGMENT, 6, 2);
    private static final Register[] CONTROL32 = row(RegisterClass.CONTROL, 16, 4);
    private static final Register[] CONTROL64 = row(RegisterClass.CONTROL, 16, 8);
    private static final Register[] DEBUG32 = row(RegisterClass.DEBUG, 16, 4);
    private static final Register[] DEBUG64 = row(RegisterClass.DEBUG, 16, 8);
    private static final Register[] X87 = row(RegisterClass.X87, 8, 10);
    private static final Register[] MMX = row(RegisterClass.MMX, 8, 8);
    private static final Register[] XMM = row(RegisterClass.XMM, 16, 16);
    private static final Register[] YMM = row(RegisterClass.XMM, 16, 32);

    static {
        for (int i = 0; i < 4; i++) {
            GPR[i] = row(RegisterClass.GPR, 16, 1 << i);
        }
    }

    private Registers() {
    }

    private static Register[] row(RegisterClass cls, int count, int size) {
        Register[] registers = new Register[count];
        for (int i = 0; i < count; i++) {
            registers[i] = new Register(cls, i, size);
        }
        return registers;
    }

    static Register general(int number, int size) {
        return GPR[31 - Integer.numberOfLeadingZeros(size)][number];
    }

    /// Returns a byte register: without REX, numbers 4 to 7 are AH, CH, DH and BH.
    static Register generalByte(int number, boolean rex) {
        return rex || number < 4 || number > 7 ? GPR[0][number] : HIGH_BYTE[number - 4];
    }

    static Register segment(int number) {
        return SEGMENT[number];
    }

    static Register control(int number, int size) {
        return size == 8 ? CONTROL64[number] : CONTROL32[number];
    }

    static Register debug(int number, int size) {
        return size == 8 ? DEBUG64[number] : DEBUG32[number];
    }

    static Register x87(int number) {
        return X87[number];
    }

    static Register mmx(int number) {
        return MMX[number];
    }

    static Register vector(int number, int size) {
        return size == 32 ? YMM[number] : XMM[number];
    }
}
