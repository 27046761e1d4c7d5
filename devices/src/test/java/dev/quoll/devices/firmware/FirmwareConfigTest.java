package dev.quoll.devices.firmware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.devices.virtio.TestMemory;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.PortBus;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The firmware configuration device as firmware and Linux read it. */
class FirmwareConfigTest {
    private static final int SELECTOR = 0x510;
    private static final int DATA = 0x511;
    private static final int DMA_HIGH = 0x514;
    private static final int DMA_LOW = 0x518;
    private static final int DIRECTORY = 0x19;
    private static final long REQUEST = 0x1000;
    private static final long BUFFER = 0x20_0000;

    private final TestMemory ram = new TestMemory();
    private final GuestMemory memory = ram.memory();
    private final PortBus ports = new PortBus();
    private final byte[] table = new byte[10_000];
    private int made;
    private final FirmwareConfig config = new FirmwareConfig(memory)
            .item(FirmwareConfig.Item.CPU_COUNT, FirmwareConfig.littleEndian(2, 0x1234))
            .item(FirmwareConfig.Item.TIMER_OVERRIDE, FirmwareConfig.littleEndian(1, 7))
            .file("z/last", "zz".getBytes(StandardCharsets.US_ASCII))
            .file("a/table", table)
            .file("m/made", () -> new byte[] {(byte) ++made});

    FirmwareConfigTest() {
        new Random(5).nextBytes(table);
        ports.register(SELECTOR, FirmwareConfig.PORTS, FirmwareConfig.WIDTHS, config);
    }

    @AfterEach
    void close() {
        ram.close();
    }

    private byte[] read(int selector, int count) {
        ports.write(SELECTOR, 2, selector);
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) ports.read(DATA, 1);
        }
        return bytes;
    }

    private Map<String, int[]> directory() {
        ByteBuffer entries = ByteBuffer.wrap(read(DIRECTORY, 4 + 64 * 3));
        assertThat(entries.getInt()).isEqualTo(3);
        Map<String, int[]> files = new HashMap<>();
        String before = "";
        for (int i = 0; i < 3; i++) {
            int size = entries.getInt();
            int selector = entries.getShort();
            assertThat(entries.getShort()).isZero();
            byte[] name = new byte[56];
            entries.get(name);
            String text = new String(name, StandardCharsets.US_ASCII).replace("\0", "");
            assertThat(text).isGreaterThan(before);
            before = text;
            files.put(text, new int[] {selector, size});
        }
        return files;
    }

    /** @return what control reads as afterwards */
    private int request(int control, long length, long address) {
        memory.write(REQUEST, ByteBuffer.allocate(16).putInt(control).putInt((int) length).putLong(address).array());
        ports.write(DMA_HIGH, 4, 0);
        ports.write(DMA_LOW, 4, Integer.reverseBytes((int) REQUEST));
        return Integer.reverseBytes(memory.readInt(REQUEST));
    }

    @Test
    void itemsAreReadByteByByteWithZeroesBehind() {
        assertThat(read(0, 5)).isEqualTo("QEMU\0".getBytes(StandardCharsets.US_ASCII));
        assertThat(read(1, 4)).isEqualTo(new byte[] {3, 0, 0, 0});
        assertThat(read(5, 3)).isEqualTo(new byte[] {0x34, 0x12, 0});
        assertThat(read(0x8002, 2)).isEqualTo(new byte[] {7, 0});
        assertThat(read(0x4321, 2)).isEqualTo(new byte[2]);
        assertThat(ports.read(DMA_HIGH, 4)).isEqualTo(Integer.reverseBytes(0x51454d55));
        assertThat(ports.read(DMA_LOW, 4)).isEqualTo(Integer.reverseBytes(0x20434647));
    }

    @Test
    void filesAreFoundByTheDirectoryAndReadBothWays() {
        Map<String, int[]> files = directory();
        assertThat(files.keySet()).containsExactlyInAnyOrder("a/table", "m/made", "z/last");
        int[] place = files.get("a/table");
        assertThat(place[1]).isEqualTo(table.length);
        assertThat(read(place[0], table.length)).isEqualTo(table);
        // Select and read, skip, read on: across pages of memory, at an odd place.
        assertThat(request(place[0] << 16 | 8 | 2, 100, BUFFER + 1)).isZero();
        assertThat(request(4, 50, 0)).isZero();
        assertThat(request(2, table.length, BUFFER + 101)).isZero();
        byte[] got = new byte[table.length + 100];
        memory.read(BUFFER + 1, got, 0, got.length);
        byte[] wanted = new byte[table.length + 100];
        System.arraycopy(table, 0, wanted, 0, 100);
        System.arraycopy(table, 150, wanted, 100, table.length - 150);
        assertThat(got).isEqualTo(wanted);
    }

    @Test
    void aFileThatIsWorkedOutStaysWhatItWasUntilTheReset() {
        int selector = directory().get("m/made")[0];
        int first = read(selector, 1)[0];
        assertThat(read(selector, 1)[0]).isEqualTo((byte) first);
        config.reset();
        assertThat(read(selector, 1)[0]).isEqualTo((byte) (first + 1));
    }

    @Test
    void whatCannotBeDoneIsAnError() {
        assertThat(request(8 | 2, 16, TestMemory.SIZE - 8)).isEqualTo(1);
        assertThat(request(16, 4, BUFFER)).as("writing").isEqualTo(1);
        assertThat(request(2, 0xffff_ffffL, 0x8000_0000L)).isEqualTo(1);
        assertThatThrownBy(() -> config.file("x".repeat(56), new byte[1])).isInstanceOf(IllegalArgumentException.class);
    }

    /** Whatever is asked for, only what the request names is written to. */
    @Test
    void hostileRequestsReachNothingElse() {
        long seed = System.nanoTime();
        System.out.println("FirmwareConfigTest seed " + seed);
        Random random = new Random(seed);
        byte[] guard = new byte[4096];
        Arrays.fill(guard, (byte) 0x5a);
        for (int round = 0; round < 5_000; round++) {
            memory.write(BUFFER - 4096, guard);
            memory.write(BUFFER + 4096, guard);
            long address = random.nextInt(8) == 0 ? random.nextLong() | 1L << 40 : BUFFER + random.nextInt(4096);
            long length = random.nextInt(8) == 0 && address >= 1L << 40
                    ? random.nextInt() & 0xffff_ffffL
                    : random.nextLong(Math.max(1, BUFFER + 4096 - address + 1));
            request(random.nextInt(0x30) << 16 | random.nextInt(32), length, address);
            byte[] seen = new byte[4096];
            memory.read(BUFFER - 4096, seen, 0, 4096);
            assertThat(seen).as("before, round %d", round).isEqualTo(guard);
            memory.read(BUFFER + 4096, seen, 0, 4096);
            assertThat(seen).as("behind, round %d", round).isEqualTo(guard);
        }
    }
}
