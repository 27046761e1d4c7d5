package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.CODE64;
import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.PAGE;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static dev.quoll.emulator.system.SystemMachine.USER_CODE32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.machine.MsrTable;
import org.junit.jupiter.api.Test;

/** Debug exceptions: breakpoint registers, single step, what DR6 and the pushed RF tell (SDM vol. 3, chapter 18). */
class DebugTest {
    private static final int GATE = 0x8e;
    private static final int NOP = 0x90;
    private static final long DEBUG_HANDLER = HANDLERS + 16;
    private static final long INTERRUPT_HANDLER = HANDLERS + 16 * 0x50;

    private static final int SINGLE_STEP = 1 << 14;
    private static final int GENERAL_DETECT = 1 << 13;

    /** DR7 for breakpoint {@code index}, locally enabled: condition 0 execute, 1 write, 2 port, 3 access. */
    private static long dr7(int index, int condition, int length) {
        int code = length == 8 ? 2 : length - 1;
        return 0x400 | 1L << 2 * index | (long) condition << 16 + 4 * index | (long) code << 18 + 4 * index;
    }

    private static SystemMachine armed(long dr7, long... addresses) {
        return arm(SystemMachine.longMode(0), dr7, addresses);
    }

    private static SystemMachine arm(SystemMachine m, long dr7, long... addresses) {
        m.longGate(1, GATE, 0);
        m.dr7 = dr7;
        System.arraycopy(addresses, 0, m.dr, 0, addresses.length);
        m.flushAll();
        m.updateMode();
        return m;
    }

    private static void trapped(SystemMachine m, long rip, long dr6Low) {
        assertThat(m.shutdown).isNull();
        assertThat(m.rip()).as("handler").isEqualTo(DEBUG_HANDLER + 1);
        assertThat(m.memory.readLong(m.rsp())).as("pushed RIP").isEqualTo(rip);
        assertThat(m.dr6).as("DR6").isEqualTo(0xffff0ff0L | dr6Low);
    }

    private static long pushedFlags(SystemMachine m) {
        return m.memory.readLong(m.rsp() + 16);
    }

    private static void stepping(SystemMachine m) {
        m.longGate(1, GATE, 0);
        m.setFlag(Flags.TF, true);
        m.updateMode();
    }

    @Test
    void instructionBreakpointComesBeforeTheInstructionAndItsFaults() {
        // ud2: the breakpoint comes first, though the instruction cannot even execute.
        try (SystemMachine m = armed(dr7(1, 0, 1), 0, TEXT + 1)) {
            m.code(NOP, 0x0f, 0x0b).run();
            trapped(m, TEXT + 1, 2);
            assertThat(pushedFlags(m) & Flags.RF).as("RF").isZero();
        }
        // A fetch that would fault: likewise.
        try (SystemMachine m = armed(dr7(0, 0, 1), PAGE)) {
            m.pageEntry(0);
            m.flushAll();
            m.setRip(PAGE);
            m.run();
            trapped(m, PAGE, 1);
        }
    }

    @Test
    void resumeFlagLetsOneInstructionPassAndIsGoneBehindIt() {
        try (SystemMachine m = armed(dr7(0, 0, 1), TEXT)) {
            // inc eax; jmp TEXT
            m.code(0xff, 0xc0, 0xeb, 0xfc);
            m.setFlag(Flags.RF, true);
            m.run();
            assertThat(m.rax()).isEqualTo(1);
            trapped(m, TEXT, 1);
        }
    }

    @Test
    void returnWithResumeFlagKeepsItForTheTarget() {
        // The IRET runs under RF itself, as when a breakpoint on it has just been handled.
        for (boolean resuming : new boolean[] {false, true}) {
            try (SystemMachine m = armed(dr7(0, 0, 1), TEXT + 0x100)) {
                long[] frame = {TEXT + 0x100, CODE64, 2 | Flags.RF, m.rsp(), SystemMachine.DATA0};
                m.set64(StateLayout.RSP, m.rsp() - 40);
                for (int i = 0; i < 5; i++) {
                    m.memory.writeLong(m.rsp() + 8 * i, frame[i]);
                }
                m.setFlag(Flags.RF, resuming);
                m.codeAt(TEXT + 0x100, 0xff, 0xc0, 0xf4);
                m.code(0x48, 0xcf).run();
                assertThat(m.rip()).isEqualTo(TEXT + 0x103);
                assertThat(m.rax()).isEqualTo(1);
            }
        }
    }

