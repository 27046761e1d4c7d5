package dev.quoll.emulator.x87;

import dev.quoll.emulator.integer.IntegerFamily;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.oracle.CpuState;
import dev.quoll.emulator.oracle.Oracle;
import dev.quoll.emulator.system.Delivery;
import dev.quoll.emulator.system.SystemFamily;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** XSAVE and its kind on x87, SSE and AVX state, against the host's processor. RBX points to the area. */
class XsaveOracleTest {
    private static final int RUNS = 400;
    private static final int RAX = 0;
    private static final int RDX = 2;
    private static final int RBX = 3;
    private static final int HEADER = 512;
    private static final int CONTROL = 0;
    private static final int STATUS = 2;
    private static final int MXCSR = 24;
    /** IE unmasked and pending: else AMD's processors show no x87 pointers (APM vol. 3, FXSAVE). */
    private static final int INVALID = 1;

    private static final int PENDING = 0x8081;
    /** MOVs of 0 over MXCSR_MASK, in which the host may have a bit more. */
    private static final String CLEAR_MXCSR_MASK = "c7431c00000000";

    private Random random;
    private Oracle oracle;

    @BeforeEach
    void open() throws Exception {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println("XsaveOracleTest seed " + seed);
        random = new Random(seed);
        oracle = Oracle.open(
                List.of(new SaveFamily(), new IntegerFamily(), new SystemFamily(new Delivery())), random);
    }

    @AfterEach
    void close() {
        oracle.close();
    }

    @Test
    void saving() {
        for (String instruction : List.of("480fae23", "0fae23", "480fae33", "480fc723", "0fc723")) {
            oracle.place(code(instruction, CLEAR_MXCSR_MASK));
            for (int i = 0; i < RUNS; i++) {
                CpuState state = state();
                byte[] data = oracle.data();
                int mask = request(state);
                ByteBuffer area = area(state, data);
                area.putLong(HEADER, random.nextInt(8));
                oracle.compare(state, data, Flags.STATUS, () -> instruction + " of components " + mask);
            }
        }
    }

    @Test
    void restoring() {
        for (String instruction : List.of("480fae2b", "0fae2b")) {
            oracle.place(code(instruction));
            for (int i = 0; i < RUNS; i++) {
                CpuState state = state();
                byte[] data = oracle.data();
                int mask = request(state);
                ByteBuffer area = area(state, data);
                image(area);
                long header = area.getLong(HEADER);
                long format = area.getLong(HEADER + 8);
                oracle.compare(
                        state,
                        data,
                        Flags.STATUS,
                        () -> "%s of components %d, present %d, format %x".formatted(instruction, mask, header, format));
            }
        }
    }

    /** Every component in use: a processor may also call initial contents so, and the host's does. */
    private CpuState state() {
        CpuState state = oracle.state();
        state.setX87Tags(state.x87Tags() | 1);
        state.setX87Control(state.x87Control() & ~INVALID);
        state.setX87Status(state.x87Status() | PENDING);
        state.setX87Pointers(random.nextInt(0x800), random.nextLong() >> 16, random.nextLong() >> 16);
        state.setYmm(random.nextInt(8), 0, 1);
        state.setYmm(random.nextInt(8), 3, 1);
        return state;
    }

    private int request(CpuState state) {
        int mask = random.nextInt(8);
        state.gpr[RAX] = mask;
        state.gpr[RDX] = 0;
        return mask;
    }

    private ByteBuffer area(CpuState state, byte[] data) {
        int offset = random.nextInt(data.length - 1024) & -64;
        state.gpr[RBX] = oracle.dataAddress() + offset;
        return ByteBuffer.wrap(data).slice(offset, 1024).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A legal image in standard or compacted format around random contents. */
    private void image(ByteBuffer area) {
        area.putShort(CONTROL, (short) (area.getShort(CONTROL) & ~INVALID));
        area.putShort(STATUS, (short) (area.getShort(STATUS) | PENDING));
        area.putInt(MXCSR, random.nextInt(1 << 16) | 0x1f80);
        for (int offset = HEADER; offset < HEADER + 64; offset += 8) {
            area.putLong(offset, 0);
        }
        int present = random.nextInt(8);
        area.putLong(HEADER, present);
        if (random.nextBoolean()) {
            area.putLong(HEADER + 8, 1L << 63 | present | random.nextInt(8));
        }
    }

    private static byte[] code(String... instructions) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String instruction : instructions) {
            bytes.writeBytes(HexFormat.of().parseHex(instruction));
        }
        return bytes.toByteArray();
    }
}
