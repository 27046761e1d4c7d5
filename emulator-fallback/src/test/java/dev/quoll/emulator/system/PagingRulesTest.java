package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.PAGE;
import static dev.quoll.emulator.system.SystemMachine.TABLES;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import org.junit.jupiter.api.Test;

/** What paging does around instructions: dirty bits, flushes, stores over page borders (SDM vol. 3, 4.6 to 4.10). */
class PagingRulesTest {
    private static final int GATE = 0x8e;
    private static final int HALT = 0xf4;
    private static final long PAGE_HANDLER = HANDLERS + 14 * 16;
    private static final long ENTRY = TABLES + 0x3000;
    private static final int ACCESSED = 0x20;
    private static final int DIRTY = 0x40;

    /** mov eax, [rbx] and mov [rbx], eax */
    private static final int[] LOAD = {0x8b, 0x03};

    private static final int[] STORE = {0x89, 0x03};

    private static SystemMachine machine(int level) {
        SystemMachine m = SystemMachine.longMode(level);
        m.longGate(14, GATE, 1);
        m.set64(StateLayout.RBX, PAGE);
        return m;
    }

    private static SystemMachine again(SystemMachine m, int... code) {
        m.setRip(TEXT);
        return m.code(code).step();
    }

    private static long entry(SystemMachine m) {
        return m.memory.readLong(ENTRY);
    }

    @Test
    void accessedWithTheFirstReadDirtyWithTheFirstWrite() {
        try (SystemMachine m = machine(0)) {
            again(m, LOAD);
            assertThat(entry(m)).isEqualTo(PAGE | 7 | ACCESSED);
            assertThat(m.memory.readLong(TABLES) & ACCESSED).isNotZero();
            assertThat(m.memory.readLong(TABLES) & DIRTY).as("directories have no dirty bit").isZero();
            again(m, LOAD);
            assertThat(entry(m) & DIRTY).isZero();
            again(m, STORE);
            assertThat(entry(m)).isEqualTo(PAGE | 7 | ACCESSED | DIRTY);
        }
        // A store that is not permitted marks nothing dirty.
        try (SystemMachine m = machine(3)) {
            m.pageEntry(PAGE | 5);
            m.flushAll();
            again(m, STORE);
            assertThat(m.rip()).isEqualTo(PAGE_HANDLER);
            assertThat(entry(m) & DIRTY).isZero();
        }
    }

    /** SDM vol. 3, 4.10.4.1: whatever the page was before the fault, an access behind it goes by the tables. */
    @Test
    void aPageFaultForgetsTheEntryItsAccessUsed() {
        try (SystemMachine m = machine(0)) {
            m.set64(StateLayout.RBX, PAGE + 0x123);
            m.pageEntry(PAGE | 5);
            again(m, LOAD);
            m.pageEntry(0);
            again(m, LOAD);
            assertThat(m.rip()).as("not yet invalidated").isEqualTo(TEXT + LOAD.length);
            again(m, STORE);
            assertThat(m.rip()).isEqualTo(PAGE_HANDLER);
            again(m, LOAD);
            assertThat(m.rip()).as("the load behind the fault").isEqualTo(PAGE_HANDLER);
            assertThat(m.cr2).isEqualTo(PAGE + 0x123);
        }
    }

    /** Code of that page goes too: it may have been executed from the entry that the fault has dropped. */
    @Test
    void aPageFaultForgetsTheCodeOfItsPage() {
        try (SystemMachine m = machine(0)) {
            m.codeAt(PAGE, 0xff, 0xc1, HALT);
            m.set64(StateLayout.RCX, 0);
            m.pageEntry(PAGE | 5);
            m.setRip(PAGE);
            m.run();
            m.pageEntry(0);
            again(m, STORE);
            assertThat(m.rip()).isEqualTo(PAGE_HANDLER);
            m.setRip(PAGE);
            m.step();
            assertThat(m.rip()).isEqualTo(PAGE_HANDLER);
            assertThat(m.get64(StateLayout.RCX)).isEqualTo(1);
        }
    }

    @Test
    void dirtyAgainAfterSoftwareClearedItAndFlushed() {
        try (SystemMachine m = machine(0)) {
            again(m, STORE);
            m.pageEntry(PAGE | 7 | ACCESSED);
            // invlpg [rbx]
            again(m, 0x0f, 0x01, 0x3b);
            again(m, LOAD);
            assertThat(entry(m) & DIRTY).as("a read leaves it clean").isZero();
            again(m, STORE);
            assertThat(entry(m) & DIRTY).isNotZero();
        }
    }