    @Test
    void resumeFlagHoldsForTheWholeOfARepeatedInstruction() {
        try (SystemMachine m = armed(dr7(0, 0, 1), TEXT)) {
            // rep lodsb; hlt
            m.code(0xf3, 0xac, 0xf4);
            m.set64(StateLayout.RSI, 0x40000);
            m.set64(StateLayout.RCX, 5);
            m.setFlag(Flags.RF, true);
            m.longGate(0x50, GATE, 0);
            m.codeAt(INTERRUPT_HANDLER, 0x48, 0xcf);
            m.setFlag(Flags.IF, true);
            m.step();
            m.interrupt(0x50);
            m.run();
            assertThat(m.rip()).as("no second hit between two iterations").isEqualTo(TEXT + 3);
            assertThat(m.get64(StateLayout.RCX)).isZero();
        }
    }

    @Test
    void dataBreakpointsTrapBehindTheInstruction() {
        int[] store = {0x89, 0x04, 0x25, 0, 0, 4, 0};
        int[] load = {0x8b, 0x04, 0x25, 0, 0, 4, 0};
        for (int condition : new int[] {1, 3}) {
            try (SystemMachine m = armed(dr7(2, condition, 1), 0, 0, 0x40003)) {
                m.code(store).run();
                trapped(m, TEXT + 7, 4);
                assertThat(m.memory.readInt(0x40000)).as("stored").isZero();
            }
            try (SystemMachine m = armed(dr7(2, condition, 1), 0, 0, 0x40003)) {
                m.code(load);
                m.codeAt(TEXT + 7, 0xf4);
                m.run();
                if (condition == 3) {
                    trapped(m, TEXT + 7, 4);
                } else {
                    assertThat(m.rip()).as("a read of a place watched for writes").isEqualTo(TEXT + 8);
                }
            }
        }
    }

    @Test
    void breakpointLengthsAreAlignedAndMayOverlapAccesses() {
        // Length, address in DR0, then a byte access that hits and one on either side that does not.
        int[][] cases = {{1, 5, 5, 5}, {2, 4, 4, 5}, {2, 5, 4, 5}, {4, 6, 4, 7}, {8, 3, 0, 7}};
        for (int[] each : cases) {
            try (SystemMachine m = armed(dr7(0, 3, each[0]), 0x40010 + each[1])) {
                // mov al, [rbx]
                m.code(0x8a, 0x03, 0xf4);
                for (int address = 0; address < 16; address++) {
                    m.set64(StateLayout.RBX, 0x40010 + address);
                    m.setRip(TEXT);
                    m.run();
                    boolean hit = address >= each[2] && address <= each[3];
                    assertThat(m.rip())
                            .as("length %d at %d, access at %d", each[0], each[1], address)
                            .isEqualTo(hit ? DEBUG_HANDLER + 1 : TEXT + 3);
                }
            }
        }
        // An access that only ends in the watched bytes, over a page's border.
        try (SystemMachine m = armed(dr7(0, 1, 1), PAGE)) {
            m.set64(StateLayout.RBX, PAGE - 7);
            // mov [rbx], rax
            m.code(0x48, 0x89, 0x03).run();
            trapped(m, TEXT + 3, 1);
        }
    }

    @Test
    void globalAndLocalEnablesDoAlike() {
        for (long enable : new long[] {1, 2, 3}) {
            try (SystemMachine m = armed(0x400 | enable | 1L << 16, 0x40000)) {
                m.code(0x88, 0x04, 0x25, 0, 0, 4, 0).run();
                trapped(m, TEXT + 7, 1);
            }
        }
        // GE and LE (exact match) mean nothing since the P6 family.
        try (SystemMachine m = armed(0x700 | 1L << 16, 0x40000)) {
            m.code(0x88, 0x04, 0x25, 0, 0, 4, 0, 0xf4).run();
            assertThat(m.rip()).isEqualTo(TEXT + 8);
        }
    }

