package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.CODE64;
import static dev.quoll.emulator.system.SystemMachine.DATA0;
import static dev.quoll.emulator.system.SystemMachine.FREE;
import static dev.quoll.emulator.system.SystemMachine.GDT;
import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.IST_STACK;
import static dev.quoll.emulator.system.SystemMachine.KERNEL_STACK;
import static dev.quoll.emulator.system.SystemMachine.PAGE;
import static dev.quoll.emulator.system.SystemMachine.RING0_STACK;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static dev.quoll.emulator.system.SystemMachine.USER_CODE32;
import static dev.quoll.emulator.system.SystemMachine.USER_CODE64;
import static dev.quoll.emulator.system.SystemMachine.USER_DATA;
import static dev.quoll.emulator.system.SystemMachine.USER_STACK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import org.junit.jupiter.api.Test;

class LongModeTest {
    private static final int INTERRUPT = 0x8e;
    private static final int TRAP = 0x8f;
    private static final int USER_GATE = 0xee;
    private static final int NOP = 0x90;
    private static final int HALT = 0xf4;

    private static void frame(SystemMachine m, long at, long rip, long cs, long flags, long rsp, long ss) {
        assertThat(m.memory.readLong(at)).as("RIP").isEqualTo(rip);
        assertThat(m.memory.readLong(at + 8)).as("CS").isEqualTo(cs);
        assertThat(m.memory.readLong(at + 16)).as("RFLAGS").isEqualTo(flags);
        assertThat(m.memory.readLong(at + 24)).as("RSP").isEqualTo(rsp);
        assertThat(m.memory.readLong(at + 32)).as("SS").isEqualTo(ss);
    }

    @Test
    void userInterruptGoesToRing0StackAndBack() {
        try (SystemMachine m = SystemMachine.longMode(3)) {
            m.longGate(0x40, INTERRUPT, 0);
            m.code(NOP, NOP);
            m.setRflags(Flags.IF | Flags.CF | Flags.DF);
            m.deliverNow(0x40);
            assertThat(m.rip()).isEqualTo(HANDLERS + 0x400);
            assertThat(m.cpl).isZero();
            assertThat(m.selector[RegisterFile.CS]).isEqualTo(CODE64);
            assertThat(m.selector[RegisterFile.SS]).isZero();
            assertThat(m.access[RegisterFile.SS]).isEqualTo(RegisterFile.UNUSABLE);
            assertThat(m.rflags()).isEqualTo(2 | Flags.CF | Flags.DF);
            assertThat(m.rsp()).isEqualTo(RING0_STACK - 40);
            frame(m, m.rsp(), TEXT, USER_CODE64 | 3, 2 | Flags.IF | Flags.CF | Flags.DF, USER_STACK, USER_DATA | 3);
            m.codeAt(HANDLERS + 0x400, 0x48, 0xcf).step();
            assertThat(m.rip()).isEqualTo(TEXT);
            assertThat(m.cpl).isEqualTo(3);
            assertThat(m.selector[RegisterFile.CS]).isEqualTo(USER_CODE64 | 3);
            assertThat(m.selector[RegisterFile.SS]).isEqualTo(USER_DATA | 3);
            assertThat(m.rsp()).isEqualTo(USER_STACK);
            assertThat(m.rflags()).isEqualTo(2 | Flags.IF | Flags.CF | Flags.DF);
            assertThat(m.access[RegisterFile.DS]).isNotEqualTo(RegisterFile.UNUSABLE);
        }
    }

