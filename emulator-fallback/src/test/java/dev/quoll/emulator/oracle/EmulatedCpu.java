package dev.quoll.emulator.oracle;

import dev.quoll.emulator.TestTier;
import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.CpuGroup;
import dev.quoll.emulator.core.CpuLoop;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.core.PhysicalMemory;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.SparseFileMemorySource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;

/**
 * Runs instructions of 64-bit user code on the emulator, with code and data at chosen linear addresses, so that
 * results compare with {@link HostCpu} bit by bit. The pages around the data buffer are not mapped.
 */
public final class EmulatedCpu extends CpuLoop implements AutoCloseable {
    private static final long TABLES = 0x1000;
    private static final long CODE = 0x100000;
    // The pages of the data buffer lie apart, the second below the first.
    private static final long DATA = 0x200000;
    private static final long DATA_STEP = -0x3000;
    private static final long RAM = 0x400000;
    private static final long USER_PAGE = 7;
    private static final int PAGE_SIZE = 4096;
    private static final long X87_SSE_AVX = 7;
    private static final byte HALT = (byte) 0xf4;

    private final Arena arena;
    private final GuestMemory memory;
    private final long codeAddress;
    private final long dataAddress;
    private long nextTable = TABLES + 4096;
    private long instruction;
    private int fault;

    private EmulatedCpu(
            Arena arena,
            GuestMemory memory,
            List<OpFamily> families,
            long codeAddress,
            long dataAddress,
            boolean smp,
            int dataPages) {
        super(
                arena,
                new PhysicalMemory(memory, new MmioBus(), 40),
                new Decoder(CpuFeature.ALL),
                (instruction, context) -> {
                    if (instruction.mnemonic() == Mnemonic.HLT) {
                        return new Stop();
                    }
                    for (OpFamily family : families) {
                        Op op = family.translate(instruction, context);
                        if (op != null) {
                            return op;
                        }
                    }
                    throw new AssertionError("no family has " + instruction + " (" + instruction.row().encoding() + ")");
                },
                (cpu, vector, hasError, error, source) -> ((EmulatedCpu) cpu).faulted(vector),
                new CpuGroup(smp ? 2 : 1));
        TestTier.translator().ifPresent(code -> translateAfter(1, arena, code, new Decoder(CpuFeature.ALL)));
        TestTier.regions().ifPresent(code -> compileAfter(1, code, new Decoder(CpuFeature.ALL), Runnable::run));
        this.arena = arena;
        this.memory = memory;
        this.codeAddress = codeAddress;
        this.dataAddress = dataAddress;
        for (int page = 0; page < HostCpu.CODE_SIZE; page += 4096) {
            map(codeAddress + page, CODE + page);
        }
        for (int page = 0; page < dataPages; page++) {
            map(dataAddress + page * PAGE_SIZE, DATA + page * DATA_STEP);
        }
        cr3 = TABLES;
        cr0 = ControlBits.CR0_PE | ControlBits.CR0_PG | ControlBits.CR0_NE | ControlBits.CR0_WP | ControlBits.CR0_ET;
        cr4 = ControlBits.CR4_PAE
                | ControlBits.CR4_OSFXSR
                | ControlBits.CR4_OSXMMEXCPT
                | ControlBits.CR4_OSXSAVE;
        xcr0 = X87_SSE_AVX;
        efer = ControlBits.EFER_LME | ControlBits.EFER_LMA;
        cpl = 3;
        access[CS] = 0xfb | DESCRIPTOR_L;
        updateMode();
    }

    /** As {@link #create(List, long, long, boolean)}, without other CPUs, the first page of the data buffer alone mapped. */
    public static EmulatedCpu create(List<OpFamily> families, long codeAddress, long dataAddress) throws IOException {
        return create(families, codeAddress, dataAddress, false, 1);
    }

    /**
     * Builds one.
     *
     * @param codeAddress page-aligned, like {@code dataAddress} a canonical address of the lower half
     * @param smp whether locked instructions are atomic towards other CPUs
     */
    public static EmulatedCpu create(List<OpFamily> families, long codeAddress, long dataAddress, boolean smp)
            throws IOException {
        return create(families, codeAddress, dataAddress, smp, HostCpu.DATA_SIZE / PAGE_SIZE);
    }

    private static EmulatedCpu create(
            List<OpFamily> families, long codeAddress, long dataAddress, boolean smp, int dataPages)
            throws IOException {
        GuestMemory memory =
                GuestMemory.create(new SparseFileMemorySource(), List.of(new RamRegion(0, RAM, 0)));
        return new EmulatedCpu(Arena.ofConfined(), memory, families, codeAddress, dataAddress, smp, dataPages);
    }

    /** Enters a 4 KiB page into the four levels of page tables. */
    private void map(long linear, long physicalPage) {
        long table = TABLES;
        for (int shift = 39; shift > 12; shift -= 9) {
            long entry = table + (linear >>> shift & 511) * 8;
            if (memory.readLong(entry) == 0) {
                memory.writeLong(entry, nextTable | USER_PAGE);
                nextTable += 4096;
            }
            table = memory.readLong(entry) & -4096;
        }
        memory.writeLong(table + (linear >>> 12 & 511) * 8, physicalPage | USER_PAGE);
    }