    @Test
    void supervisorWritesObeyWriteProtect() {
        for (boolean protect : new boolean[] {false, true}) {
            try (SystemMachine m = machine(0)) {
                m.cr0 = protect ? m.cr0 | ControlBits.CR0_WP : m.cr0 & ~ControlBits.CR0_WP;
                m.pageEntry(PAGE | 5);
                m.flushAll();
                again(m, STORE);
                assertThat(m.rip()).isEqualTo(protect ? PAGE_HANDLER : TEXT + 2);
                if (protect) {
                    assertThat(m.memory.readLong(m.rsp())).isEqualTo(3);
                }
            }
        }
        // The switch itself takes effect at once.
        try (SystemMachine m = machine(0)) {
            m.cr0 &= ~ControlBits.CR0_WP;
            m.pageEntry(PAGE | 5);
            m.flushAll();
            again(m, STORE);
            m.set64(StateLayout.RAX, m.cr0 | ControlBits.CR0_WP);
            again(m, 0x0f, 0x22, 0xc0);
            again(m, STORE);
            assertThat(m.rip()).isEqualTo(PAGE_HANDLER);
        }
    }

    /** Which translations survive: the page is mapped anew behind the TLB's back, then something flushes or does not. */
    private static int seenAfter(long cr4, long extra, int rax, int... flush) {
        try (SystemMachine m = machine(0)) {
            m.cr4 |= cr4;
            m.memory.writeInt(PAGE, 1);
            m.memory.writeInt(PAGE + 0x1000, 2);
            m.pageEntry(PAGE | 7 | extra);
            m.flushAll();
            m.updateMode();
            again(m, LOAD);
            m.pageEntry(PAGE + 0x1000 | 7 | extra);
            m.set64(StateLayout.RAX, switch (rax) {
                case 3 -> m.cr3;
                case 4 -> m.cr4 ^ ControlBits.CR4_PGE;
                case 5 -> m.cr4 ^ ControlBits.CR4_SMEP;
                case 6 -> m.cr3 | 1L << 63;
                default -> 0;
            });
            if (flush.length > 0) {
                again(m, flush);
                assertThat(m.rip()).isEqualTo(TEXT + flush.length);
            }
            again(m, LOAD);
            return (int) m.rax();
        }
    }

    @Test
    void globalPagesAndTheFlushesOfControlRegisters() {
        int[] toCr3 = {0x0f, 0x22, 0xd8};
        int[] toCr4 = {0x0f, 0x22, 0xe0};
        long global = ControlBits.CR4_PGE;
        assertThat(seenAfter(global, 0x100, 0)).as("nothing flushed: the old one").isEqualTo(1);
        assertThat(seenAfter(0, 0, 3, toCr3)).as("MOV CR3").isEqualTo(2);
        assertThat(seenAfter(global, 0x100, 3, toCr3)).as("MOV CR3 keeps global pages").isEqualTo(1);
        assertThat(seenAfter(0, 0x100, 3, toCr3)).as("the G bit means nothing without CR4.PGE").isEqualTo(2);
        assertThat(seenAfter(global, 0x100, 4, toCr4)).as("changing CR4.PGE").isEqualTo(2);
        assertThat(seenAfter(global, 0x100, 0, 0x0f, 0x01, 0x3b)).as("INVLPG").isEqualTo(2);
        assertThat(seenAfter(ControlBits.CR4_PCIDE, 0, 3, toCr3)).as("MOV CR3, bit 63 clear").isEqualTo(2);
        assertThat(seenAfter(ControlBits.CR4_PCIDE, 0, 6, toCr3)).as("bit 63 permits the old one").isIn(1, 2);
    }

