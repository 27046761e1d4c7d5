package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.DATA0;
import static dev.quoll.emulator.system.SystemMachine.GDT;
import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.IDT;
import static dev.quoll.emulator.system.SystemMachine.PAGE;
import static dev.quoll.emulator.system.SystemMachine.TABLES;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import org.junit.jupiter.api.Test;

/**
 * Which accesses count as the supervisor's, and which of these EFLAGS.AC lets through SMAP (SDM vol. 3, 4.6): those to
 * descriptor tables and the TSS are implicit, always the supervisor's and never let through; those to stacks are explicit.
 */
class SupervisorAccessTest {
    private static final long PAGE_FAULT_HANDLER = HANDLERS + 14 * 16;

    /** {@link SystemMachine#PAGE} is the one user page among supervisor pages, but for the program where CPL is 3. */
    private static SystemMachine machine(int level, boolean smap, boolean ac) {
        SystemMachine m = SystemMachine.longMode(level);
        if (level == 0) {
            for (int i = 0; i < 5; i++) {
                m.memory.writeLong(TABLES + 0x2000 + 8 * i, (long) i << 21 | 0x83);
            }
        }
        m.longGate(14, 0x8e, 0);
        m.pageEntry(PAGE | 7);
        m.cr4 |= smap ? ControlBits.CR4_SMAP : 0;
        m.setFlag(Flags.AC, ac);
        m.flushAll();
        m.updateMode();
        return m;
    }

    private static void copy(SystemMachine m, long from, long to, int length) {
        for (int i = 0; i < length; i += 8) {
            m.memory.writeLong(to + i, m.memory.readLong(from + i));
        }
    }

    /** The page fault's error code, or -1. */
    private static long step(SystemMachine m, int... code) {
        m.code(code).step();
        return m.rip() == PAGE_FAULT_HANDLER ? m.memory.readLong(m.rsp()) : -1;
    }

    @Test
    void descriptorTablesOnAUserPage() {
        for (boolean smap : new boolean[] {false, true}) {
            for (boolean ac : new boolean[] {false, true}) {
                try (SystemMachine m = machine(0, smap, ac)) {
                    // The table without the descriptors that delivery needs stays where it is: LDT on the user page.
                    copy(m, GDT, PAGE, 0x80);
                    m.selector[RegisterFile.LDTR] = SystemMachine.FREE;
                    m.access[RegisterFile.LDTR] = 0x82;
                    m.limit[RegisterFile.LDTR] = 0x7f;
                    m.setSegmentBase(RegisterFile.LDTR, PAGE);
                    m.set64(StateLayout.RAX, DATA0 | 4);
                    // mov ds, eax
                    assertThat(step(m, 0x8e, 0xd8)).as("smap %b ac %b", smap, ac).isEqualTo(smap ? 1 : -1);
                }
            }
        }
    }

    @Test
    void theTaskStateAtLevel3IsTheSupervisorsBusiness() {
        // in al, 0x10 reads the TSS's permission map: a supervisor page will do, whatever CPL is.
        for (long rights : new long[] {3, 7, 0}) {
            try (SystemMachine m = machine(3, false, false)) {
                m.setSegmentBase(RegisterFile.TR, PAGE);
                m.pageEntry(PAGE | rights);
                m.flushAll();
                m.memory.writeShort(PAGE + 0x66, (short) 0x68);
                m.memory.writeLong(PAGE + 4, SystemMachine.RING0_STACK);
                long error = rights == 0 ? deliveredDouble(m) : step(m, 0xe4, 0x10);
                assertThat(error).as("rights %d", rights).isEqualTo(rights == 0 ? 0 : -1);
            }
        }
    }

    /** Without the TSS no inner stack is found either: the page fault becomes a double fault, on a stack of the IST... */
    private static long deliveredDouble(SystemMachine m) {
        m.code(0xe4, 0x10).step();
        // ... which lies in the TSS as well: nothing can be delivered.
        assertThat(m.shutdown).contains("triple fault");
        return 0;
    }

    @Test
    void stacksGoByAc() {
        for (boolean smap : new boolean[] {false, true}) {
            for (boolean ac : new boolean[] {false, true}) {
                try (SystemMachine m = machine(0, smap, ac)) {
                    m.longGate(14, 0x8e, 1);
                    long[] frame = {TEXT + 0x100, SystemMachine.CODE64, 2, SystemMachine.KERNEL_STACK, DATA0};
                    for (int i = 0; i < 5; i++) {
                        m.memory.writeLong(PAGE + 0x800 + 8 * i, frame[i]);
                    }
                    m.set64(StateLayout.RSP, PAGE + 0x800);
                    // iretq
                    boolean refused = smap && !ac;
                    assertThat(step(m, 0x48, 0xcf)).as("iretq smap %b ac %b", smap, ac).isEqualTo(refused ? 1 : -1);
                    assertThat(m.rip()).isEqualTo(refused ? PAGE_FAULT_HANDLER : TEXT + 0x100);
                }
                try (SystemMachine m = machine(0, smap, ac)) {
                    m.longGate(14, 0x8e, 1);
                    m.longGate(0x40, 0x8e, 0);
                    m.set64(StateLayout.RSP, PAGE + 0x800);
                    // int 0x40 pushes on the stack in use.
                    boolean refused = smap && !ac;
                    assertThat(step(m, 0xcd, 0x40)).as("int smap %b ac %b", smap, ac).isEqualTo(refused ? 3 : -1);
                }
            }
        }
    }

    @Test
    void gatesOnAUserPageUnderSmap() {
        for (boolean ac : new boolean[] {false, true}) {
            try (SystemMachine m = machine(0, true, ac)) {
                // Only vectors from 0x80 on are on the user page, the page fault's gate before it.
                long base = PAGE - 16 * 0x80;
                m.memory.writeLong(TABLES + 0x2000 + 8 * 4, 4L << 21 | 0x83);
                copy(m, IDT, base, 16 * 0x80);
                m.flushAll();
                m.idtBase = base;
                assertThat(step(m, 0xcd, 0x80)).as("ac %b", ac).isEqualTo(1);
                assertThat(m.cr2).isEqualTo(PAGE);
            }
        }
    }
}
