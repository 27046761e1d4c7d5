package dev.quoll.emulator.oracle;

import dev.quoll.bindings.code.HostCpuid;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.OpcodeRow;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Runs instructions on the host and on the emulator and compares everything they leave: registers, defined flags, XMM,
 * MXCSR, x87 and memory. For rows that no operand of a {@link InstanceGenerator} makes fault.
 */
public final class Oracle implements AutoCloseable {
    /** Last word on a state before it runs: what must not be left to chance. */
    @FunctionalInterface
    public interface Setup {
        /** @param data the data buffer, which starts at {@code dataAddress} */
        void adjust(Instance instance, CpuState state, byte[] data, long dataAddress);
    }

    /** Levels differences that are allowed: what a state of the emulator may have otherwise is copied from the host's. */
    @FunctionalInterface
    public interface Leeway {
        void reconcile(Instance instance, CpuState emulator, CpuState host);
    }

    /** Leaves states as they are. */
    public static final Setup PLAIN = (instance, state, data, dataAddress) -> {};

    /** The first four letters of AuthenticAMD. */
    private static final int AMD = 0x6874_7541;

    private static final Leeway NO_LEEWAY = (instance, mine, theirs) -> {};
    private static final int MXCSR_MASKS = 0x1f80;
    private static final int LONGEST_OPERAND = 64;

    private final HostCpu host;
    private final EmulatedCpu emulator;
    private final Random random;
    private final ValueGenerator values;
    private final InstanceGenerator instances;
    private final HostCpuid cpuid;
    private long runs;

    private Oracle(HostCpu host, EmulatedCpu emulator, Random random) {
        this.host = host;
        this.emulator = emulator;
        this.random = random;
        values = new ValueGenerator(random);
        instances = new InstanceGenerator(random, host.dataAddress());
        cpuid = HostCpuid.open();
    }

    /** Has the emulator take a block of code for hot after so many runs, at least 1. */
    public void fuseAfter(int runs) {
        emulator.fuseBlocksAfter(runs);
    }

    /** As {@link #open(List, Random, boolean)}, without other CPUs. */
    public static Oracle open(List<OpFamily> families, Random random) throws IOException {
        return open(families, random, false);
    }

    /**
     * Opens both CPUs; skips the test where the host cannot serve.
     *
     * @param smp whether locked instructions of the emulator are atomic towards other CPUs
     */
    public static Oracle open(List<OpFamily> families, Random random, boolean smp) throws IOException {
        HostCpu host = HostCpu.open();
        return new Oracle(host, EmulatedCpu.create(families, host.codeAddress(), host.dataAddress(), smp), random);
    }

    /** Linear address of the data buffer, {@link HostCpu#DATA_SIZE} bytes. */
    public long dataAddress() {
        return host.dataAddress();
    }

    /** Linear address at which the code of the next {@link #place} will stand. */
    public long nextInstruction() {
        return host.nextInstruction();
    }

    /** Whether the host's processor has the feature a row belongs to. */
    public boolean hostHas(CpuFeature feature) {
        return feature.cpuid().map(this::hostShows).orElse(true);
    }

    private boolean hostShows(dev.quoll.machine.CpuFeature bit) {
        HostCpuid.Registers answer = cpuid.query(bit.leaf(), bit.subleaf());
        int value = switch (bit.register()) {
            case EAX -> answer.eax();
            case EBX -> answer.ebx();
            case ECX -> answer.ecx();
            case EDX -> answer.edx();
        };
        return (value >>> bit.bit() & 1) != 0;
    }

    /** Whether the host's processor is AMD's. */
    public boolean hostIsAmd() {
        return cpuid.query(0, 0).ebx() == AMD;
    }

    /** Instructions compared so far. */
    public long runs() {
        return runs;
    }

    /**
     * Compares random instances of a row, in its register and its memory form.
     *
     * @param count instances of each form
     * @param states random states each of them runs on
     * @throws AssertionError that names the instruction, the state and every difference
     */
    public void compare(OpcodeRow row, int count, int states, Setup setup) {
        compare(row, count, states, setup, NO_LEEWAY);
    }

    /** As {@link #compare(OpcodeRow, int, int, Setup)}, with leeway. */
    public void compare(OpcodeRow row, int count, int states, Setup setup, Leeway leeway) {
        for (int i = 0; i < count; i++) {
            if (InstanceGenerator.mayBeRegister(row)) {
                compare(instances.next(row, host.nextInstruction(), false), states, setup, leeway);
            }
            if (InstanceGenerator.mayBeMemory(row)) {
                compare(instances.next(row, host.nextInstruction(), true), states, setup, leeway);
            }
        }
    }

    private void compare(Instance instance, int states, Setup setup, Leeway leeway) {
        compare(instance, states, setup, leeway, Flags.STATUS & ~instance.row().flagsUndefined());
    }

    /** An instance that fits the next {@link #compare(Instance, int, Setup, int)} or {@link #place}. */
    public Instance instance(OpcodeRow row, Form form) {
        return instances.next(row, host.nextInstruction(), form);
    }