    @Test
    void invpcidTypes() {
        // Type, PCID, address; with CR4.PCIDE; whether legal.
        Object[][] cases = {
            {0L, 0L, PAGE, false, true}, {0L, 1L, PAGE, false, false}, {0L, 1L, PAGE, true, true}, {0L, 0L, 1L << 47, true, false},
            {1L, 0L, 1L << 47, true, true}, {1L, 0xfffL, 0L, true, true}, {1L, 0x1000L, 0L, true, false}, {2L, 0L, 0L, true, true},
            {3L, 0L, 0L, true, true}, {4L, 0L, 0L, true, false}, {-1L, 0L, 0L, true, false}
        };
        for (Object[] each : cases) {
            try (SystemMachine m = machine(0)) {
                m.longGate(13, GATE, 1);
                m.cr4 |= (boolean) each[3] ? ControlBits.CR4_PCIDE : 0;
                m.set64(StateLayout.RAX, (long) each[0]);
                m.memory.writeLong(0x40000, (long) each[1]);
                m.memory.writeLong(0x40008, (long) each[2]);
                m.set64(StateLayout.RBX, 0x40000);
                again(m, 0x66, 0x0f, 0x38, 0x82, 0x03);
                assertThat(m.rip()).as("type %s, PCID %s", each[0], each[1])
                        .isEqualTo((boolean) each[4] ? TEXT + 5 : HANDLERS + 13 * 16);
            }
        }
        // What the types drop: the page, what is not global, everything, what is not global.
        for (int type = 0; type < 4; type++) {
            for (boolean global : new boolean[] {false, true}) {
                try (SystemMachine m = machine(0)) {
                    m.cr4 |= ControlBits.CR4_PGE;
                    m.memory.writeInt(PAGE, 1);
                    m.memory.writeInt(PAGE + 0x1000, 2);
                    m.pageEntry(PAGE | 7 | (global ? 0x100 : 0));
                    m.flushAll();
                    again(m, LOAD);
                    m.pageEntry(PAGE + 0x1000 | 7 | (global ? 0x100 : 0));
                    m.memory.writeLong(0x40000, 0);
                    m.memory.writeLong(0x40008, PAGE);
                    m.set64(StateLayout.RCX, 0x40000);
                    m.set64(StateLayout.RAX, type);
                    again(m, 0x66, 0x0f, 0x38, 0x82, 0x01);
                    again(m, LOAD);
                    if (!global || type == 2) {
                        assertThat(m.rax()).as("type %d", type).isEqualTo(2);
                    } else if (type == 1 || type == 3) {
                        assertThat(m.rax()).as("type %d keeps global pages", type).isEqualTo(1);
                    }
                }
            }
        }
    }

    @Test
    void changedUpperLevelsAreSeenAfterAFlush() {
        for (long place : new long[] {TABLES + 0x2000 + 5 * 8, ENTRY}) {
            try (SystemMachine m = machine(0)) {
                m.memory.writeInt(PAGE, 1);
                again(m, LOAD);
                assertThat(m.rip()).isEqualTo(TEXT + 2);
                // The entry of a level goes away; INVLPG drops what caches of upper levels might keep.
                m.memory.writeLong(place, 0);
                again(m, 0x0f, 0x01, 0x3b);
                again(m, LOAD);
                assertThat(m.rip()).isEqualTo(PAGE_HANDLER);
                assertThat(m.memory.readLong(m.rsp())).isZero();
            }
        }
    }

    @Test
    void patBitOfLargePagesIsNotAnAddressBit() {
        try (SystemMachine m = machine(0)) {
            // 2 MiB at 6 MiB, PAT in bit 12; bits 20:13 are reserved.
            m.memory.writeInt(6 << 20, 0x5a);
            m.memory.writeLong(TABLES + 0x2000 + 5 * 8, 6 << 20 | 0x1087);
            m.flushAll();
            again(m, LOAD);
            assertThat(m.rax()).isEqualTo(0x5a);
            m.memory.writeLong(TABLES + 0x2000 + 5 * 8, 6 << 20 | 0x2087);
            m.flushAll();
            again(m, LOAD);
            assertThat(m.rip()).isEqualTo(PAGE_HANDLER);
            assertThat(m.memory.readLong(m.rsp())).as("P and RSVD").isEqualTo(9);
        }
    }

