package dev.quoll.emulator.isa;

import java.util.Arrays;
import java.util.Random;

/// Makes random encodings of opcode rows with everything the encoding leaves open at random: prefixes, sensible or not, REX
/// and VEX fields, ModRM, SIB, displacement and immediate. What it makes may be an instance of another row, or of none.
public final class EncodingSampler {

    /// An encoding.
    ///
    /// @param code no longer than the instruction, but for what is none
    /// @param decoded what the decoder says of it
    /// @param displacementAt where a 4-byte displacement without base register stands, or -1
    public record Sample(byte[] code, Decoded decoded, int displacementAt) {
    }

    private static final int[] SEGMENTS = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x64, 0x65};
    private static final int[] PREFIXES = {0x66, 0x67, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    private static final int[] EDGES = {0, 1, 0xff, 0x7f, 0x80, 0xfe};

    /// Bytes of a sample that is no instruction, at most.
    private static final int LONGEST = 24;

    private final Random random;
    private final CodeSize mode;
    private final Decoder decoder;
    private final byte[] code = new byte[48];
    private int length;
    private int modrmAt;

    /// @param features of the decoder
    public EncodingSampler(Random random, CodeSize mode, long features) {
        this.random = random;
        this.mode = mode;
        decoder = new Decoder(features);
    }

    /// Returns an instance of the row, or null if a number of trials met none: it does not exist in this code size or with
    /// these features.
    public Sample of(OpcodeRow row) {
        for (int trial = 0; trial < 300; trial++) {
            Sample sample = any(row);
            if (sample.decoded instanceof Instruction instruction && instruction.row() == row) {
                return sample;
            }
        }
        return null;
    }

    /// Returns an encoding that has the row's opcode, whatever it makes of it.
    public Sample any(OpcodeRow row) {
        fill(row);
        return sample();
    }

    /// Returns the sample again with another displacement.
    public Sample withDisplacement(Sample sample, int displacement) {
        byte[] changed = sample.code.clone();
        for (int i = 0; i < 4; i++) {
            changed[sample.displacementAt + i] = (byte) (displacement >> 8 * i);
        }
        return new Sample(changed, decode(changed), sample.displacementAt);
    }

    /// Returns the sample again with other last bytes.
    public Sample withTail(Sample sample, long value, int size) {
        byte[] changed = sample.code.clone();
        for (int i = 0; i < size; i++) {
            changed[changed.length - size + i] = (byte) (value >> 8 * i);
        }
        return new Sample(changed, decode(changed), sample.displacementAt);
    }

    /// Decodes code of this sampler's kind.
    public Decoded decode(byte[] bytes) {
        byte[] padded = Arrays.copyOf(bytes, bytes.length + Decoder.MAX_LENGTH);
        return decoder.decode(padded, 0, padded.length, mode);
    }

    private Sample sample() {
        Decoded decoded = decoder.decode(code, 0, code.length, mode);
        int size = switch (decoded) {
            case Instruction instruction -> instruction.length();
            case Decoded.InvalidOpcode invalid -> Math.max(length + 6, invalid.length());
            default -> Decoder.MAX_LENGTH + 1;
        };
        int displacement = -1;
        if (decoded instanceof Instruction instruction && modrmAt > 0 && instruction.addressSize() != 2) {
            int mod = code[modrmAt] >> 6 & 3;
            int rm = code[modrmAt] & 7;
            if (mod == 0 && rm == 5) {
                displacement = modrmAt + 1;
            } else if (mod == 0 && rm == 4 && (code[modrmAt + 1] & 7) == 5) {
                displacement = modrmAt + 2;
            }
        }
        return new Sample(Arrays.copyOf(code, Math.min(size, LONGEST)), decoded, displacement);
    }

    private void fill(OpcodeRow row) {
        random.nextBytes(code);
        length = 0;
        modrmAt = -1;
        EncodingMatch match = row.match();
        int mandatory = (match.mask() & Selector.PREFIX_MASK) == Selector.PREFIX_MASK ? match.value() & 3 : 0;
        if (random.nextInt(24) == 0) {
            odd();
        }
        if (random.nextInt(6) == 0) {
            put(SEGMENTS[random.nextInt(SEGMENTS.length)]);
        }
        if (random.nextInt(8) == 0) {
            put(0x67);
        }
        if (random.nextInt(row.has(Attribute.LOCKABLE) ? 3 : 24) == 0) {
            put(0xf0);
        }
        if (match.map().vex()) {
            vex(match, mandatory);
        } else {
            legacy(row, match, mandatory);
        }
        put(match.opcode());
        if (match.modrm()) {
            modrmAt = length;
            put(modrm(match));
            sib();
        }
        // Immediates at their edges: they are the last bytes, and a displacement is patched where it matters.
        if (random.nextInt(3) == 0) {
            byte value = (byte) EDGES[random.nextInt(EDGES.length)];
            Arrays.fill(code, length, code.length, value);
            if (random.nextBoolean()) {
                code[length] = (byte) EDGES[random.nextInt(EDGES.length)];
            }
        }
    }

    /// Prefixes that few assemblers write: several of a kind, in any order, REX where it does not count; one time in eight so
    /// many that the instruction is about as long as it may be, or longer.
    private void odd() {
        int count = random.nextInt(8) == 0 ? 6 + random.nextInt(9) : 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            put(mode == CodeSize.BITS64 && random.nextInt(6) == 0
                    ? 0x40 + random.nextInt(16)
                    : PREFIXES[random.nextInt(PREFIXES.length)]);
        }
        if (length > 0 && (code[length - 1] & 0xf0) == 0x40 && mode == CodeSize.BITS64) {
            // Right before the opcode it would count.
            put(0x3e);
        }
    }

    private void vex(EncodingMatch match, int mandatory) {
        int map = match.map().ordinal() - OpcodeMap.VEX_0F.ordinal() + 1;
        boolean wide = mode == CodeSize.BITS64;
        // Unused VEX.vvvv has to be all ones; half of the trials are that.
        int vvvv = random.nextBoolean() ? 15 : wide ? random.nextInt(16) : 8 | random.nextInt(8);
        int w = (match.mask() & Selector.W) != 0 && random.nextInt(8) != 0
                ? (match.value() & Selector.W) != 0 ? 1 : 0
                : random.nextInt(2);
        int l = (match.mask() & Selector.L) != 0 && random.nextInt(8) != 0
                ? (match.value() & Selector.L) != 0 ? 1 : 0
                : random.nextInt(2);
        if (random.nextInt(40) == 0) {
            put(random.nextBoolean() ? 0x66 : random.nextBoolean() ? 0xf2 : 0xf3);
        }
        if (wide && random.nextInt(60) == 0) {
            put(0x40 + random.nextInt(16));
        }
        int last = vvvv << 3 | l << 2 | mandatory;
        if (map == 1 && w == 0 && random.nextBoolean()) {
            put(0xc5);
            put((wide ? random.nextInt(2) << 7 : 0x80) | last);
        } else {
            put(0xc4);
            put((wide ? random.nextInt(8) : 7) << 5 | map);
            put(w << 7 | last);
        }
    }

    private void legacy(OpcodeRow row, EncodingMatch match, int mandatory) {
        boolean repeated = row.has(Attribute.REP) || row.has(Attribute.REPCC);
        if (mandatory == 1 || random.nextInt(4) == 0) {
            put(0x66);
        }
        if (mandatory >= 2) {
            put(mandatory == 2 ? 0xf3 : 0xf2);
        } else if (random.nextInt(repeated ? 2 : 16) == 0) {
            put(random.nextBoolean() ? 0xf3 : 0xf2);
        }
        if (mode == CodeSize.BITS64) {
            boolean needsW = (match.mask() & match.value() & Selector.W) != 0;
            if (random.nextBoolean() || needsW) {
                put(0x40 + (random.nextInt(16) | (needsW && random.nextInt(8) != 0 ? 8 : 0)));
            }
        }
        switch (match.map()) {
            case TWO_BYTE -> put(0x0f);
            case MAP_0F38 -> {
                put(0x0f);
                put(0x38);
            }
            case MAP_0F3A -> {
                put(0x0f);
                put(0x3a);
            }
            default -> {
            }
        }
    }

    private int modrm(EncodingMatch match) {
        int fixed = 0;
        int value = 0;
        boolean memory = random.nextBoolean();
        if ((match.mask() & Selector.REGISTER) != 0) {
            memory = (match.value() & Selector.REGISTER) == 0;
        }
        if ((match.mask() & Selector.REG_MASK) != 0) {
            fixed |= 7 << 3;
            value |= (match.value() >> Selector.REG_SHIFT & 7) << 3;
        }
        if ((match.mask() & Selector.RM_MASK) != 0) {
            fixed |= 7;
            value |= match.value() >> Selector.RM_SHIFT & 7;
        }
        int modrm = random.nextInt(64) | (memory ? random.nextInt(3) : 3) << 6;
        return modrm & ~fixed | value;
    }

    /// Base and index registers that are the same are rare, since few addresses can be reached with them.
    private void sib() {
        int sib = code[length] & 0xff;
        while ((sib & 7) == (sib >> 3 & 7) && random.nextInt(16) != 0) {
            sib = random.nextInt(256);
        }
        code[length] = (byte) sib;
    }

    private void put(int value) {
        code[length++] = (byte) value;
    }
}
