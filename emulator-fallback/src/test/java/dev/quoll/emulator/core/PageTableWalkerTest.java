package dev.quoll.emulator.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.SparseFileMemorySource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Walks against {@link PagingModel}: results, error codes, and which bits of which entries change. */
class PageTableWalkerTest {
    private static final long SEED = Long.getLong("quoll.seed", 20261123);
    private static final long RAM = 64 << 10;
    private static final int PAGES = (int) (RAM >>> 12);

    /** By mode: outcomes that random tables must have led to, or the test has tested nothing. */
    private static final Integer[][] EXPECTED = {
        {-12},
        {-12, -22, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 20, 21},
        {-12, -21, 0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 15, 16, 17, 20, 21, 25, 29},
        {-12, -21, -30, 0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 15, 16, 17, 20, 21, 25, 29},
        {-12, -21, -30, 0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 15, 16, 17, 20, 21, 25, 29},
    };

    private final Arena arena = Arena.ofConfined();
    private final GuestMemory memory = memory();
    /** What the model expects in memory. */
    private final byte[] image = new byte[(int) RAM];
    /** Outcomes seen: error codes, and the sizes of pages as -shift. */
    private final Set<Integer> seen = new TreeSet<>();

    private static GuestMemory memory() {
        try {
            return GuestMemory.create(new SparseFileMemorySource(), List.of(new RamRegion(0, RAM, 0)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @AfterEach
    void close() {
        arena.close();
        memory.close();
    }

    private static final class Registers extends RegisterFile {
        Registers(Arena arena) {
            super(arena);
        }
    }

    private long entry(long address, int bytes) {
        if (address + bytes > RAM) {
            return bytes == 8 ? -1 : 0xffffffffL;
        }
        return bytes == 8 ? memory.readLong(address) : memory.readInt(address) & 0xffffffffL;
    }

    private static void load(Registers cpu, PagingModel.Setting setting) {
        PagingModel.Mode mode = setting.mode();
        boolean longMode = mode == PagingModel.Mode.LEVEL4 || mode == PagingModel.Mode.LEVEL5;
        boolean pae = longMode || mode == PagingModel.Mode.PAE;
        cpu.cr0 = ControlBits.CR0_PE
                | (mode == PagingModel.Mode.NONE ? 0 : ControlBits.CR0_PG)
                | (setting.wp() ? ControlBits.CR0_WP : 0);
        cpu.cr3 = setting.cr3();
        cpu.cr4 = (pae ? ControlBits.CR4_PAE : 0)
                | (mode == PagingModel.Mode.LEVEL5 ? ControlBits.CR4_LA57 : 0)
                | (setting.smep() ? ControlBits.CR4_SMEP : 0)
                | (setting.pse() ? ControlBits.CR4_PSE : 0)
                | (setting.pge() ? ControlBits.CR4_PGE : 0);
        cpu.efer = (longMode ? ControlBits.EFER_LMA | ControlBits.EFER_LME : 0)
                | (setting.nxe() ? ControlBits.EFER_NXE : 0);
        if (mode == PagingModel.Mode.PAE) {
            System.arraycopy(setting.pointers(), 0, cpu.directoryPointers, 0, 4);
            cpu.directoryPointersLoaded = true;
        }
    }

    /** One walk and one question to the model, on the same memory. */
    private void compare(
            PageTableWalker walker,
            Registers cpu,
            PagingModel.Setting setting,
            long linear,
            PagingModel.Access access,
            boolean user,
            boolean smap,
            Supplier<String> context) {
        int bytes = setting.mode().entryBytes;
        PagingModel.Outcome expected = new PagingModel(setting, address -> entry(address, bytes))
                .translate(linear, access, user, smap);
        boolean mapped = walker.walk(cpu, linear, access.ordinal(), user, smap);
        Supplier<String> what = () -> "%s %s 0x%x %s user=%b smap=%b"
                .formatted(context.get(), setting, linear, access, user, smap);
        seen.add(mapped ? -walker.shift : walker.error);
        assertThat(mapped ? -1 : walker.error).as(what).isEqualTo(expected.fault() ? expected.error() : -1);
        if (mapped) {
            assertThat(walker.page).as(what).isEqualTo(expected.page());
            assertThat(walker.shift).as(what).isEqualTo(expected.shift());
            assertThat(walker.global).as(what).isEqualTo(expected.global());
        } else {
            assertThat(walker.error).as(what).isEqualTo(expected.error());
        }
        for (Map.Entry<Long, Long> change : expected.changed().entrySet()) {
            for (int i = 0; i < bytes; i++) {
                long at = change.getKey() + i;
                if (at < RAM) {
                    image[(int) at] = (byte) (change.getValue() >>> 8 * i);
                }
            }
        }
        assertThat(memory.mapping().mismatch(MemorySegment.ofArray(image))).as(what).isEqualTo(-1);
    }

    private static PagingModel.Setting setting(PagingModel.Mode mode, SplittableRandom random, int maxPhysical) {
        long[] pointers = new long[4];
        for (int i = 0; i < 4; i++) {
            pointers[i] = random.nextInt(8) == 0 ? 0 : (long) random.nextInt(PAGES) << 12 | random.nextInt(2) << 3 | 1;
        }
        long cr3 = (long) random.nextInt(PAGES) << 12 | random.nextInt(4096);
        return new PagingModel.Setting(
                mode,
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                maxPhysical,
                cr3,
                pointers);
    }

    /** Mostly plausible: frames within RAM, rights often given, rarely a reserved bit or nonsense. */
    private static long randomEntry(SplittableRandom random) {
        if (random.nextInt(40) == 0) {
            return random.nextLong();
        }
        long entry = (long) random.nextInt(PAGES) << 12 | random.nextInt(4096) & ~0x180;
        entry |= random.nextInt(8) != 0 ? 1 : 0;
        entry |= random.nextInt(4) != 0 ? 2 : 0;
        entry |= random.nextInt(4) != 0 ? 4 : 0;
        entry |= random.nextInt(12) == 0 ? 1 << 7 : 0;
        entry |= random.nextInt(12) == 0 ? 1 << 8 : 0;
        entry |= random.nextInt(12) == 0 ? 1L << 63 : 0;
        entry |= random.nextInt(12) == 0 ? 1L << random.nextInt(64) : 0;
        if ((entry & 1 << 7) != 0 && random.nextInt(3) != 0) {
            entry &= ~0x3fffe000L;
        }
        return entry;
    }

    private static long linear(PagingModel.Mode mode, SplittableRandom random) {
        long value = random.nextLong();
        return switch (mode) {
            case NONE, BITS32, PAE -> value & 0xffffffffL;
            case LEVEL4 -> value << 16 >> 16;
            case LEVEL5 -> value << 7 >> 7;
        };
    }

    @ParameterizedTest
    @EnumSource(PagingModel.Mode.class)
    void randomTables(PagingModel.Mode mode) {
        SplittableRandom random = new SplittableRandom(SEED + mode.ordinal());
        Registers cpu = new Registers(arena);
        PagingModel.Access[] accesses = PagingModel.Access.values();
        for (int round = 0; round < 300; round++) {
            for (long at = 0; at < RAM; at += 8) {
                memory.writeLong(at, mode == PagingModel.Mode.BITS32
                        ? randomEntry(random) & 0xffffffffL | randomEntry(random) << 32
                        : randomEntry(random));
            }
            memory.read(0, image, 0, image.length);
            int maxPhysical = random.nextInt(36, 53);
            PagingModel.Setting setting = setting(mode, random, maxPhysical);
            load(cpu, setting);
            PageTableWalker walker = new PageTableWalker(new PhysicalMemory(memory, new MmioBus(), maxPhysical));
            for (int i = 0; i < 16; i++) {
                boolean user = random.nextBoolean();
                compare(
                        walker,
                        cpu,
                        setting,
                        linear(mode, random),
                        accesses[random.nextInt(3)],
                        user,
                        !user && random.nextBoolean(),
                        () -> "seed %d".formatted(SEED));
            }
        }
        assertThat(seen).as("seed %d", SEED).contains(EXPECTED[mode.ordinal()]);
    }

    /** Every combination of rights of the two lowest levels, access, privilege and control bits. */
    @ParameterizedTest
    @EnumSource(value = PagingModel.Mode.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void allRights(PagingModel.Mode mode) {
        Registers cpu = new Registers(arena);
        PageTableWalker walker = new PageTableWalker(new PhysicalMemory(memory, new MmioBus(), 40));
        int bytes = mode.entryBytes;
        int depth = mode.index.length;
        long linear = 0x403000;
        // Level n's table in page n + 1, so that the root's is the last.
        for (int level = depth - 1; level >= 2; level--) {
            put((level + 1) * 4096L + slot(mode, level, linear) * bytes, bytes, level * 4096L | 0x27);
        }
        long directory = 2 * 4096L + slot(mode, 1, linear) * bytes;
        long table = 4096L + slot(mode, 0, linear) * bytes;
        for (int control = 0; control < 8; control++) {
            PagingModel.Setting setting = new PagingModel.Setting(
                    mode,
                    (control & 1) != 0,
                    (control & 2) != 0,
                    (control & 4) != 0,
                    true,
                    false,
                    40,
                    depth * 4096L,
                    new long[] {0x2001, 0x2001, 0x2001, 0x2001});
            load(cpu, setting);
            for (int rights = 0; rights < 256; rights++) {
                for (int who = 0; who < 12; who++) {
                    put(directory, bytes, 4096 | rights & 7 | (rights & 8L) << 60);
                    put(table, bytes, 0x9000 | rights >>> 4 & 7 | (rights >>> 4 & 8L) << 60);
                    PagingModel.Outcome expected = new PagingModel(setting, address -> entry(address, bytes))
                            .translate(linear, PagingModel.Access.values()[who % 3], (who & 4) != 0, who >= 8);
                    boolean mapped = walker.walk(cpu, linear, who % 3, (who & 4) != 0, who >= 8);
                    boolean same = (mapped ? -1 : walker.error) == (expected.fault() ? expected.error() : -1);
                    for (Map.Entry<Long, Long> change : expected.changed().entrySet()) {
                        same &= entry(change.getKey(), bytes) == change.getValue();
                    }
                    if (!same) {
                        throw new AssertionError("control %d rights 0x%02x access %d: error %d, expected %s"
                                .formatted(control, rights, who, mapped ? -1 : walker.error, expected));
                    }
                }
            }
        }
    }

    private void put(long at, int bytes, long value) {
        if (bytes == 8) {
            memory.writeLong(at, value);
        } else {
            memory.writeInt(at, (int) value);
        }
    }

    private static long slot(PagingModel.Mode mode, int level, long linear) {
        int low = Integer.parseInt(mode.index[level].split(":")[1]);
        return linear >>> low & (mode.entryBytes == 8 ? 511 : 1023);
    }

    @Test
    void directoryPointersAreCheckedWhenLoaded() {
        Registers cpu = new Registers(arena);
        PageTableWalker walker = new PageTableWalker(new PhysicalMemory(memory, new MmioBus(), 40));
        for (int index = 0; index < 4; index++) {
            for (int bit = 0; bit < 64; bit++) {
                for (int i = 0; i < 4; i++) {
                    memory.writeLong(0x20 + 8 * i, 0x5001);
                }
                memory.writeLong(0x20 + 8 * index, 0x5001 | 1L << bit);
                // SDM vol. 3, table 4-8: 2:1, 8:5 and 63:MAXPHYADDR.
                boolean reserved = bit == 1 || bit == 2 || bit >= 5 && bit <= 8 || bit >= 40;
                cpu.directoryPointers[index] = 0x7001;
                assertThat(walker.loadDirectoryPointers(cpu, 0x20)).as("bit %d", bit).isEqualTo(!reserved);
                assertThat(cpu.directoryPointers[index]).isEqualTo(reserved ? 0x7001 : 0x5001 | 1L << bit);
                memory.writeLong(0x20 + 8 * index, 1L << bit & ~1L);
                assertThat(walker.loadDirectoryPointers(cpu, 0x20)).as("not present").isTrue();
            }
        }
    }
}