    @Test
    void storesOverAPageBorderHappenWhollyOrNotAtAll() {
        // PAGE is absent: stores that begin in front of it and end in it, and the other way round.
        int[][] stores = {
            {0x48, 0x89, 0x03}, {0x89, 0x03}, {0x66, 0x89, 0x03}, {0x48, 0x01, 0x03}, {0x48, 0x87, 0x03}, {0xf0, 0x48, 0x01, 0x03},
            {0x48, 0x0f, 0xc1, 0x03}, {0x48, 0xab}, {0x0f, 0x01, 0x03}, {0x8f, 0x03}, {0x48, 0x0f, 0xc7, 0x0b}
        };
        for (int[] store : stores) {
            for (int end = 0; end < 2; end++) {
                try (SystemMachine m = machine(0)) {
                    long border = end == 0 ? PAGE : PAGE + 0x1000;
                    // The page behind PAGE is mapped, PAGE is not.
                    m.memory.writeLong(ENTRY + 8, PAGE + 0x1000 | 7);
                    m.pageEntry(0);
                    m.flushAll();
                    // CMPXCHG16B has to be aligned and cannot cross: it is tried in the absent page alone.
                    boolean wide = store.length == 4 && store[2] == 0xc7;
                    long address = wide ? PAGE + 16 : border - 1;
                    m.set64(StateLayout.RBX, address);
                    m.set64(StateLayout.RDI, address);
                    m.set64(StateLayout.RAX, 0x1122334455667788L);
                    m.memory.writeLong(PAGE - 8, 0);
                    m.memory.writeLong(PAGE + 0x1000, 0);
                    again(m, store);
                    assertThat(m.rip()).as("%02x %02x", store[0], store[1]).isEqualTo(PAGE_HANDLER);
                    assertThat(m.cr2).isEqualTo(wide ? PAGE + 16 : end == 0 ? PAGE : PAGE + 0xfff);
                    assertThat(m.memory.readLong(m.rsp()) & 2).as("W").isEqualTo(2);
                    assertThat(m.memory.readLong(PAGE - 8)).isZero();
                    assertThat(m.memory.readLong(PAGE + 0x1000)).isZero();
                    assertThat(m.get64(StateLayout.RDI)).isEqualTo(address);
                    assertThat(m.rax()).isEqualTo(0x1122334455667788L);
                }
            }
        }
    }

    @Test
    void readModifyWriteNeedsWritePermissionFirst() {
        // xchg, xadd, cmpxchg that does not match, add, not, bts, shl, inc, adc, cmpxchg8b, lock cmpxchg
        int[][] instructions = {
            {0x87, 0x03}, {0x0f, 0xc1, 0x03}, {0x0f, 0xb1, 0x0b}, {0x01, 0x03}, {0xf7, 0x13}, {0x0f, 0xab, 0x0b}, {0xc1, 0x23, 1},
            {0xff, 0x03}, {0x11, 0x03}, {0x0f, 0xc7, 0x0b}, {0xf0, 0x0f, 0xb1, 0x0b}, {0xf0, 0x0f, 0xc7, 0x0b}
        };
        for (int[] instruction : instructions) {
            try (SystemMachine m = machine(3)) {
                m.pageEntry(PAGE | 5);
                m.flushAll();
                m.memory.writeLong(PAGE, 0x77);
                for (int register = 0; register < 8; register++) {
                    if (register != 3 && register != 4) {
                        m.set64(StateLayout.gpr(register), 0x100 + register);
                    }
                }
                m.setArithmeticFlags(0x41);
                again(m, instruction);
                assertThat(m.rip()).isEqualTo(PAGE_HANDLER);
                assertThat(m.memory.readLong(m.rsp())).as("a write to a present page").isEqualTo(7);
                assertThat(m.memory.readLong(PAGE)).isEqualTo(0x77);
                for (int register = 0; register < 8; register++) {
                    if (register != 3 && register != 4) {
                        assertThat(m.get64(StateLayout.gpr(register))).isEqualTo(0x100 + register);
                    }
                }
                assertThat(m.memory.readLong(m.rsp() + 24) & 0x8d5).as("flags").isEqualTo(0x41);
            }
        }
    }

    @Test
    void compareAndExchangeWritesWithoutAMatchToo() {
        int[][] instructions = {{0x0f, 0xb1, 0x0b}, {0xf0, 0x0f, 0xb1, 0x0b}, {0x0f, 0xc7, 0x0b}, {0xf0, 0x0f, 0xc7, 0x0b},
            {0xf0, 0x48, 0x0f, 0xc7, 0x0b}};
        for (int[] instruction : instructions) {
            try (SystemMachine m = machine(0)) {
                m.memory.writeLong(PAGE, 0x77);
                m.set64(StateLayout.RAX, 1);
                again(m, instruction);
                assertThat(m.rip()).isEqualTo(TEXT + instruction.length);
                assertThat(m.zero()).isFalse();
                assertThat(m.rax()).isEqualTo(0x77);
                assertThat(entry(m) & DIRTY).as("the page is dirty").isNotZero();
            }
        }
    }

