package dev.quoll.emulator.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.GuestFault;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.isa.Flags;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/**
 * Random changes of mappings, address spaces and invalidations (MOV to CR3 and CR4, INVLPG, INVPCID) against a model of
 * what a TLB may still know (SDM vol. 3, 4.10): an access has to go by the tables, or by an entry that could have been
 * cached since it was last invalidated.
 */
class TlbModelTest {
    private static final long SEED = Long.getLong("quoll.seed", 777);
    private static final int STEPS = 20_000;
    private static final int ROOTS = 3;
    private static final int PCIDS = 9;
    private static final long ROOT = 0x100000;
    private static final long ROOT_BYTES = 0x10000;
    private static final long FIRST_FRAME = 0x400000;
    private static final int FRAMES = 0xc00;
    private static final long LARGE = 2 << 20;
    /** Linear 2 MiB regions with a page table each; the same pages of both share their places in a direct-mapped TLB. */
    private static final long[] REGIONS = {0x600000, 0xe00000};
    private static final int PAGES = 4;

    private static final long PRESENT_USER = 5;
    private static final long WRITABLE = 2;
    private static final long SIZE = 0x80;
    private static final long GLOBAL = 0x100;

    /** Stands for an instruction that accesses memory. */
    private static final class Access extends Op {
        @Override
        public Block run(Cpu cpu) {
            throw new AssertionError("only its memory access is of interest");
        }
    }

    /** A translation that may be cached. */
    private record Entry(long frame, boolean writable, boolean global, boolean large) {}

    private final Op op = new Access();
    private final Map<Integer, Map<Long, Set<Entry>>> ofPcid = new HashMap<>();
    private final Map<Long, Set<Entry>> globals = new HashMap<>();
    private final List<Long> addresses = new ArrayList<>();
    private final List<String> history = new ArrayList<>();
    private SystemMachine m;
    private SplittableRandom random;
    private int root;
    private int pcid;
    private boolean globalPages;
    private int staleHits;

    private long table(int which, int level) {
        return ROOT + which * ROOT_BYTES + level * 0x1000L;
    }

    private void setUp(int round) {
        random = new SplittableRandom(SEED + round);
        // With SMAP the supervisor's accesses (AC is set) go to a context of the address space, without it to the common one.
        m.cr4 |= ControlBits.CR4_PCIDE | ControlBits.CR4_PGE | (round % 2 == 0 ? ControlBits.CR4_SMAP : 0);
        globalPages = true;
        for (int which = 0; which < ROOTS; which++) {
            m.memory.writeLong(table(which, 0), table(which, 1) | 7);
            m.memory.writeLong(table(which, 1), table(which, 2) | 7);
            for (int region = 0; region < REGIONS.length; region++) {
                m.memory.writeLong(directorySlot(which, region), table(which, 3 + region) | 7);
            }
        }
        for (int frame = 0; frame < FRAMES; frame++) {
            m.memory.writeInt(FIRST_FRAME + frame * 0x1000L, frame);
        }
        for (long region : REGIONS) {
            for (int page = 0; page < PAGES; page++) {
                addresses.add(region + page * 0x1000L);
            }
        }
        m.cr3 = table(0, 0);
        m.flushAll();
        m.updateMode();
        learn();
    }

    private long directorySlot(int which, int region) {
        return table(which, 2) + 8 * (REGIONS[region] >>> 21);
    }

    private int region(long address) {
        return address < REGIONS[1] ? 0 : 1;
    }

    /** The tables' own word on an address in the current space; null when nothing is mapped. */
    private Entry walk(long address) {
        long directory = m.memory.readLong(directorySlot(root, region(address)));
        long offset = address & LARGE - 1;
        if ((directory & SIZE) != 0) {
            long frame = (directory & -LARGE) + offset;
            return new Entry(frame, (directory & WRITABLE) != 0, globalPages && (directory & GLOBAL) != 0, true);
        }
        long entry = m.memory.readLong((directory & -4096) + 8 * (offset >>> 12));
        return (entry & 1) == 0
                ? null
                : new Entry(
                        entry & -4096, (entry & WRITABLE) != 0, globalPages && (entry & GLOBAL) != 0, false);
    }

    /** Whatever the tables in use say may be cached from now on. */
    private void learn() {
        for (long address : addresses) {
            Entry entry = walk(address);
            if (entry != null) {
                Map<Long, Set<Entry>> home =
                        entry.global ? globals : ofPcid.computeIfAbsent(pcid, key -> new HashMap<>());
                home.computeIfAbsent(address, key -> new HashSet<>()).add(entry);
            }
        }
    }

    private void forgetPage(Map<Long, Set<Entry>> home, long address) {
        for (Map.Entry<Long, Set<Entry>> each : home.entrySet()) {
            if (each.getKey() == address) {
                each.getValue().clear();
            } else if (region(each.getKey()) == region(address)) {
                each.getValue().removeIf(Entry::large);
            }
        }
    }

    /** A page fault takes with it what its access used (SDM vol. 3, 4.10.4.1). */
    private void forgetFaulting(long address) {
        globals.remove(address);
        ofPcid.getOrDefault(pcid, new HashMap<>()).remove(address);
    }

    private Set<Entry> allowed(long address) {
        Set<Entry> set = new HashSet<>(globals.getOrDefault(address, Set.of()));
        set.addAll(ofPcid.getOrDefault(pcid, Map.of()).getOrDefault(address, Set.of()));
        return set;
    }