    @Test
    void severalCausesOfOneTrapAreReportedTogether() {
        try (SystemMachine m = armed(dr7(0, 1, 1) | dr7(3, 3, 4), 0x40000, 0, 0, 0x40000)) {
            stepping(m);
            m.code(0x88, 0x04, 0x25, 0, 0, 4, 0).run();
            trapped(m, TEXT + 7, SINGLE_STEP | 9);
        }
    }

    @Test
    void statusBitsAreLeftToSoftwareToClear() {
        try (SystemMachine m = armed(dr7(0, 1, 1), 0x40000)) {
            m.dr6 |= SINGLE_STEP | GENERAL_DETECT;
            m.code(0x88, 0x04, 0x25, 0, 0, 4, 0).run();
            trapped(m, TEXT + 7, SINGLE_STEP | GENERAL_DETECT | 1);
        }
    }

    @Test
    void portBreakpointsNeedDebugExtensions() {
        int[][] instructions = {{0xe4, 0x60}, {0xe6, 0x60}, {0xec}, {0xee}, {0x6c}, {0x6e}, {0xf3, 0x6c}};
        for (int[] instruction : instructions) {
            for (boolean extensions : new boolean[] {false, true}) {
                try (SystemMachine m = SystemMachine.longMode(0)) {
                    m.cr4 |= extensions ? ControlBits.CR4_DE : 0;
                    arm(m, dr7(0, 2, 1), 0x60);
                    m.set64(StateLayout.RDX, 0x60);
                    m.set64(StateLayout.RCX, 1);
                    m.set64(StateLayout.RSI, 0x40000);
                    m.set64(StateLayout.RDI, 0x40000);
                    m.code(instruction);
                    m.codeAt(TEXT + instruction.length, 0xf4);
                    m.run();
                    if (extensions) {
                        trapped(m, TEXT + instruction.length, 1);
                    } else {
                        assertThat(m.rip()).isEqualTo(TEXT + instruction.length + 1);
                    }
                }
            }
        }
        // in eax, 0x5e covers ports 0x5e to 0x61.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.cr4 |= ControlBits.CR4_DE;
            arm(m, dr7(0, 2, 2), 0x61);
            m.code(0xe5, 0x5e).run();
            trapped(m, TEXT + 2, 1);
        }
    }

    @Test
    void generalDetectFaultsBeforeTheMoveAndOpensInTheHandler() {
        for (int opcode : new int[] {0x21, 0x23}) {
            try (SystemMachine m = armed(0x400 | GENERAL_DETECT)) {
                m.set64(StateLayout.RAX, 0x1234);
                // mov rax, dr0 or mov dr0, rax
                m.code(0x0f, opcode, 0xc0).run();
                trapped(m, TEXT, GENERAL_DETECT);
                assertThat(m.dr[0]).isZero();
                assertThat(m.rax()).isEqualTo(0x1234);
                assertThat(m.dr7 & GENERAL_DETECT).isZero();
                assertThat(pushedFlags(m) & Flags.RF).as("a fault: RF").isNotZero();
            }
        }
        // Privilege comes first.
        try (SystemMachine m = arm(SystemMachine.longMode(3), 0x400 | GENERAL_DETECT)) {
            m.longGate(13, GATE, 0);
            m.code(0x0f, 0x21, 0xc0).run();
            assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16 + 1);
        }
    }

    @Test
    void debugRegisterNumbersAndReservedBits() {
        for (boolean extensions : new boolean[] {false, true}) {
            for (int number : new int[] {4, 5}) {
                try (SystemMachine m = SystemMachine.longMode(0)) {
                    m.longGate(6, GATE, 0);
                    m.cr4 |= extensions ? ControlBits.CR4_DE : 0;
                    m.code(0x0f, 0x21, 0xc0 | number << 3, 0xf4).run();
                    assertThat(m.rip()).isEqualTo(extensions ? HANDLERS + 6 * 16 + 1 : TEXT + 4);
                    if (!extensions) {
                        assertThat(m.rax()).isEqualTo(number == 4 ? 0xffff0ff0L : 0x400);
                    }
                }
            }
        }
        // mov dr8, rax does not exist.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(6, GATE, 0);
            m.code(0x44, 0x0f, 0x23, 0xc0).run();
            assertThat(m.rip()).isEqualTo(HANDLERS + 6 * 16 + 1);
        }
        for (int number : new int[] {6, 7}) {
            for (long value : new long[] {0xffffffffL, 1L << 32}) {
                try (SystemMachine m = SystemMachine.longMode(0)) {
                    m.longGate(13, GATE, 0);
                    m.set64(StateLayout.RAX, value);
                    m.code(0x0f, 0x23, 0xc0 | number << 3).step();
                    assertThat(m.rip()).isEqualTo(value >>> 32 == 0 ? TEXT + 3 : HANDLERS + 13 * 16);
                    assertThat(m.dr6).isEqualTo(value >>> 32 == 0 && number == 6 ? 0xffffefffL : 0xffff0ff0L);
                    assertThat(m.dr7 & 0xdc00).as("fixed bits of DR7").isEqualTo(0x400);
                }
            }
        }
    }

    @Test
    void trapFlagStepsOverEachInstruction() {
        // popf that sets TF: the instruction behind it is the first that traps.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(1, GATE, 0);
            m.memory.writeLong(m.rsp(), 2 | Flags.TF);
            m.code(0x9d, NOP, NOP, NOP).run();
            trapped(m, TEXT + 2, SINGLE_STEP);
            assertThat(pushedFlags(m) & Flags.TF).isNotZero();
            assertThat(m.flag(Flags.TF)).isFalse();
        }
        // popf that clears TF still traps.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            stepping(m);
            m.memory.writeLong(m.rsp(), 2);
            m.code(0x9d, NOP, NOP).run();
            trapped(m, TEXT + 1, SINGLE_STEP);
        }
        // A fault takes the place of the trap.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            stepping(m);
            m.longGate(6, GATE, 0);
            m.code(0x0f, 0x0b).run();
            assertThat(m.rip()).isEqualTo(HANDLERS + 6 * 16 + 1);
            assertThat(m.dr6 & SINGLE_STEP).isZero();
        }
    }

    /** DebugCtl.BTF: TF traps behind branches that are taken, and the trap takes it back. */
    @Test
    void branchStepsTrapBehindTakenBranchesOnly() {
        int hlt = 0xf4;
        int[][] codes = {
            {NOP, 0xeb, 1, hlt, NOP, NOP}, // jmp
            {0x48, 0x31, 0xc0, 0x75, 2, 0x74, 1, hlt, NOP}, // xor rax, rax; jnz, not taken; jz
            {0xe8, 1, 0, 0, 0, hlt, NOP, NOP}, // call
            {0x6a, 0, 0x58, NOP, 0xe2, 1, hlt, NOP}, // push 0; pop rax; nop; loop
            {0xf3, 0xaa, 0xe3, 1, hlt, NOP}, // rep stosb, no iteration of which is a branch; jrcxz
            {0xeb, 0xfe}, // jmp to itself
        };
        long[] targets = {4, 8, 6, 7, 5, 0};
        for (int i = 0; i < codes.length; i++) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                stepping(m);
                m.debugControl = ControlBits.BRANCH_STEP;
                m.set64(StateLayout.RCX, 5);
                m.set64(StateLayout.RDI, PAGE);
                m.code(codes[i]).run();
                trapped(m, TEXT + targets[i], SINGLE_STEP);
                assertThat(m.debugControl).as("BTF behind the trap").isZero();
            }
        }
        // Without a branch there is no trap, and nothing takes BTF back.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            stepping(m);
            m.debugControl = ControlBits.BRANCH_STEP;
            m.code(NOP, NOP, hlt).run();
            assertThat(m.rip()).isEqualTo(TEXT + 3);
            assertThat(m.debugControl).isEqualTo(ControlBits.BRANCH_STEP);
        }
    }

    @Test
    void debugControlHasBranchSteppingOnly() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            assertThat(MsrAccess.write(m, MsrTable.DEBUG_CTL, ControlBits.BRANCH_STEP)).isTrue();
            assertThat(m.debugControl).isEqualTo(ControlBits.BRANCH_STEP);
            assertThat(MsrAccess.write(m, MsrTable.DEBUG_CTL, 1)).as("last branch record").isFalse();
            long[] value = new long[1];
            assertThat(MsrAccess.read(m, MsrTable.DEBUG_CTL, value)).isTrue();
            assertThat(value[0]).isEqualTo(ControlBits.BRANCH_STEP);
        }
    }

    @Test
    void repeatedInstructionsTrapBehindEachIteration() {
        int[][] instructions = {{0xf3, 0xa4}, {0xf3, 0xaa}, {0xf3, 0xac}, {0xf3, 0xa6}, {0xf3, 0xae}, {0xf3, 0x6c}};
        for (int[] instruction : instructions) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                stepping(m);
                m.set64(StateLayout.RCX, 3);
                m.set64(StateLayout.RSI, 0x40000);
                m.set64(StateLayout.RDI, 0x42000);
                m.code(instruction);
                for (int left = 2; left >= 0; left--) {
                    m.step();
                    assertThat(m.rip()).isEqualTo(DEBUG_HANDLER);
                    assertThat(m.get64(StateLayout.RCX)).isEqualTo(left);
                    assertThat(m.memory.readLong(m.rsp())).isEqualTo(left == 0 ? TEXT + 2 : TEXT);
                    assertThat((pushedFlags(m) & Flags.RF) != 0).as("RF in mid-string").isEqualTo(left != 0);
                    m.codeAt(DEBUG_HANDLER, 0x48, 0xcf).step();
                }
            }
        }
    }

    @Test
    void dataBreakpointInARepeatedInstructionStopsAtItsIteration() {
        try (SystemMachine m = armed(dr7(0, 1, 1), 0x40002)) {
            m.set64(StateLayout.RCX, 5);
            m.set64(StateLayout.RDI, 0x40000);
            // rep stosb
            m.code(0xf3, 0xaa).run();
            trapped(m, TEXT, 1);
            assertThat(m.get64(StateLayout.RCX)).isEqualTo(2);
            assertThat(pushedFlags(m) & Flags.RF).isNotZero();
        }
    }

    @Test
    void softwareInterruptsAreNotFollowedByATrap() {
        // int 0x50; int3; in the handler TF is off and no trap waits.
        int[][] instructions = {{0xcd, 0x50}, {0xcc}};
        for (int[] instruction : instructions) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                stepping(m);
                m.longGate(0x50, GATE, 0);
                m.longGate(3, GATE, 0);
                m.code(instruction).run();
                assertThat(m.rip()).isIn(INTERRUPT_HANDLER + 1, HANDLERS + 3 * 16 + 1);
                assertThat(m.dr6 & SINGLE_STEP).isZero();
                assertThat(pushedFlags(m) & Flags.TF).isNotZero();
            }
        }
    }

    @Test
    void interruptInstructionOneIsADebugTrapWithoutCause() {
        try (SystemMachine m = SystemMachine.longMode(3)) {
            // The gate's DPL is 0: INT1 does not ask for it, and INT 1 does.
            m.longGate(1, GATE, 0);
            m.dr7 = 0x400 | GENERAL_DETECT;
            m.code(0xf1).run();
            trapped(m, TEXT + 1, 0);
            assertThat(pushedFlags(m) & Flags.RF).isZero();
            assertThat(m.dr7 & GENERAL_DETECT).isZero();
        }
        try (SystemMachine m = SystemMachine.longMode(3)) {
            m.longGate(1, GATE, 0);
            m.longGate(13, GATE, 0);
            m.code(0xcd, 0x01).run();
            assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16 + 1);
        }
        // When its gate fails, the fault is the instruction's.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(1, GATE & 0x7f, 0);
            m.longGate(11, GATE, 0);
            m.code(0xf1).run();
            assertThat(m.rip()).isEqualTo(HANDLERS + 11 * 16 + 1);
            assertThat(m.memory.readLong(m.rsp() + 8)).isEqualTo(TEXT);
            assertThat(m.memory.readLong(m.rsp())).as("EXT").isEqualTo(1 << 3 | 3);
        }
    }

    @Test
    void stackSegmentLoadHoldsTheTrapBackForOneInstruction() {
        // mov ss, eax; nop; nop under TF: the trap comes behind the first NOP.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            stepping(m);
            m.set64(StateLayout.RAX, SystemMachine.DATA0);
            m.code(0x8e, 0xd0, NOP, NOP, NOP).run();
            trapped(m, TEXT + 3, SINGLE_STEP);
        }
        // A breakpoint on the instruction behind is not seen.
        try (SystemMachine m = armed(dr7(0, 0, 1), TEXT + 2)) {
            m.set64(StateLayout.RAX, SystemMachine.DATA0);
            m.code(0x8e, 0xd0, NOP, 0xf4).run();
            assertThat(m.rip()).isEqualTo(TEXT + 4);
        }
        // The load's own data breakpoint is reported behind the next instruction, in the handler of an INT n even.
        try (SystemMachine m = armed(dr7(0, 3, 1), 0x40000)) {
            m.memory.writeShort(0x40000, (short) SystemMachine.DATA0);
            // mov ss, [0x40000]; nop; nop
            m.code(0x8e, 0x14, 0x25, 0, 0, 4, 0, NOP, NOP).run();
            trapped(m, TEXT + 8, 1);
        }
        try (SystemMachine m = armed(dr7(0, 3, 1), 0x40000)) {
            m.longGate(0x50, GATE, 0);
            m.memory.writeShort(0x40000, (short) SystemMachine.DATA0);
            m.code(0x8e, 0x14, 0x25, 0, 0, 4, 0, 0xcd, 0x50).run();
            trapped(m, INTERRUPT_HANDLER, 1);
        }
    }

    @Test
    void trapComesBeforeAWaitingInterrupt() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            stepping(m);
            m.longGate(0x50, GATE, 0);
            m.setFlag(Flags.IF, true);
            m.code(NOP, NOP);
            m.step();
            assertThat(m.rip()).isEqualTo(DEBUG_HANDLER);
        }
        // An interrupt comes before the breakpoint of the instruction it interrupts.
        try (SystemMachine m = armed(dr7(0, 0, 1), TEXT)) {
            m.longGate(0x50, GATE, 0);
            m.setFlag(Flags.IF, true);
            m.code(NOP);
            m.interrupt(0x50);
            m.run();
            assertThat(m.rip()).isEqualTo(INTERRUPT_HANDLER + 1);
            assertThat(m.dr6 & 1).isZero();
        }
    }

    @Test
    void returnFromASystemCallTrapsAtOnceWhenItSetsTheTrapFlag() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(1, GATE, 0);
            m.star = (long) (USER_CODE32 | 3) << 48 | (long) CODE64 << 32;
            m.set64(StateLayout.RCX, TEXT + 0x100);
            m.set64(StateLayout.gpr(11), 2 | Flags.TF);
            m.codeAt(TEXT + 0x100, NOP, NOP);
            m.code(0x48, 0x0f, 0x07).run();
            trapped(m, TEXT + 0x100, SINGLE_STEP);
        }
    }

    @Test
    void haltIsLeftAtOnceByItsOwnTrap() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            stepping(m);
            m.codeAt(DEBUG_HANDLER, 0xff, 0xc0, 0x0f, 0x0b);
            m.longGate(6, GATE, 0);
            m.code(0xf4).step().step();
            assertThat(m.rip()).isEqualTo(DEBUG_HANDLER + 2);
            assertThat(m.halted).as("still in HLT").isFalse();
        }
    }
}