    @Test
    void fetchFaultsOfTheSecondPage() {
        // An instruction that lies over the border into PAGE, which is absent: CR2 is PAGE, RIP the instruction.
        try (SystemMachine m = machine(0)) {
            m.pageEntry(0);
            m.flushAll();
            m.codeAt(PAGE - 2, 0x48, 0xb8);
            m.setRip(PAGE - 2);
            m.step();
            assertThat(m.rip()).isEqualTo(PAGE_HANDLER);
            assertThat(m.cr2).isEqualTo(PAGE);
            assertThat(m.memory.readLong(m.rsp() + 8)).isEqualTo(PAGE - 2);
            assertThat(m.memory.readLong(m.rsp())).as("I, since NX is on").isEqualTo(0x10);
        }
        // An invalid opcode whose bytes end in front of the border does not touch the page behind.
        try (SystemMachine m = machine(0)) {
            m.longGate(6, GATE, 1);
            m.pageEntry(0);
            m.flushAll();
            m.codeAt(PAGE - 2, 0x0f, 0x0b);
            m.setRip(PAGE - 2);
            m.step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 6 * 16);
        }
        // Fifteen bytes are the limit even where the sixteenth could not be fetched.
        try (SystemMachine m = machine(0)) {
            m.longGate(13, GATE, 1);
            m.pageEntry(0);
            m.flushAll();
            for (int i = 1; i <= 15; i++) {
                m.memory.writeByte(PAGE - i, (byte) 0x66);
            }
            m.setRip(PAGE - 15);
            m.step();
            assertThat(m.rip()).isIn(HANDLERS + 13 * 16, PAGE_HANDLER);
        }
        try (SystemMachine m = machine(0)) {
            m.longGate(13, GATE, 1);
            for (int i = 0; i < 15; i++) {
                m.memory.writeByte(TEXT + i, (byte) 0x66);
            }
            m.codeAt(TEXT + 15, 0x90);
            m.step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16);
            assertThat(m.memory.readLong(m.rsp())).isZero();
        }
    }

    @Test
    void returnFromAStackInUserPagesUnderSmap() {
        // iretq, retfq, and an interrupt that pushes there: explicit accesses, which AC opens.
        int[][] instructions = {{0x48, 0xcf}, {0x48, 0xcb}, {0xcd, 0x40}};
        for (int[] instruction : instructions) {
            for (boolean open : new boolean[] {false, true}) {
                try (SystemMachine m = machine(0)) {
                    for (int i = 0; i < 5; i++) {
                        m.memory.writeLong(TABLES + 0x2000 + 8 * i, (long) i << 21 | 0x83);
                    }
                    m.longGate(0x40, GATE, 0);
                    m.cr4 |= ControlBits.CR4_SMAP;
                    m.setFlag(Flags.AC, open);
                    m.flushAll();
                    m.updateMode();
                    long[] frame = {TEXT + 0x100, SystemMachine.CODE64, 2, PAGE + 0x800, SystemMachine.DATA0};
                    for (int i = 0; i < 5; i++) {
                        m.memory.writeLong(PAGE + 0x800 + 8 * i, frame[i]);
                    }
                    m.set64(StateLayout.RSP, PAGE + 0x800);
                    m.code(instruction).step();
                    if (open) {
                        assertThat(m.rip()).isIn(TEXT + 0x100, HANDLERS + 16 * 0x40);
                    } else {
                        assertThat(m.rip()).as("%02x", instruction[0]).isEqualTo(PAGE_HANDLER);
                    }
                }
            }
        }
    }

    @Test
    void supervisorAccessOfUserPagesUnderSmap() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            for (int i = 0; i < 5; i++) {
                m.memory.writeLong(TABLES + 0x2000 + 8 * i, (long) i << 21 | 0x83);
            }
            m.longGate(14, GATE, 1);
            m.cr4 |= ControlBits.CR4_SMAP;
            m.flushAll();
            m.updateMode();
            m.set64(StateLayout.RBX, PAGE);
            // Implicit accesses (here of a descriptor table) do not ask for AC.
            m.access[RegisterFile.LDTR] = 0x82;
            m.limit[RegisterFile.LDTR] = 0xff;
            m.setSegmentBase(RegisterFile.LDTR, PAGE);
            m.memory.writeLong(PAGE, 0x00cf93000000ffffL);
            m.set64(StateLayout.RAX, 4);
            // stac; mov ds, eax
            m.code(0x0f, 0x01, 0xcb, 0x8e, 0xd8, HALT).step().step();
            assertThat(m.rip()).as("AC does not open implicit accesses").isEqualTo(PAGE_HANDLER);
        }
    }
}
