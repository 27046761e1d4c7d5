package dev.quoll.devices.ata;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.RecordingLine;
import dev.quoll.devices.block.MemoryImage;
import dev.quoll.devices.virtio.TestMemory;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.MmioBus;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The AHCI controller as a driver meets it: a disk at port 0, a CD-ROM drive at port 1. */
@Timeout(60)
class AhciControllerTest {
    private static final long REGISTERS = 0xf000_0000L;
    private static final long LIST = 0x10_0000;
    private static final long RECEIVED = 0x10_1000;
    private static final long TABLE = 0x10_2000;
    private static final long DATA = 0x20_0000;
    private static final int DISK = 0;
    private static final int OPTICAL = 1;

    private static final int IS = 0x10;
    private static final int IE = 0x14;
    private static final int CMD = 0x18;
    private static final int TFD = 0x20;
    private static final int CI = 0x38;
    private static final int TASK_FILE_ERROR = 1 << 30;
    private static final int BUS_FATAL = 1 << 29;

    private final TestMemory ram = new TestMemory();
    private final GuestMemory memory = ram.memory();
    private final MmioBus bus = new MmioBus();
    private final RecordingLine line = new RecordingLine();
    private final MemoryImage disk = new MemoryImage(1 << 20, false);
    private final MemoryImage disc = new MemoryImage((1 << 20) + 100, true);
    private final List<String> notices = Collections.synchronizedList(new ArrayList<>());
    private final AhciController controller = new AhciController(
            memory,
            bus,
            line,
            17,
            REGISTERS,
            notices::add,
            List.of(new AhciController.Drive(disk, false, "D0"), new AhciController.Drive(disc, true, "C0")));

    @BeforeEach
    void start() {
        new Random(1).nextBytes(disk.content);
        new Random(2).nextBytes(disc.content);
        controller.writeConfig(4, 2, 6);
        bus.write(REGISTERS + 4, 4, 2);
        for (int port = DISK; port <= OPTICAL; port++) {
            startPort(port);
        }
    }

    @AfterEach
    void close() {
        controller.close();
        ram.close();
        assertThat(notices).isEmpty();
    }

    private void startPort(int port) {
        put(port, 0, (int) LIST + port * 0x400);
        put(port, 8, (int) RECEIVED + port * 0x100);
        put(port, 0x30, -1);
        put(port, IE, -1);
        put(port, CMD, 0x17);
        // The first command after a reset would be told of the reset.
        if (port == OPTICAL) {
            packet(new byte[16], 0);
            put(port, CMD, 0x16);
            put(port, CMD, 0x17);
            put(port, IS, -1);
        }
    }

    private int get(int port, int register) {
        return (int) bus.read(REGISTERS + 0x100 + port * 0x80L + register, 4);
    }

    private void put(int port, int register, int value) {
        bus.write(REGISTERS + 0x100 + port * 0x80L + register, 4, value & 0xffff_ffffL);
    }