    /**
     * Compares an instance on random states.
     *
     * @param flags status flags that have to be equal; DF always has to
     */
    public void compare(Instance instance, int states, Setup setup, int flags) {
        compare(instance, states, setup, NO_LEEWAY, flags);
    }

    private void compare(Instance instance, int states, Setup setup, Leeway leeway, int flags) {
        place(instance.code());
        byte[] data = data();
        for (int i = 0; i < states; i++) {
            CpuState state = state();
            instance.aim(state, random.nextInt());
            if (instance.target() != 0) {
                int offset = (int) (instance.target() - host.dataAddress());
                fill(data, offset, Math.min(LONGEST_OPERAND, data.length - offset));
            }
            setup.adjust(instance, state, data, host.dataAddress());
            compare(instance, state, data, flags, leeway, () -> instance + "\n  " + operandBytes(instance, data));
        }
    }

    /** A generator of programs from these rows. */
    public ProgramGenerator programs(List<ProgramGenerator.Choice> choices) {
        return new ProgramGenerator(random, host.dataAddress(), choices);
    }

    /** Places code on both CPUs for the following {@link #compare(CpuState, byte[], int, Supplier)}. */
    public void place(byte[] code) {
        emulator.place(code, host.nextInstruction());
        host.place(code);
    }

    /**
     * Runs the placed code on the emulator alone. Both arguments become what it leaves.
     *
     * @return the vector of the exception it raised, or -1
     */
    public int emulate(CpuState state, byte[] data) {
        return emulator.run(state, data);
    }

    /**
     * Compares what the placed code leaves.
     *
     * @param flags status flags that have to be equal; DF always has to
     * @param what describes the code
     */
    public void compare(CpuState before, byte[] data, int flags, Supplier<String> what) {
        compare(null, before, data, flags, NO_LEEWAY, what);
    }

    private void compare(
            Instance instance, CpuState before, byte[] data, int flags, Leeway leeway, Supplier<String> what) {
        String differences = differences(instance, before, data, flags, leeway);
        // The host's system does not keep the x87 pointers when it takes the processor away, so once is no proof.
        if (!differences.isEmpty() && !differences(instance, before, data, flags, leeway).isEmpty()) {
            throw new AssertionError("the emulator (first) and the host (other) differ on %s%n%sfrom %s"
                    .formatted(what.get(), differences, before));
        }
    }

    private String differences(Instance instance, CpuState before, byte[] data, int flags, Leeway leeway) {
        CpuState onHost = before.copy();
        CpuState onEmulator = before.copy();
        byte[] hostData = data.clone();
        byte[] emulatorData = data.clone();
        host.run(onHost, hostData);
        int fault = emulator.run(onEmulator, emulatorData);
        runs++;
        leeway.reconcile(instance, onEmulator, onHost);
        String differences = onEmulator.differences(onHost, flags | Flags.DF);
        if (fault >= 0) {
            differences = "  raised exception " + fault + "\n" + differences;
        }
        int where = Arrays.mismatch(hostData, emulatorData);
        if (where >= 0) {
            differences += "  memory at data + 0x%x: 0x%x, other 0x%x%n"
                    .formatted(where, emulatorData[where], hostData[where]);
        }
        return differences;
    }

    private String operandBytes(Instance instance, byte[] data) {
        if (instance.memory() == null) {
            return "no memory operand";
        }
        int offset = (int) (instance.target() - host.dataAddress());
        StringBuilder text = new StringBuilder("memory at data + 0x%x:".formatted(offset));
        for (int i = offset; i < Math.min(offset + 16, data.length); i++) {
            text.append(" %02x".formatted(data[i]));
        }
        return text.toString();
    }

    /** A random state, RSP inside the data buffer. */
    public CpuState state() {
        CpuState state = new CpuState();
        for (int i = 0; i < 16; i++) {
            state.gpr[i] = random.nextBoolean() ? values.integer() : values.next();
            for (int quadword = 0; quadword < 4; quadword++) {
                state.setYmm(i, quadword, values.next());
            }
        }
        for (int i = 0; i < 8; i++) {
            state.setX87(i, values.next(), random.nextInt(1 << 16));
        }
        state.setX87Status(random.nextInt(8) << 11);
        state.setX87Tags(random.nextInt(256));
        state.flags = random.nextInt() & Flags.STATUS;
        state.gpr[CpuState.RSP] = host.dataAddress() + 2048 + random.nextInt(HostCpu.DATA_SIZE - 4096);
        // Rounding, FTZ, DAZ and sticky flags at random, every exception masked: the host must not trap.
        state.setMxcsr(random.nextInt(1 << 16) | MXCSR_MASKS);
        return state;
    }

    /** Random contents of the data buffer. */
    public byte[] data() {
        byte[] data = new byte[HostCpu.DATA_SIZE];
        fill(data, 0, data.length);
        return data;
    }

    private void fill(byte[] data, int offset, int length) {
        ByteBuffer buffer = ByteBuffer.allocate(length + 7 & -8).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            buffer.putLong(random.nextBoolean() ? values.integer() : values.next());
        }
        buffer.get(0, data, offset, length);
    }

    @Override
    public void close() {
        cpuid.close();
        emulator.close();
        host.close();
    }
}
