package dev.quoll.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.CodeSize;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.InstructionEncoder;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.OpcodeTable;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RandomEncoding;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.HostClock;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PartitionConfig;
import dev.quoll.machine.PortBus;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.TimerQueue;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Random programs with random registers, at every privilege: none may make the engine fail, and all obey a kick. */
class HostileGuestTest {
    private static final long RAM = 1 << 20;
    private static final long TABLES = 0x10000;
    private static final long TEXT = 0x30000;
    private static final int PROGRAMS = 4000;
    /** XCR0 with x87, SSE and AVX. */
    private static final long ALL_STATE = 7;

    /** Addresses at which something ends: pages, RAM, 32 bits, the canonical halves; and the local APIC. */
    private static final long[] EDGES = {
        0, 0xffff, 0x10000, TEXT, TEXT + 0x1000, RAM, 0xfee0_0000L, 0xffff_ffffL, 1L << 47, -1L << 47, -1
    };

    @Test
    @Timeout(120)
    void noProgramMakesTheEngineFail() throws Exception {
        long seed = System.nanoTime();
        System.out.println("HostileGuestTest seed " + seed);
        Random random = new Random(seed);
        HostClock clock = new HostClock();
        try (GuestMemory memory = GuestMemory.create(List.of(new RamRegion(0, RAM, 0)));
                TimerQueue timers = new TimerQueue(clock, "hostile-guest-timers");
                Partition partition = new EmulatorEngine().create(new PartitionConfig(
                        memory, new PortBus(), new MmioBus(), clock, timers, CpuProfile.V3, 1, NoPower.SINK));
                var kicker = Executors.newSingleThreadScheduledExecutor()) {
            EmulatorCpu cpu = (EmulatorCpu) partition.cpu(0);
            kicker.scheduleAtFixedRate(cpu::kick, 2, 2, TimeUnit.MILLISECONDS);
            for (int i = 0; i < PROGRAMS; i++) {
                cpu.reset();
                memory.clear(0, RAM);
                boolean longMode = i % 3 != 0;
                memory.write(TEXT, program(random, longMode ? CodeSize.BITS64 : CodeSize.BITS16));
                if (longMode) {
                    enterLongMode(cpu, memory, random.nextBoolean() ? 3 : 0);
                } else {
                    cpu.setSegmentBase(RegisterFile.CS, TEXT);
                    cpu.setRip(0);
                }
                for (int register = 0; register < 16; register++) {
                    cpu.set64(StateLayout.gpr(register), value(random));
                }
                if (random.nextBoolean()) {
                    cpu.cr4 |= ControlBits.CR4_OSXSAVE;
                    cpu.xcr0 = ALL_STATE;
                }
                cpu.updateMode();
                CpuExit exit = cpu.run();
                if (exit instanceof CpuExit.Failure(String report)) {
                    assertThat(report).as("program " + i).startsWith("instruction fetch from guest-physical");
                }
            }
        }
    }

    private static long value(Random random) {
        return switch (random.nextInt(3)) {
            case 0 -> random.nextLong();
            case 1 -> EDGES[random.nextInt(EDGES.length)] + random.nextInt(17) - 8;
            default -> TEXT + random.nextInt(0x2000);
        };
    }

    private static byte[] program(Random random, CodeSize size) {
        byte[] code = new byte[512];
        random.nextBytes(code);
        RandomEncoding encoding = new RandomEncoding(random, size);
        InstructionEncoder encoder = new InstructionEncoder(size);
        List<OpcodeRow> rows = OpcodeTable.rows();
        for (int at = 0; at < 256; ) {
            Instruction instruction = encoding.of(rows.get(random.nextInt(rows.size())));
            if (instruction != null) {
                byte[] bytes = encoder.encode(instruction, instruction.operands().toArray(Operand[]::new));
                System.arraycopy(bytes, 0, code, at, bytes.length);
                at += bytes.length;
            }
        }
        return code;
    }

    /** RAM identity-mapped by 4 KiB pages; the local APIC at its place by a large one. No interrupt descriptors. */
    private static void enterLongMode(EmulatorCpu cpu, GuestMemory memory, int level) {
        memory.writeLong(TABLES, TABLES + 0x1000 | 7);
        memory.writeLong(TABLES + 0x1000, TABLES + 0x2000 | 7);
        memory.writeLong(TABLES + 0x1000 + 3 * 8, 0xc000_0087L);
        memory.writeLong(TABLES + 0x2000, TABLES + 0x3000 | 7);
        for (int page = 0; page < RAM >> 12; page++) {
            memory.writeLong(TABLES + 0x3000 + 8L * page, (long) page << 12 | 7);
        }
        cpu.cr0 = ControlBits.CR0_PE | ControlBits.CR0_PG | ControlBits.CR0_ET | ControlBits.CR0_NE;
        cpu.cr3 = TABLES;
        cpu.cr4 = ControlBits.CR4_PAE | ControlBits.CR4_OSFXSR | ControlBits.CR4_OSXMMEXCPT;
        cpu.efer = ControlBits.EFER_LME | ControlBits.EFER_LMA | ControlBits.EFER_SCE;
        cpu.cpl = level;
        cpu.access[RegisterFile.CS] = (level == 3 ? 0xfb : 0x9b) | Cpu.DESCRIPTOR_L;
        cpu.access[RegisterFile.SS] = level == 3 ? 0xf3 : 0x93;
        cpu.setSegmentBase(RegisterFile.CS, 0);
        cpu.setRip(TEXT);
        cpu.flushAll();
    }
}