    /** Places instructions at a linear address in the code area. */
    public void place(byte[] code, long address) {
        invalidateAll();
        byte[] padded = Arrays.copyOf(code, code.length + 1);
        padded[code.length] = HALT;
        memory.write(CODE + address - codeAddress, padded);
        instruction = address;
    }

    /** As {@link CpuLoop#fuseAfter}. */
    void fuseBlocksAfter(int runs) {
        fuseAfter(runs);
    }

    /**
     * Runs the placed instructions on a state and a data buffer, which both become what it leaves.
     *
     * @return the vector of the exception it raised, or -1
     */
    public int run(CpuState state, byte[] buffer) {
        load(state);
        for (int page = 0; page < buffer.length / PAGE_SIZE; page++) {
            memory.write(DATA + page * DATA_STEP, buffer, page * PAGE_SIZE, PAGE_SIZE);
        }
        setRip(instruction);
        fault = -1;
        runBlocks();
        for (int page = 0; page < buffer.length / PAGE_SIZE; page++) {
            memory.read(DATA + page * DATA_STEP, buffer, page * PAGE_SIZE, PAGE_SIZE);
        }
        store(state);
        return fault;
    }

    private void load(CpuState state) {
        for (int i = 0; i < 16; i++) {
            set64(StateLayout.gpr(i), state.gpr[i]);
            for (int quadword = 0; quadword < 4; quadword++) {
                set64(StateLayout.xmm(i) + 8 * quadword, state.ymm(i, quadword));
            }
        }
        setRflags(state.flags & (Flags.STATUS | Flags.DF | Flags.AC) | Flags.IF);
        selectContext();
        put32(StateLayout.MXCSR, state.mxcsr());
        put32(StateLayout.X87_CONTROL, state.fx.getShort(CpuState.FX_CONTROL) & 0xffff);
        put32(StateLayout.X87_STATUS, state.x87Status());
        int top = state.x87Status() >> 11 & 7;
        int tags = 0;
        for (int i = 0; i < 8; i++) {
            int slot = StateLayout.X87 + 16 * i;
            set64(slot, state.significand(i - top & 7));
            set64(slot + 8, state.signAndExponent(i - top & 7));
            tags |= (state.x87Tags() >> i & 1) == 0 ? 3 << 2 * i : 0;
        }
        put32(StateLayout.X87_TAG, tags);
        put32(StateLayout.X87_OPCODE, state.x87Opcode());
        set64(StateLayout.X87_INSTRUCTION, state.x87Instruction());
        set64(StateLayout.X87_DATA, state.x87Data());
        put32(StateLayout.X87_INSTRUCTION_SELECTOR, 0);
        put32(StateLayout.X87_DATA_SELECTOR, 0);
    }

    private void store(CpuState state) {
        for (int i = 0; i < 16; i++) {
            state.gpr[i] = get64(StateLayout.gpr(i));
            for (int quadword = 0; quadword < 4; quadword++) {
                state.setYmm(i, quadword, get64(StateLayout.xmm(i) + 8 * quadword));
            }
        }
        state.flags = rflags();
        state.setMxcsr(get32(StateLayout.MXCSR));
        state.fx.putShort(CpuState.FX_CONTROL, (short) get32(StateLayout.X87_CONTROL));
        int status = get32(StateLayout.X87_STATUS);
        state.setX87Status(status);
        int top = status >> 11 & 7;
        int inUse = 0;
        for (int i = 0; i < 8; i++) {
            int slot = StateLayout.X87 + 16 * i;
            state.setX87(i - top & 7, get64(slot), get16(slot + 8) & 0xffff);
            inUse |= (get32(StateLayout.X87_TAG) >> 2 * i & 3) != 3 ? 1 << i : 0;
        }
        state.setX87Tags(inUse);
        state.setX87Pointers(
                get32(StateLayout.X87_OPCODE), get64(StateLayout.X87_INSTRUCTION), get64(StateLayout.X87_DATA));
    }

    private void faulted(int vector) {
        fault = vector;
        raise(EVENT_KICK);
    }

    @Override
    protected boolean handleEvents(int events) {
        clearEvents(EVENT_KICK);
        return (events & EVENT_KICK) == 0;
    }

    @Override
    protected void shutdown(String cause) {
        throw new AssertionError(cause);
    }

    @Override
    protected long readDevice(long physicalAddress, int size) {
        throw new AssertionError("read outside RAM at 0x%x".formatted(physicalAddress));
    }

    @Override
    protected void writeDevice(long physicalAddress, int size, long value) {
        throw new AssertionError("write outside RAM at 0x%x".formatted(physicalAddress));
    }

    @Override
    public void close() {
        closeTier();
        memory.close();
        arena.close();
    }

    /** Stands behind the instructions and ends the run. */
    private static final class Stop extends Op {
        @Override
        public Block run(Cpu cpu) {
            cpu.setRip(rip(cpu));
            cpu.raise(EVENT_KICK);
            return null;
        }
    }
}