    @Test
    void istStackIsAlignedAndTrapGateKeepsIf() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(0x41, TRAP, 1);
            m.setFlag(Flags.IF, true);
            m.deliverNow(0x41);
            assertThat(m.rsp()).isEqualTo((IST_STACK & -16) - 40);
            assertThat(m.flag(Flags.IF)).isTrue();
            assertThat(m.selector[RegisterFile.SS]).as("no privilege change: SS stays").isEqualTo(DATA0);
            frame(m, m.rsp(), TEXT, CODE64, 2 | Flags.IF, KERNEL_STACK, DATA0);
        }
    }

    @Test
    void softwareInterruptChecksGateDpl() {
        try (SystemMachine m = SystemMachine.longMode(3)) {
            m.longGate(0x80, INTERRUPT, 0);
            m.longGate(13, INTERRUPT, 0);
            m.code(0xcd, 0x80).step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16);
            assertThat(m.memory.readLong(m.rsp())).as("error").isEqualTo(0x80 << 3 | 2);
            frame(m, m.rsp() + 8, TEXT, USER_CODE64 | 3, 2 | Flags.RF, USER_STACK, USER_DATA | 3);
        }
        try (SystemMachine m = SystemMachine.longMode(3)) {
            m.longGate(0x80, USER_GATE, 0);
            m.code(0xcd, 0x80).step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 0x800);
            frame(m, m.rsp(), TEXT + 2, USER_CODE64 | 3, 2, USER_STACK, USER_DATA | 3);
        }
    }

    @Test
    void notPresentGateReportsExtForExternalInterrupts() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(0x42, INTERRUPT & 0x7f, 0);
            m.longGate(11, INTERRUPT, 0);
            m.code(NOP, NOP);
            m.setFlag(Flags.IF, true);
            m.interrupt(0x42);
            m.step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 11 * 16);
            assertThat(m.memory.readLong(m.rsp())).isEqualTo(0x42 << 3 | 3);
        }
    }

    @Test
    void missingHandlersEndInDoubleAndTripleFault() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(8, INTERRUPT, 1);
            m.code(0x0f, 0x0b).step();
            assertThat(m.shutdown).isNull();
            // #UD is benign, so the #NP of its gate is delivered; that gate's #NP makes the double fault.
            assertThat(m.rip()).isEqualTo(HANDLERS + 8 * 16);
            assertThat(m.memory.readLong(m.rsp())).as("error").isZero();
        }
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.idtLimit = 0;
            m.code(0x0f, 0x0b).step();
            assertThat(m.shutdown).contains("triple fault");
        }
    }

    @Test
    void syscallAndSysretAsOnAmd() {
        try (SystemMachine m = SystemMachine.longMode(3)) {
            m.star = (long) (USER_CODE32 | 3) << 48 | (long) CODE64 << 32;
            m.lstar = HANDLERS;
            m.sfmask = Flags.IF | Flags.DF | Flags.TF;
            m.setRflags(Flags.IF | Flags.DF | Flags.ZF);
            m.codeAt(HANDLERS, 0x48, 0x0f, 0x07);
            m.code(0x0f, 0x05, NOP).step();
            assertThat(m.rip()).isEqualTo(HANDLERS);
            assertThat(m.cpl).isZero();
            assertThat(m.get64(StateLayout.RCX)).isEqualTo(TEXT + 2);
            assertThat(m.get64(StateLayout.gpr(11))).isEqualTo(2 | Flags.IF | Flags.DF | Flags.ZF);
            assertThat(m.rflags()).isEqualTo(2 | Flags.ZF);
            assertThat(m.selector[RegisterFile.CS]).isEqualTo(CODE64);
            assertThat(m.selector[RegisterFile.SS]).isEqualTo(DATA0);
            m.step();
            assertThat(m.rip()).isEqualTo(TEXT + 2);
            assertThat(m.cpl).isEqualTo(3);
            assertThat(m.is64()).isTrue();
            assertThat(m.selector[RegisterFile.CS]).isEqualTo(USER_CODE64 | 3);
            assertThat(m.selector[RegisterFile.SS]).isEqualTo(USER_DATA | 3);
            assertThat(m.rflags()).isEqualTo(2 | Flags.IF | Flags.DF | Flags.ZF);
        }
    }

    @Test
    void sysretToNonCanonicalAddressFaultsAtLevel3() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(13, INTERRUPT, 0);
            m.star = (long) (USER_CODE32 | 3) << 48 | (long) CODE64 << 32;
            m.set64(StateLayout.RCX, 1L << 47);
            m.set64(StateLayout.gpr(11), 2);
            m.code(0x48, 0x0f, 0x07).run();
            assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16 + 1);
            assertThat(m.memory.readLong(m.rsp() + 8)).isEqualTo(1L << 47);
            assertThat(m.memory.readLong(m.rsp() + 16)).isEqualTo(USER_CODE64 | 3);
        }
    }

    @Test
    void iretToCompatibilityCode() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            long[] frame = {TEXT + 0x100, USER_CODE32 | 3, 2 | Flags.IF, USER_STACK, USER_DATA | 3};
            for (int i = 0; i < 5; i++) {
                m.memory.writeLong(KERNEL_STACK + 8 * i, frame[i]);
            }
            m.codeAt(TEXT + 0x100, NOP);
            m.code(0x48, 0xcf).step();
            assertThat(m.is64()).isFalse();
            assertThat(m.stackSize()).isEqualTo(4);
            assertThat(m.rip()).isEqualTo(TEXT + 0x100);
            assertThat(m.rsp()).isEqualTo(USER_STACK);
            // The kernel's data segments (DPL 0) are dropped.
            assertThat(m.access[RegisterFile.DS]).isEqualTo(RegisterFile.UNUSABLE);
        }
    }

    @Test
    void iretUnblocksNmiEvenWhenItFaults() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(13, INTERRUPT, 0);
            m.nmiBlocked = true;
            m.setFlag(Flags.NT, true);
            m.code(0x48, 0xcf).step();
            assertThat(m.nmiBlocked).isFalse();
            assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16);
        }
    }

    @Test
    void callGateTo64BitCodeChangesPrivilege() {
        try (SystemMachine m = SystemMachine.longMode(3)) {
            m.gate(GDT + FREE, CODE64, HANDLERS, 0xec, 0);
            m.memory.writeLong(GDT + FREE + 8, 0);
            m.memory.writeInt(TEXT + 0x100, 0);
            m.memory.writeShort(TEXT + 0x104, (short) FREE);
            // call far [TEXT + 0x100]; the handler: lretq.
            m.codeAt(HANDLERS, 0x48, 0xcb);
            m.code(0xff, 0x1c, 0x25, 0, 1, 3, 0, NOP).step();
            assertThat(m.rip()).isEqualTo(HANDLERS);
            assertThat(m.cpl).isZero();
            assertThat(m.rsp()).isEqualTo(RING0_STACK - 32);
            assertThat(m.memory.readLong(m.rsp())).isEqualTo(TEXT + 7);
            assertThat(m.memory.readLong(m.rsp() + 8)).isEqualTo(USER_CODE64 | 3);
            assertThat(m.memory.readLong(m.rsp() + 16)).isEqualTo(USER_STACK);
            m.step();
            assertThat(m.rip()).isEqualTo(TEXT + 7);
            assertThat(m.cpl).isEqualTo(3);
            assertThat(m.rsp()).isEqualTo(USER_STACK);
        }
    }

    @Test
    void pageFaultErrorCodes() {
        long smap = ControlBits.CR4_SMAP;
        long smep = ControlBits.CR4_SMEP;
        // Reads and writes of [PAGE] by mov eax,[..] and mov [..],eax; level, CR4, entry, code.
        assertThat(fault(3, 0, 0, false)).isEqualTo(4);
        assertThat(fault(3, 0, 0, true)).isEqualTo(6);
        assertThat(fault(0, 0, 0, true)).isEqualTo(2);
        assertThat(fault(3, 0, PAGE | 3, false)).isEqualTo(5);
        assertThat(fault(3, 0, PAGE | 5, true)).isEqualTo(7);
        assertThat(fault(0, 0, PAGE | 1, true)).as("CR0.WP").isEqualTo(3);
        assertThat(fault(0, 0, PAGE | 7 | 1L << 45, false)).as("reserved bit").isEqualTo(9);
        assertThat(fault(0, smap, PAGE | 7, false)).as("SMAP").isEqualTo(1);
        assertThat(fault(0, smap, PAGE | 7, true)).as("SMAP").isEqualTo(3);
        assertThat(fault(0, 0, PAGE | 7, true)).as("none").isEqualTo(-1);
        // Fetches from [PAGE].
        assertThat(fetch(3, 0, PAGE | 7 | 1L << 63)).as("NX").isEqualTo(0x15);
        assertThat(fetch(0, smep, PAGE | 7)).as("SMEP").isEqualTo(0x11);
        assertThat(fetch(3, 0, 0)).isEqualTo(0x14);
        assertThat(fetch(3, 0, PAGE | 7)).isEqualTo(-1);
    }

    private static long fault(int level, long cr4, long entry, boolean write) {
        try (SystemMachine m = SystemMachine.longMode(level)) {
            m.code(write ? 0x89 : 0x8b, 0x04, 0x25, 0, 0, 0xa0, 0, HALT);
            return raised(m, cr4, entry);
        }
    }

    private static long fetch(int level, long cr4, long entry) {
        try (SystemMachine m = SystemMachine.longMode(level)) {
            m.memory.writeByte(PAGE, (byte) HALT);
            m.setRip(PAGE);
            return raised(m, cr4, entry);
        }
    }

    private static long raised(SystemMachine m, long cr4, long entry) {
        // The stack and the text are user pages: kernels under SMAP and SMEP need their own.
        for (int i = 0; i < 5 && m.cpl == 0; i++) {
            m.memory.writeLong(SystemMachine.TABLES + 0x2000 + 8 * i, (long) i << 21 | 0x83);
        }
        m.longGate(14, INTERRUPT, 0);
        m.pageEntry(entry);
        m.cr4 |= cr4;
        m.flushAll();
        m.updateMode();
        m.run();
        // Behind the HLT of the handler, or where HLT ended code that did not fault (at CPL 3 with a shutdown).
        if (m.rip() != HANDLERS + 14 * 16 + 1) {
            return -1;
        }
        assertThat(m.cr2).isEqualTo(PAGE);
        return m.memory.readLong(m.rsp());
    }

    @Test
    void stacLetsTheKernelThroughSmap() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            for (int i = 0; i < 5; i++) {
                m.memory.writeLong(SystemMachine.TABLES + 0x2000 + 8 * i, (long) i << 21 | 0x83);
            }
            m.longGate(14, INTERRUPT, 0);
            m.cr4 |= ControlBits.CR4_SMAP;
            m.memory.writeInt(PAGE, 0x12345678);
            m.flushAll();
            m.updateMode();
            // stac; mov eax,[PAGE]; clac; mov ecx,[PAGE]
            m.code(
                    0x0f, 0x01, 0xcb, 0x8b, 0x04, 0x25, 0, 0, 0xa0, 0, 0x0f, 0x01, 0xca, 0x8b, 0x0c, 0x25, 0, 0, 0xa0, 0);
            m.run();
            assertThat(m.rax()).isEqualTo(0x12345678);
            assertThat(m.memory.readLong(m.rsp() + 8)).isEqualTo(TEXT + 13);
            assertThat(m.memory.readLong(m.rsp())).isEqualTo(1);
        }
    }

    @Test
    void stiHoldsInterruptsForOneInstruction() {
        for (boolean stepped : new boolean[] {false, true}) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                m.longGate(0x50, INTERRUPT, 0);
                // sti; mov al,1; mov al,2; hlt
                m.code(0xfb, 0xb0, 1, 0xb0, 2, 0xf4);
                m.interrupt(0x50);
                if (stepped) {
                    m.step();
                    assertThat(m.rip()).isEqualTo(TEXT + 1);
                }
                m.run();
                assertThat(m.memory.readLong(m.rsp())).as("interrupted RIP").isEqualTo(TEXT + 3);
                assertThat(m.rax()).isEqualTo(1);
            }
        }
    }

    @Test
    void nullStackSelectorIsLegalBelowLevel3Only() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(13, INTERRUPT, 0);
            // mov ss, eax
            m.code(0x8e, 0xd0).step();
            assertThat(m.rip()).isEqualTo(TEXT + 2);
            assertThat(m.access[RegisterFile.SS]).isEqualTo(RegisterFile.UNUSABLE);
            m.set64(StateLayout.RAX, 3);
            m.setRip(TEXT);
            m.step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16);
        }
    }

    @Test
    void singleStepTrapsAfterTheInstructionAndNotAfterSyscall() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(1, INTERRUPT, 0);
            m.setFlag(Flags.TF, true);
            m.updateMode();
            m.code(NOP, NOP).run();
            assertThat(m.memory.readLong(m.rsp())).isEqualTo(TEXT + 1);
            assertThat(m.dr6 & 1 << 14).isNotZero();
            assertThat(m.memory.readLong(m.rsp() + 16) & Flags.RF).isZero();
        }
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(1, INTERRUPT, 0);
            m.lstar = m.handler(0);
            m.star = (long) CODE64 << 32;
            m.sfmask = Flags.TF;
            m.setFlag(Flags.TF, true);
            m.updateMode();
            m.code(0x0f, 0x05).run();
            assertThat(m.rip()).isEqualTo(HANDLERS + 1);
            assertThat(m.dr6 & 1 << 14).isZero();
        }
    }

    @Test
    void repeatedMoveWrapsItsOffsetWithinAPage() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(14, 0x8e, 0);
            // rep movsb es:[edi], fs:[esi]: 16 bytes on, ESI is 0 and the linear address 4 GiB lower, where nothing is.
            m.code(0x64, 0x67, 0xf3, 0xa4);
            m.setSegmentBase(RegisterFile.FS, 0x40008L - 0xffff_fff0L);
            m.set64(StateLayout.RSI, 0xffff_fff0L);
            m.set64(StateLayout.RDI, 0x42000);
            m.set64(StateLayout.RCX, 64);
            m.memory.writeLong(0x40008, 0x1122334455667788L);
            m.run();
            assertThat(m.get64(StateLayout.RCX)).isEqualTo(48);
            assertThat(m.get64(StateLayout.RSI)).isZero();
            assertThat(m.cr2).isEqualTo(0x40008L - 0xffff_fff0L);
            assertThat(m.memory.readLong(0x42000)).isEqualTo(0x1122334455667788L);
        }
    }
}
