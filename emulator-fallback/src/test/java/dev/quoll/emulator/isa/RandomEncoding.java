package dev.quoll.emulator.isa;

import java.util.Random;

/// Makes random instances of opcode rows, for tests of whatever handles every instruction.
public final class RandomEncoding {
    private static final int[] HARMLESS_PREFIXES = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x67};

    private final Random random;
    private final CodeSize mode;
    private final Decoder decoder = new Decoder(CpuFeature.ALL);

    public RandomEncoding(Random random, CodeSize mode) {
        this.random = random;
        this.mode = mode;
    }

    /// Returns an instance of a row, or null if a number of trials met none: the row does not exist in this code size.
    public Instruction of(OpcodeRow row) {
        byte[] code = new byte[40];
        for (int trial = 0; trial < 400; trial++) {
            fill(code, row);
            if (decoder.decode(code, 0, code.length, mode) instanceof Instruction instruction && instruction.row() == row) {
                return instruction;
            }
        }
        return null;
    }

    private void fill(byte[] code, OpcodeRow row) {
        random.nextBytes(code);
        EncodingMatch match = row.match();
        int mandatory = (match.mask() & Selector.PREFIX_MASK) == Selector.PREFIX_MASK ? match.value() & 3 : 0;
        int at = 0;
        if (random.nextInt(4) == 0) {
            code[at++] = (byte) HARMLESS_PREFIXES[random.nextInt(HARMLESS_PREFIXES.length)];
        }
        if (row.has(Attribute.LOCKABLE) && random.nextInt(4) == 0) {
            code[at++] = (byte) 0xf0;
        }
        if (match.map().vex()) {
            int map = match.map().ordinal() - OpcodeMap.VEX_0F.ordinal() + 1;
            int rxb = mode == CodeSize.BITS64 ? random.nextInt(8) : 7;
            // Unused VEX.vvvv has to be all ones; half of the trials are that.
            int vvvv = random.nextBoolean() ? 15 : random.nextInt(16);
            code[at++] = (byte) 0xc4;
            code[at++] = (byte) (rxb << 5 | map);
            code[at++] = (byte) (random.nextInt(2) << 7 | vvvv << 3 | random.nextInt(2) << 2 | mandatory);
        } else {
            if (mandatory == 1 || random.nextInt(4) == 0) {
                code[at++] = 0x66;
            }
            if (mandatory >= 2) {
                code[at++] = (byte) (mandatory == 2 ? 0xf3 : 0xf2);
            } else if ((row.has(Attribute.REP) || row.has(Attribute.REPCC)) && random.nextBoolean()) {
                code[at++] = (byte) (random.nextBoolean() ? 0xf3 : 0xf2);
            }
            if (mode == CodeSize.BITS64 && random.nextBoolean()) {
                code[at++] = (byte) (0x40 + random.nextInt(16));
            }
            switch (match.map()) {
                case TWO_BYTE -> code[at++] = 0x0f;
                case MAP_0F38 -> {
                    code[at++] = 0x0f;
                    code[at++] = 0x38;
                }
                case MAP_0F3A -> {
                    code[at++] = 0x0f;
                    code[at++] = 0x3a;
                }
                default -> {
                }
            }
        }
        code[at++] = (byte) match.opcode();
        if (match.modrm()) {
            int modrm = random.nextInt(256);
            int fixed = 0;
            int value = 0;
            if ((match.mask() & Selector.REGISTER) != 0) {
                boolean register = (match.value() & Selector.REGISTER) != 0;
                fixed |= register ? 0xc0 : 0;
                value |= register ? 0xc0 : 0;
            }
            if ((match.mask() & Selector.REG_MASK) != 0) {
                fixed |= 7 << 3;
                value |= (match.value() >> Selector.REG_SHIFT & 7) << 3;
            }
            if ((match.mask() & Selector.RM_MASK) != 0) {
                fixed |= 7;
                value |= match.value() >> Selector.RM_SHIFT & 7;
            }
            code[at] = (byte) (modrm & ~fixed | value);
        }
    }
}
