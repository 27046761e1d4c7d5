package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.PAGE;
import static dev.quoll.emulator.system.SystemMachine.TABLES;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.TestTier;
import dev.quoll.emulator.core.CpuLoop;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import java.lang.reflect.Field;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Decoded code and translations that have to go, or must not be taken for others. */
class CodeCacheTest {
    private static final int GATE32 = 0x8e;
    private static final int HLT = 0xf4;
    private static final int NOP = 0x90;

    @Test
    void oneOffsetInTwoRealModeSegments() {
        try (SystemMachine m = SystemMachine.real()) {
            // 3000:0100: inc bx; jmp 3100:0100.  3100:0100: inc cx; cmp cx, 3; jz +5; jmp 3000:0100; hlt.
            m.codeAt(0x30100, 0x43, 0xea, 0x00, 0x01, 0x00, 0x31);
            m.codeAt(0x31100, 0x41, 0x83, 0xf9, 3, 0x74, 5, 0xea, 0x00, 0x01, 0x00, 0x30, HLT);
            m.set64(StateLayout.RBX, 0);
            m.set64(StateLayout.RCX, 0);
            m.setRip(0x100);
            m.run();
            assertThat(m.shutdown).isNull();
            assertThat(m.get64(StateLayout.RBX)).isEqualTo(3);
            assertThat(m.get64(StateLayout.RCX)).isEqualTo(3);
        }
    }

    @Test
    void codeCutByOneSegmentsLimitIsWholeInAnother() {
        try (SystemMachine m = SystemMachine.protectedMode(0)) {
            m.legacyGate(13, SystemMachine.CODE32, GATE32);
            // nop; mov eax, 1; hlt
            m.code(NOP, 0xb8, 1, 0, 0, 0, HLT);
            for (int round = 0; round < 2; round++) {
                m.limit[RegisterFile.CS] = TEXT + 3;
                m.setRip(TEXT);
                m.updateMode();
                m.set64(StateLayout.RAX, 0);
                m.run();
                assertThat(m.rip()).as("cut").isEqualTo(HANDLERS + 13 * 16 + 1);
                assertThat(m.rax()).isZero();
                m.limit[RegisterFile.CS] = 0xffffffffL;
                m.setRip(TEXT);
                m.updateMode();
                m.run();
                assertThat(m.rip()).as("whole").isEqualTo(TEXT + 7);
                assertThat(m.rax()).isEqualTo(1);
            }
        }
    }

