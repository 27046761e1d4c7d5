package dev.quoll.emulator.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.emulator.TestTier;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.translate.host.HostTranslator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random programs end in the same state on the interpreter and on each translator, faults included. */
class TierComparisonTest {
    private static final int GATE = 0x8e;
    private static final long DATA = 0x400000;
    private static final int DATA_BYTES = 0x4000;
    private static final int CODE_PAGES = 3;
    private static final int RFLAGS_STATUS = 0x8d5;

    private static long blocksTranslated;

    private static void needsHost(String tier) {
        assumeTrue(
                !tier.equals("host") || HostTranslator.obstacle().isEmpty(),
                () -> "no translator here: " + HostTranslator.obstacle().orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(strings = {"host", "bytecode"})
    @Timeout(120)
    void programsEndAlike(String tier) throws Exception {
        compare(tier, tier.equals("host") ? 300 : 100, false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"host", "bytecode"})
    @Timeout(120)
    void programsOfAllUnitsEndAlike(String tier) throws Exception {
        compare(tier, tier.equals("host") ? 300 : 100, true);
    }

    @ParameterizedTest
    @ValueSource(strings = {"host", "bytecode"})
    @Tag("long")
    void manyProgramsEndAlike(String tier) throws Exception {
        compare(tier, tier.equals("host") ? 100_000 : 10_000, false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"host", "bytecode"})
    @Tag("long")
    void manyProgramsOfAllUnitsEndAlike(String tier) throws Exception {
        compare(tier, tier.equals("host") ? 100_000 : 10_000, true);
    }

    private static void compare(String tier, int programs, boolean units) throws Exception {
        needsHost(tier);
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println("TierComparisonTest seed " + seed);
        int faults = 0;
        blocksTranslated = 0;
        for (int i = 0; i < programs; i++) {
            Random random = new Random(seed + i);
            byte[] program = new TranslatedProgram(random, CODE_PAGES, units).bytes();
            byte[] data = new byte[DATA_BYTES];
            random.nextBytes(data);
            long[] registers = random.longs(16).toArray();
            UnitState unitState = UnitState.random(random);
            List<String> interpreted = run("off", program, data, registers, unitState);
            List<String> translated = run(tier, program, data, registers, unitState);
            assertThat(translated)
                    .as("program %d of seed %d: %s", i, seed, HexFormat.of().formatHex(program))
                    .isEqualTo(interpreted);
            faults += interpreted.get(0).contains("fault") ? 1 : 0;
        }
        assertThat(blocksTranslated).as("blocks translated").isGreaterThan(2L * programs);
        assertThat(faults).as("programs that met the missing page").isBetween(1, programs - 1);
    }

    /** What the program leaves: where it ended, registers, flags, data and stack. */
    private static List<String> run(String tier, byte[] program, byte[] data, long[] registers, UnitState unitState)
            throws Exception {
        try (SystemMachine m = TestTier.with(tier, () -> SystemMachine.longMode(0))) {
            for (int vector = 0; vector < 32; vector++) {
                m.longGate(vector, GATE, 0);
            }
            m.pageEntry(0);
            m.memory.write(DATA, data);
            m.memory.write(SystemMachine.TEXT, program);
            m.written(SystemMachine.TEXT, program.length);
            for (int register = 0; register < 16; register++) {
                if (register != StateLayout.RSP / 8) {
                    m.set64(StateLayout.gpr(register), registers[register]);
                }
            }
            unitState.load(m);
            m.set64(StateLayout.gpr(TranslatedProgram.DATA), DATA + DATA_BYTES / 2);
            m.set64(StateLayout.gpr(TranslatedProgram.BORDER), SystemMachine.PAGE);
            m.setRip(SystemMachine.TEXT);
            m.run();
            List<String> left = new ArrayList<>();
            boolean faulted = m.rip() < SystemMachine.TEXT;
            left.add(faulted ? "fault %d cr2 %x".formatted((m.rip() - SystemMachine.HANDLERS) / 16, m.cr2) : "end");
            left.add("rip %x shutdown %s".formatted(m.rip(), m.shutdown));
            for (int register = 0; register < 16; register++) {
                left.add("r%d %x".formatted(register, m.get64(StateLayout.gpr(register))));
            }
            left.add("flags %x".formatted(m.rflags() & RFLAGS_STATUS));
            left.add("cr0 %x".formatted(m.cr0));
            left.addAll(UnitState.text(m));
            byte[] after = new byte[DATA_BYTES];
            m.memory.read(DATA, after, 0, after.length);
            left.add("data %x".formatted(Arrays.hashCode(after)));
            byte[] stack = new byte[0x200];
            m.memory.read(SystemMachine.KERNEL_STACK - stack.length, stack, 0, stack.length);
            left.add("stack " + HexFormat.of().formatHex(stack));
            blocksTranslated += m.translated();
            return left;
        }
    }
}