    private void changeMapping() {
        int which = random.nextInt(3) != 0 ? root : random.nextInt(ROOTS);
        int region = random.nextInt(REGIONS.length);
        long rights = PRESENT_USER | (random.nextBoolean() ? WRITABLE : 0) | (random.nextInt(3) == 0 ? GLOBAL : 0);
        if (random.nextInt(8) == 0) {
            long frame = FIRST_FRAME + LARGE * random.nextInt(6);
            m.memory.writeLong(
                    directorySlot(which, region),
                    random.nextBoolean() ? table(which, 3 + region) | 7 : frame | rights | SIZE);
        } else {
            long frame = FIRST_FRAME + 0x1000L * random.nextInt(FRAMES);
            long slot = table(which, 3 + region) + 8 * random.nextInt(PAGES);
            m.memory.writeLong(slot, random.nextInt(6) == 0 ? 0 : frame | rights);
        }
        note("root %d region %d changes", which, region);
        learn();
    }

    private void switchSpace() {
        int nextRoot = random.nextInt(ROOTS);
        // Mostly each root has its PCID, as kernels have it; sometimes a PCID gets another root.
        int nextPcid = random.nextInt(4) == 0 ? random.nextInt(PCIDS) : nextRoot + 1;
        boolean keep = random.nextInt(4) != 0;
        note("cr3 root %d pcid %d keep %b", nextRoot, nextPcid, keep);
        ControlRegisters.write(m, op, 3, table(nextRoot, 0) | nextPcid | (keep ? Long.MIN_VALUE : 0));
        root = nextRoot;
        pcid = nextPcid;
        if (!keep) {
            ofPcid.remove(pcid);
        }
        learn();
    }

    private void invalidate() {
        long address = anyAddress();
        int target = random.nextBoolean() ? pcid : random.nextInt(PCIDS);
        int kind = random.nextInt(10);
        note("invalidate kind %d pcid %d address %x", kind, target, address);
        switch (kind) {
            case 0, 1, 2 -> {
                m.flushPage(address);
                forgetPage(globals, address);
                forgetPage(ofPcid.getOrDefault(pcid, Map.of()), address);
            }
            case 3, 4, 5 -> {
                ControlRegisters.invalidate(m, op, 0, target, address);
                forgetPage(ofPcid.getOrDefault(target, Map.of()), address);
            }
            case 6, 7 -> {
                ControlRegisters.invalidate(m, op, 1, target, 0);
                ofPcid.remove(target);
            }
            case 8 -> {
                int type = random.nextInt(2, 4);
                ControlRegisters.invalidate(m, op, type, 0, 0);
                ofPcid.clear();
                if (type == 2) {
                    globals.clear();
                }
            }
            default -> {
                globalPages = !globalPages;
                ControlRegisters.write(m, op, 4, m.cr4 ^ ControlBits.CR4_PGE);
                ofPcid.clear();
                globals.clear();
            }
        }
        learn();
    }

    private long anyAddress() {
        return addresses.get(random.nextInt(addresses.size()));
    }

    private void access(int step) {
        long address = anyAddress();
        boolean write = random.nextInt(3) == 0;
        m.cpl = random.nextBoolean() ? 3 : 0;
        m.setFlag(Flags.AC, true);
        m.updateMode();
        Entry now = walk(address);
        Set<Entry> allowed = allowed(address);
        Supplier<String> what = () -> "seed %d step %d address %x cpl %d write %b allowed %s now %s%n%s"
                .formatted(SEED, step, address, m.cpl, write, allowed, now, String.join("\n", history));
        try {
            if (write) {
                m.storeSized(op, address + 8, 4, step);
                boolean fitting = allowed.stream()
                        .anyMatch(each -> each.writable && m.memory.readInt(each.frame + 8) == step);
                assertThat(fitting).as(what).isTrue();
                staleHits += now == null || m.memory.readInt(now.frame + 8) != step ? 1 : 0;
            } else {
                long frame = FIRST_FRAME + 0x1000 * m.loadSized(op, address, 4);
                assertThat(allowed.stream().anyMatch(each -> each.frame == frame)).as(what).isTrue();
                staleHits += now == null || now.frame != frame ? 1 : 0;
            }
        } catch (GuestFault fault) {
            assertThat(now == null || write && !now.writable).as(what).isTrue();
            forgetFaulting(address);
            learn();
        }
        m.cpl = 0;
        m.updateMode();
    }

    private void note(String text, Object... values) {
        history.add(text.formatted(values));
        if (history.size() > 30) {
            history.removeFirst();
        }
    }

    @RepeatedTest(4)
    void staleEntriesOnlyWhereTheyAreAllowed(RepetitionInfo repetition) {
        try (SystemMachine machine = SystemMachine.longMode(0)) {
            m = machine;
            setUp(repetition.getCurrentRepetition());
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(12)) {
                    case 0, 1 -> changeMapping();
                    case 2 -> switchSpace();
                    case 3 -> {
                        if (random.nextInt(3) == 0) {
                            invalidate();
                        }
                    }
                    default -> access(step);
                }
            }
            assertThat(staleHits).as("entries did survive").isGreaterThan(STEPS / 100);
        }
    }
}