    @Test
    void invlpgDropsEveryPieceOfAOneGigabytePage() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.memory.writeLong(0x6000, 0x1111);
            m.memory.writeLong(0x206000, 0x2222);
            m.memory.writeLong(TABLES + 0x1000 + 8, 0x87);
            assertThat(m.loadSystem(0x4000_6000L, 8)).isEqualTo(0x1111);
            m.memory.writeLong(TABLES + 0x4000, 0x20_0087);
            m.memory.writeLong(TABLES + 0x1000 + 8, TABLES + 0x4000 | 7);
            m.flushPage(0x7fe0_0000L);
            assertThat(m.loadSystem(0x4000_6000L, 8)).isEqualTo(0x2222);
        }
    }

    @Test
    void invlpgDropsBothHalvesOfAFourMegabytePage() {
        try (SystemMachine m = SystemMachine.protectedMode(0)) {
            m.memory.writeInt(0x6000, 0x1111);
            m.memory.writeInt(0x406000, 0x2222);
            m.memory.writeInt(TABLES + 4, 0x87);
            m.cr3 = TABLES;
            m.cr4 = ControlBits.CR4_PSE;
            m.cr0 |= ControlBits.CR0_PG;
            m.updateMode();
            assertThat(m.loadSystem(0x40_6000L, 4)).isEqualTo(0x1111);
            m.memory.writeInt(TABLES + 4, 0x40_0087);
            m.flushPage(0x70_0000L);
            assertThat(m.loadSystem(0x40_6000L, 4)).isEqualTo(0x2222);
        }
    }

    /** A second set of tables, in which {@link SystemMachine#PAGE} is another frame with other code. */
    private static long otherSpace(SystemMachine m) {
        long tables = TABLES + 0x4000;
        long frame = 0xc0_0000;
        for (int level = 0; level < 4; level++) {
            for (int i = 0; i < 4096; i += 8) {
                long entry = m.memory.readLong(TABLES + 0x1000 * level + i);
                boolean table = level < 3 && (entry & 0x81) == 1;
                m.memory.writeLong(tables + 0x1000 * level + i, table ? entry + 0x4000 : entry);
            }
        }
        m.memory.writeLong(tables + 0x3000, frame | 3);
        m.pageEntry(PAGE | 3);
        // add rcx, 1; ret and add rcx, 16; ret
        m.codeAt(PAGE, 0x48, 0x83, 0xc1, 1, 0xc3);
        m.codeAt(frame, 0x48, 0x83, 0xc1, 16, 0xc3);
        return tables;
    }

    @Test
    void anotherAddressSpacesCodeAfterInvlpg() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.set64(StateLayout.RAX, otherSpace(m));
            m.set64(StateLayout.RBX, TEXT + 0x10_0000);
            m.set64(StateLayout.RCX, 0);
            m.set64(StateLayout.RDX, PAGE);
            // call rdx; invlpg [rbx]; call rdx; mov cr3, rax; call rdx; hlt
            m.code(0xff, 0xd2, 0x0f, 0x01, 0x3b, 0xff, 0xd2, 0x0f, 0x22, 0xd8, 0xff, 0xd2, HLT).run();
            assertThat(m.get64(StateLayout.RCX)).isEqualTo(1 + 1 + 16);
        }
    }

    /** With SMAP and EFLAGS.AC the supervisor's code pages are known by address space, and outlive a change of it. */
    @Test
    void anotherAddressSpacesCodeAfterMovToCr3ThatKeeps() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            long other = otherSpace(m);
            m.memory.writeLong(TABLES + 0x2000 + 8 * (TEXT >> 21), TEXT & -(2 << 20) | 0x83);
            m.memory.writeLong(other + 0x2000 + 8 * (TEXT >> 21), TEXT & -(2 << 20) | 0x83);
            m.cr4 |= ControlBits.CR4_PCIDE | ControlBits.CR4_SMAP;
            m.setFlag(Flags.AC, true);
            m.flushAll();
            m.updateMode();
            m.set64(StateLayout.RAX, other | 2 | Long.MIN_VALUE);
            m.set64(StateLayout.RBX, TABLES | Long.MIN_VALUE);
            m.set64(StateLayout.RCX, 0);
            m.set64(StateLayout.RDX, PAGE);
            // call rdx; mov cr3, rax; call rdx; mov cr3, rbx; call rdx; mov cr3, rax; call rdx; hlt
            m.code(
                            0xff, 0xd2, 0x0f, 0x22, 0xd8, 0xff, 0xd2, 0x0f, 0x22, 0xdb, 0xff, 0xd2, 0x0f, 0x22, 0xd8, 0xff,
                            0xd2, HLT)
                    .run();
            assertThat(m.get64(StateLayout.RCX)).isEqualTo(1 + 16 + 1 + 16);
        }
    }

    /** A vCPU that is halted for long hears of more writes to its code than a number can count. */
    @Test
    void noCountOfWritesIsTooMany() throws ReflectiveOperationException {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.code(0xb8, 1, 0, 0, 0, HLT).run();
            ((AtomicInteger) field(m, LOOKUP, "writtenCount")).set(Integer.MAX_VALUE - 1);
            m.memory.writeByte(TEXT + 1, (byte) 9);
            m.codeWritten(TEXT + 1, 1);
            for (int i = 0; i < 3; i++) {
                m.codeWritten(TEXT + 8, 1);
            }
            m.setRip(TEXT);
            m.run();
            assertThat(m.rax()).isEqualTo(9);
        }
    }

    /** However often a block has been entered, it has been hot once. */
    @Test
    void aBlockIsHotOnce() throws ReflectiveOperationException {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.codeAt(PAGE, 0x90, 0xc3);
            m.code(0xff, 0xd2, 0xff, 0xc9, 0x75, 0xfa, HLT);
            m.set64(StateLayout.RCX, 100);
            m.set64(StateLayout.RDX, PAGE);
            m.run();
            int hottest = 0;
            for (Object block : (Object[]) field(m, LOOKUP, "jumpBlock")) {
                if (block != null) {
                    hottest = Math.max(hottest, (int) field(block, block.getClass(), "heat"));
                }
            }
            int expected = TestTier.translator().isPresent() ? 1 : 2;
            assertThat(hottest).as("the number of runs after which blocks are translated or fused here").isEqualTo(expected);
        }
    }

    /** Has the decoded code; other packages do not see it. */
    private static final Class<?> LOOKUP = CpuLoop.class.getSuperclass();

    private static Object field(Object owner, Class<?> type, String name) throws ReflectiveOperationException {
        Field field = type.getDeclaredField(name);
        field.setAccessible(true);
        return field.get(owner);
    }

    @Test
    void accessedBitChangesTheInstructionBehindTheAccess() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            // mov ecx, [rbx], whose walk sets a bit in the immediate of mov rax, imm64 behind it: the page's own entry.
            long entry = TABLES + 0x3000;
            m.set64(StateLayout.RBX, PAGE);
            m.codeAt(entry - 4, 0x8b, 0x0b, 0x48, 0xb8);
            m.codeAt(entry + 8, HLT);
            m.setRip(entry - 4);
            m.run();
            assertThat(m.rax()).isEqualTo(PAGE | 0x27);
        }
    }

    /** A chain of jumps from page to page, walked many times by a loop that adds up how often it came through. */
    private static SystemMachine chain(int pages) {
        SystemMachine m = SystemMachine.longMode(0);
        for (int i = 0; i < pages; i++) {
            long at = 0x10_0000 + 0x1000L * i;
            // inc rax; jmp to the next page, from the last one to TEXT.
            long next = i < pages - 1 ? at + 0x1000 : TEXT;
            int distance = (int) (next - at - 8);
            m.memory.write(at, new byte[] {0x48, (byte) 0xff, (byte) 0xc0, (byte) 0xe9});
            m.memory.writeInt(at + 4, distance);
        }
        // dec ecx; js +5 to the hlt; jmp to the first page.
        m.code(0xff, 0xc9, 0x78, 5, 0xe9, 0, 0, 0, 0, HLT);
        m.memory.writeInt(TEXT + 5, (int) (0x10_0000 - (TEXT + 9)));
        m.set64(StateLayout.RAX, 0);
        m.set64(StateLayout.RCX, 10);
        return m;
    }

    @Test
    void decodedCodeStaysWithinItsBudget() {
        try (SystemMachine m = chain(100)) {
            m.run();
            assertThat(m.rax()).isEqualTo(1000);
            assertThat(m.decoded()).isLessThan(300);
        }
        try (SystemMachine m = chain(100).holdAtMost(150)) {
            m.run();
            assertThat(m.rax()).isEqualTo(1000);
            assertThat(m.decoded()).as("dropped and decoded again").isGreaterThan(1000);
        }
    }

    @Test
    void storeToTheBlockThatRunsAfterCodeWasDropped() {
        try (SystemMachine m = SystemMachine.longMode(0).holdAtMost(1)) {
            // mov byte [rip + 2], 0x42 over the ModRM byte of inc eax: it becomes inc edx. Then hlt.
            m.code(0xc6, 0x05, 1, 0, 0, 0, 0xc2, 0xff, 0xc0, HLT);
            m.set64(StateLayout.RAX, 0);
            m.set64(StateLayout.RDX, 0);
            m.run();
            assertThat(m.rax()).isZero();
            assertThat(m.get64(StateLayout.RDX)).isEqualTo(1);
        }
    }

    @Test
    void instructionOverTheBorderOfOnePageMappedTwice() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            // Linear PAGE and PAGE + 4096 are one physical page: mov eax, imm32 starts at its end and goes on at its start.
            m.pageEntry(PAGE | 7);
            m.memory.writeLong(TABLES + 0x3000 + 8, PAGE | 7);
            m.memory.writeByte(PAGE + 4095, (byte) 0xb8);
            m.codeAt(PAGE, 1, 0, 0, 0, HLT);
            m.setRip(PAGE + 4095);
            m.run();
            assertThat(m.rax()).isEqualTo(1);
            m.storeSystem(PAGE, 1, 2);
            m.setRip(PAGE + 4095);
            m.run();
            assertThat(m.rax()).isEqualTo(2);
            m.memory.writeByte(PAGE, (byte) 3);
            m.written(PAGE, 1);
            m.setRip(PAGE + 4095);
            m.run();
            assertThat(m.rax()).isEqualTo(3);
        }
    }

    @Test
    void accessedAndDirtyBitsChangeCodeThatIsAPageTable() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            // MOV EAX, imm32, whose operand is the low half of the second entry; two ADD [RAX], AL; HLT as the third.
            long entries = SystemMachine.TABLES + 0x3000;
            m.codeAt(entries + 7, 0xb8, 0x07, 0x50, 0x04, 0, 0, 0, 0, 0, 0xf4);
            m.setRip(entries + 7);
            m.run();
            assertThat(m.get64(StateLayout.RAX)).isEqualTo(0x45007);
            m.memory.writeInt(0x45007, 0);
            // mov [PAGE + 0x1000], ecx; hlt
            m.code(0x89, 0x0c, 0x25, 0, 0x10, 0xa0, 0, 0xf4);
            m.codeAt(entries + 7, 0xb8);
            m.setRip(entries + 7);
            m.run();
            m.setRip(SystemMachine.TEXT);
            m.run();
            assertThat(m.memory.readLong(entries + 8)).as("A and D").isEqualTo(0x45067);
            m.setRip(entries + 7);
            m.run();
            assertThat(m.get64(StateLayout.RAX)).isEqualTo(0x45067);
        }
    }
}