    /** Issues a command in a slot and waits for its end, well or not; its data is split in regions of odd sizes. */
    private void issue(int port, int slot, int flags, byte[] fis, byte[] packet, int length) {
        List<Integer> sizes = new ArrayList<>();
        for (int left = length; left > 0; left -= sizes.getLast()) {
            sizes.add(Math.min(left, 1000 + 2 * sizes.size()));
        }
        long table = TABLE + slot * 0x1000L;
        long header = LIST + port * 0x400L + slot * 32L;
        memory.writeInt(header, flags | 5 | sizes.size() << 16);
        memory.writeInt(header + 4, -1);
        memory.writeLong(header + 8, table);
        memory.write(table, fis);
        memory.write(table + 0x40, packet);
        long at = DATA;
        for (int i = 0; i < sizes.size(); i++) {
            memory.writeLong(table + 0x80 + 16 * i, at);
            memory.writeInt(table + 0x8c + 16 * i, sizes.get(i) - 1);
            at += sizes.get(i);
        }
        put(port, CI, 1 << slot);
        long end = System.nanoTime() + 10_000_000_000L;
        while ((get(port, CI) & 1 << slot) != 0 && (get(port, IS) & (TASK_FILE_ERROR | BUS_FATAL)) == 0) {
            assertThat(System.nanoTime()).as("the command ends").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    private void ata(int code, long address, int count, int length) {
        byte[] fis = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN).put((byte) 0x27).put((byte) 0x80).put((byte) code).array();
        for (int i = 0; i < 3; i++) {
            fis[4 + i] = (byte) (address >>> 8 * i);
            fis[8 + i] = (byte) (address >>> 24 + 8 * i);
        }
        fis[7] = 0x40;
        fis[12] = (byte) count;
        fis[13] = (byte) (count >>> 8);
        issue(DISK, 3, 0, fis, new byte[16], length);
    }

    private void packet(byte[] packet, int length) {
        byte[] fis = new byte[20];
        fis[0] = 0x27;
        fis[1] = (byte) 0x80;
        fis[2] = (byte) 0xa0;
        fis[3] = 1;
        issue(OPTICAL, 0, 1 << 5, fis, Arrays.copyOf(packet, 16), length);
    }

    private byte[] data(int length) {
        byte[] bytes = new byte[length];
        memory.read(DATA, bytes, 0, length);
        return bytes;
    }

    @Test
    void portsShowTheirDrives() {
        assertThat(get(DISK, 0x28)).isEqualTo(0x113);
        assertThat(get(DISK, 0x24)).isEqualTo(0x101);
        assertThat(get(OPTICAL, 0x24)).isEqualTo(0xeb14_0101);
        assertThat((int) bus.read(REGISTERS + 0xc, 4)).as("ports implemented").isEqualTo(3);
        assertThat((int) bus.read(REGISTERS, 4) & 0x1f).as("ports, less one").isEqualTo(1);
        assertThat(bus.read(REGISTERS + 0x100 + 5 * 0x80 + 0x28, 4)).as("a port that there is not").isZero();
    }

    @Test
    void theDiskIdentifiesItself() {
        ata(0xec, 0, 0, 512);
        byte[] identity = data(512);
        assertThat(get(DISK, IS) & 2).as("a PIO setup FIS").isEqualTo(2);
        assertThat(memory.readByte(RECEIVED + 0x20)).isEqualTo((byte) 0x5f);
        assertThat(new String(identity, 54, 10, StandardCharsets.US_ASCII)).isEqualTo("uQlo lidks");
        assertThat(ByteBuffer.wrap(identity).order(ByteOrder.LITTLE_ENDIAN).getLong(200)).isEqualTo(disk.content.length / 512);
        ata(0xa1, 0, 0, 512);
        assertThat(get(DISK, TFD)).as("no packet device").isEqualTo(0x0451);
    }

    @Test
    void sectorsGoBothWaysAndTheLineTellsOfIt() {
        ata(0x25, 7, 100, 51_200);
        assertThat(data(51_200)).isEqualTo(Arrays.copyOfRange(disk.content, 7 * 512, 107 * 512));
        assertThat(memory.readInt(LIST + 3 * 32 + 4)).as("bytes transferred").isEqualTo(51_200);
        assertThat(get(DISK, TFD)).isEqualTo(0x50);
        awaitLine(true);
        put(DISK, IS, -1);
        bus.write(REGISTERS + 8, 4, 3);
        awaitLine(false);

        byte[] fresh = new byte[5_120];
        new Random(3).nextBytes(fresh);
        memory.write(DATA, fresh);
        ata(0xca, 1000, 10, 5_120);
        assertThat(Arrays.copyOfRange(disk.content, 1000 * 512, 1010 * 512)).isEqualTo(fresh);
        int flushes = disk.flushes();
        ata(0xea, 0, 0, 0);
        assertThat(disk.flushes()).isEqualTo(flushes + 1);
    }

    private void awaitLine(boolean high) {
        long end = System.nanoTime() + 5_000_000_000L;
        while (line.high() != high) {
            assertThat(System.nanoTime()).as("the line goes %s", high ? "high" : "low").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    @Test
    void whatLiesBehindTheEndIsAnError() {
        int sectors = disk.content.length / 512;
        ata(0x25, sectors - 1, 2, 1024);
        assertThat(get(DISK, TFD)).isEqualTo(0x1051);
        assertThat(get(DISK, IS) & TASK_FILE_ERROR).isNotZero();
        assertThat(get(DISK, CI)).as("it waits for the driver").isEqualTo(8);
        put(DISK, CMD, 0x16);
        assertThat(get(DISK, CI)).isZero();
        put(DISK, IS, -1);
        put(DISK, CMD, 0x17);
        ata(0x25, sectors - 1, 1, 512);
        assertThat(get(DISK, TFD)).isEqualTo(0x50);
        disk.refusal = "the host's disk is broken";
        ata(0x25, 0, 1, 512);
        assertThat(get(DISK, TFD)).isEqualTo(0x4051);
    }

    @Test
    void discsAreReadByPackets() {
        packet(new byte[] {0x25}, 8);
        ByteBuffer capacity = ByteBuffer.wrap(data(8));
        int blocks = (disc.content.length + 2047) / 2048;
        assertThat(capacity.getInt()).isEqualTo(blocks - 1);
        assertThat(capacity.getInt()).isEqualTo(2048);
        packet(new byte[] {0x28, 0, 0, 0, 0, 3, 0, 0, 40}, 40 * 2048);
        assertThat(data(40 * 2048)).isEqualTo(Arrays.copyOfRange(disc.content, 3 * 2048, 43 * 2048));
        // The last block is not whole.
        packet(new byte[] {(byte) 0xa8, 0, 0, 0, (byte) (blocks - 1 >> 8), (byte) (blocks - 1), 0, 0, 0, 1}, 2048);
        assertThat(data(2048)).isEqualTo(Arrays.copyOfRange(disc.content, (blocks - 1) * 2048, blocks * 2048));
    }

    @Test
    void senseTellsWhatWasWrong() {
        packet(new byte[] {0x28, 0, 0, 1, 0, 0, 0, 0, 1}, 2048);
        assertThat(get(OPTICAL, TFD)).isEqualTo(0x5051);
        put(OPTICAL, CMD, 0x16);
        put(OPTICAL, IS, -1);
        put(OPTICAL, CMD, 0x17);
        packet(new byte[] {3, 0, 0, 0, 18}, 18);
        assertThat(data(18)[2]).isEqualTo((byte) 5);
        assertThat(data(18)[12]).isEqualTo((byte) 0x21);
        packet(new byte[] {0x12, 0, 0, 0, 36}, 36);
        assertThat(new String(data(36), 8, 14, StandardCharsets.US_ASCII)).isEqualTo("Quoll   CD-ROM");
        packet(new byte[] {0x43, 2, 0, 0, 0, 0, 0, 0, 20}, 20);
        assertThat(Arrays.copyOf(data(20), 12)).isEqualTo(new byte[] {0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 2, 0});
    }

    @Test
    void aBadAddressIsFatalUntilThePortIsStartedAnew() {
        memory.writeInt(LIST, 5 | 1 << 16);
        memory.writeLong(LIST + 8, TestMemory.SIZE + 0x1000);
        put(DISK, CI, 1);
        long end = System.nanoTime() + 5_000_000_000L;
        while ((get(DISK, IS) & BUS_FATAL) == 0) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.onSpinWait();
        }
        put(DISK, CMD, 0x16);
        put(DISK, IS, -1);
        put(DISK, CMD, 0x17);
        ata(0xe7, 0, 0, 0);
        assertThat(get(DISK, TFD)).isEqualTo(0x50);
    }

    @Test
    void savedStateGoesOnInATwin() {
        ata(0x25, 7, 1, 512);
        controller.suspend();
        AhciController.State saved = controller.save();
        assertThat(controller.save()).isEqualTo(saved);
        RecordingLine otherLine = new RecordingLine();
        try (AhciController twin = new AhciController(
                memory,
                new MmioBus(),
                otherLine,
                17,
                REGISTERS,
                notices::add,
                List.of(new AhciController.Drive(disk, false, "D0"), new AhciController.Drive(disc, true, "C0")))) {
            twin.restore(saved);
            assertThat(twin.save()).isEqualTo(saved);
            assertThat(otherLine.high()).isTrue();
        }
        controller.reset();
        controller.resume();
        controller.writeConfig(4, 2, 6);
        assertThat(get(DISK, CMD)).as("as at power-on").isEqualTo(6);
    }

    /** A driver that writes what it likes, where it likes: it gets errors, and others keep their memory and the disk its size. */
    @Test
    void hostileDriver() {
        long seed = System.nanoTime();
        System.out.println("AhciControllerTest seed " + seed);
        Random random = new Random(seed);
        byte[] guard = new byte[4096];
        Arrays.fill(guard, (byte) 0x77);
        // Nothing that the driver names lies here.
        long guarded = TestMemory.SIZE - 4096;
        memory.write(guarded, guard);
        byte[] discBefore = disc.content.clone();
        for (int i = 0; i < 40_000; i++) {
            int port = random.nextInt(2);
            int slot = random.nextInt(32);
            switch (random.nextInt(6)) {
                case 0 -> memory.writeInt(LIST + random.nextInt(0x800) & -4, random.nextInt() & (random.nextBoolean() ? -1 : 0x3f_003f));
                case 1 -> {
                    memory.writeInt(LIST + port * 0x400 + slot * 32, 5 | (port == 1 ? 0x20 : 0) | random.nextInt(4) << 16);
                    memory.writeLong(LIST + port * 0x400 + slot * 32 + 8, TABLE + random.nextInt(16) * 0x1000);
                }
                case 2 -> {
                    long table = TABLE + random.nextInt(16) * 0x1000L;
                    byte[] bytes = new byte[20];
                    random.nextBytes(bytes);
                    bytes[0] = 0x27;
                    bytes[1] = (byte) 0x80;
                    bytes[2] = (byte) (port == 1 ? 0xa0 : random.nextInt(256));
                    memory.write(table, bytes);
                    byte[] command = new byte[16];
                    random.nextBytes(command);
                    command[2] = 0;
                    command[3] = 0;
                    memory.write(table + 0x40, command);
                    for (int entry = 0; entry < 4; entry++) {
                        memory.writeLong(table + 0x80 + 16 * entry, random.nextInt(9) == 0 ? random.nextLong() | 1L << 40 : DATA + random.nextInt(0x1000));
                        memory.writeInt(table + 0x8c + 16 * entry, random.nextInt(0x10000));
                    }
                }
                case 3 -> put(port, CI, random.nextInt());
                case 4 -> put(port, CMD, random.nextBoolean() ? 0x17 : random.nextInt(3) == 0 ? random.nextInt() : 0x16);
                default -> {
                    if (random.nextInt(20) == 0) {
                        bus.write(REGISTERS + random.nextInt(0x200) & -4, 4, random.nextInt() & 0xffff_ffffL);
                        put(port, 0, (int) LIST + port * 0x400);
                        put(port, 4, 0);
                        put(port, 8, (int) RECEIVED);
                        put(port, 12, 0);
                    }
                }
            }
            if (random.nextInt(50) == 0) {
                controller.writeConfig(4, 2, 6);
                bus.read(REGISTERS + random.nextInt(0x300) & -4, 4);
            }
        }
        controller.suspend();
        byte[] seen = new byte[4096];
        memory.read(guarded, seen, 0, 4096);
        assertThat(seen).isEqualTo(guard);
        assertThat(disc.content).isEqualTo(discBefore);
        controller.reset();
        controller.resume();
        start();
        ata(0xec, 0, 0, 512);
        assertThat(get(DISK, TFD)).as("it serves a good driver afterwards").isEqualTo(0x50);
    }
}
